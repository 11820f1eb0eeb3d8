"""Files with secrets: for this user alone, refused when somebody else could read or change them."""

import os
import secrets
import stat
from pathlib import Path

from ..errors import StoreUnavailable, Untrusted

_HAS_OWNERS = hasattr(os, "getuid")


def read_private(path: Path, what: str) -> str | None:
    """The text of a file that holds `what`; None when there is none.

    Raises:
        Untrusted: it is a link, or somebody else could read or change it; the text has the mend.
        StoreUnavailable: it cannot be read.
    """
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        if path.is_symlink():
            raise Untrusted(
                f"{path} is a symbolic link: put the file itself there (`cp --remove-"
                "destination`), mode 600"
            ) from None
        raise StoreUnavailable(f"{path} cannot be read: {error.strerror}") from error
    with os.fdopen(fd, encoding="utf-8", errors="replace") as file:
        _refuse_open_file(path, os.fstat(fd), what)
        return file.read()


def write_private(path: Path, text: str) -> None:
    """Put `text` in the file, mode 0600; it is there whole or not at all.

    Raises:
        StoreUnavailable: it cannot be written.
    """
    draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(fd)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StoreUnavailable(f"{path} cannot be written: {error.strerror}") from error


def refuse_open_folder(folder: Path, what: str) -> None:
    """Whoever can write the folder could put a file of their own there.

    Raises:
        Untrusted
    """
    if _HAS_OWNERS and folder.stat().st_mode & 0o022:
        raise Untrusted(f"others can write the folder of the {what}: `chmod 700 {folder}`")


def _refuse_open_file(path: Path, found: os.stat_result, what: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise Untrusted(f"{path} is not a plain file: remove it")
    if not _HAS_OWNERS:
        return
    if found.st_uid != os.getuid():
        raise Untrusted(f"{path} belongs to another user: `chown {os.getuid()} {path}`")
    if found.st_mode & 0o077:
        raise Untrusted(f"others can read or write the {what}: `chmod 600 {path}`")
