"""Where files live: the default store, the key, and what belongs to this boot only."""

import os
import re
import stat
import tempfile
from pathlib import Path

import platformdirs

from ..errors import StoreUnavailable

_APP = "gator_nb"

NETWORK_FILE_SYSTEMS = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "fuse.glusterfs", "fuse.sshfs", "glusterfs",
        "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "panfs", "pvfs2", "smb3", "smbfs",
    }
)  # fmt: skip
"""Where SQLite's locks and shared memory cannot be trusted (sqlite.org/wal.html, section 1)."""

_MOUNTS = Path("/proc/self/mounts")
_OCTAL = re.compile(r"\\([0-7]{3})")
"""How that file writes a space, a tab, a line's end and a backslash."""


def runtime_folder() -> Path:
    """A 0700 folder of this user for locks and sockets, gone with the boot at the latest."""
    return _private(Path(tempfile.gettempdir()) / f"{_APP}-{_user()}")


def data_folder() -> tuple[Path, str | None]:
    """The folder of the default store and the key, and a note when it is not the usual one.

    The user's data folder; where that cannot be written or lies on a network file system, local
    disk: `$SLURM_TMPDIR`, else a 0700 folder under /var/tmp.
    """
    usual = Path(platformdirs.user_data_dir(_APP, appauthor=False))
    reason = _unusable(usual)
    if reason is None:
        return usual, None
    slurm = os.environ.get("SLURM_TMPDIR")
    base = Path(slurm) if slurm else Path("/var/tmp")  # noqa: S108 -- the folder in it is 0700
    local = _private(base / f"{_APP}-{_user()}")
    lasts = "ends with this Slurm job" if slurm else "stays on this machine only"
    return local, f"{usual} {reason}; the store is in {local}, which {lasts}"


def network_file_system(path: Path) -> str | None:
    """The type of the network file system that holds `path`; None when it is local or unknown."""
    if not _MOUNTS.exists():
        return None
    target = str(path.resolve())
    best, kind = "", ""
    for line in _MOUNTS.read_text(errors="replace").splitlines():
        _, point, fs_type, *_ = line.split(" ")
        point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), point)
        inside = target == point or target.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fs_type
    return kind if kind in NETWORK_FILE_SYSTEMS else None


def _unusable(folder: Path) -> str | None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        return f"cannot be made ({error.strerror})"
    if not os.access(folder, os.W_OK | os.X_OK):
        return "cannot be written"
    kind = network_file_system(folder)
    return f"lies on a network file system ({kind})" if kind else None


def _private(folder: Path) -> Path:
    """Make `folder` 0700, or refuse one that somebody else could have prepared."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise StoreUnavailable(
            f"{folder} cannot be made ({error.strerror}): set $TMPDIR or $GATOR_NB_CONN to a "
            "folder that you can write"
        ) from error
    mine = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    if not stat.S_ISDIR(found.st_mode) or not mine or found.st_mode & 0o077:
        raise StoreUnavailable(
            f"{folder} is not a folder of yours with mode 0700: remove it, or set $TMPDIR"
        )
    return folder


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
