"""The keys that sign what is stored: whoever holds one may run code as the worker.

A key is 32 random bytes, and its id is what may be shown of it. `load` finds the keys of this
user; a `Keyring` signs with the first and verifies with all. No text that this module makes
contains a key.

>>> from gator_nb import keys
>>> ring = keys.load()
>>> ring.current in ring.all
True
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, NoReturn

from . import settings
from .errors import KeyMissing, NotPicklable, StoreUnavailable, Untrusted
from .host import places
from .host.private_files import read_private, refuse_open_folder, write_private

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = [
    "Key",
    "Keyring",
    "add",
    "ephemeral",
    "key_file",
    "key_of",
    "load",
    "rotate",
    "secrets_text",
]

_HEX = re.compile(r"[0-9a-fA-F]{64}")


class Key(NamedTuple):
    """One key. Its repr shows the id alone, and it cannot be pickled.

    >>> key_of(bytes(32))
    <Key a9b5a2f0>
    """

    id: str
    """8 hexadecimal characters that follow from the secret and tell nothing about it."""
    secret: bytes

    def __repr__(self) -> str:
        return f"<Key {self.id}>"

    def __reduce__(self) -> NoReturn:
        raise NotPicklable("a key never leaves its process: let the task do without it")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        self.__reduce__()


class Keyring:
    """The keys of this process: the first signs, all verify.

    >>> ring = Keyring([key_of(bytes(32))])
    >>> mac = ring.sign("call", b"data")
    >>> ring.verify(ring.current.id, "call", b"data", mac)
    """

    def __init__(self, keys: Iterable[Key]) -> None:
        self._secrets: dict[str, bytes] = {}
        self._keyed: dict[tuple[str, str], hmac.HMAC] = {}
        found = list(keys)
        if not found:
            raise KeyMissing("a keyring needs at least one key")
        self.current = found[0]
        for key in found:
            self._secrets.setdefault(key.id, key.secret)

    @property
    def all(self) -> tuple[Key, ...]:
        """All keys, the signing one first.

        >>> Keyring([key_of(bytes(32))]).all
        (<Key a9b5a2f0>,)
        """
        return tuple(Key(key_id, secret) for key_id, secret in self._secrets.items())

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys, that of the signing one first.

        >>> Keyring([key_of(bytes(32))]).ids
        ('a9b5a2f0',)
        """
        return tuple(self._secrets)

    def sign(self, kind: str, data: bytes) -> bytes:
        """The 32 bytes of HMAC-SHA256 over `data` under the current key's own key for `kind`.

        >>> len(ephemeral().sign("call", b"data"))
        32
        """
        return self._mac(self.current.id, kind, data)

    def verify(self, key_id: str, kind: str, data: bytes, mac: bytes) -> None:
        """Accept `data` only if the key of that id signed it as this kind.

        Raises:
            KeyMissing: no key of that id is here; the text says how to bring it.
            Untrusted: the signature does not fit.

        >>> ring, other = ephemeral(), ephemeral()
        >>> ring.verify(ring.current.id, "call", b"data", ring.sign("call", b"data"))
        >>> ring.verify(ring.current.id, "call", b"data", other.sign("call", b"data"))
        Traceback (most recent call last):
        gator_nb.errors.Untrusted: the signature of this call does not fit ...
        """
        # Never in a variable: a traceback that shows those would hand out the right signature.
        if not hmac.compare_digest(self._mac(key_id, kind, data), mac):
            raise Untrusted(
                f"the signature of this {kind} does not fit key {key_id}: it was changed, or was "
                "not written by a holder of the key"
            )

    def _mac(self, key_id: str, kind: str, data: bytes) -> bytes:
        # `hmac.digest` lets go of the interpreter lock each time, which costs a worker with several
        # threads a hundred microseconds; a copy of a keyed object does so for long data only.
        mac = self._keyed_for(key_id, kind).copy()
        mac.update(data)
        return mac.digest()

    def _keyed_for(self, key_id: str, kind: str) -> hmac.HMAC:
        keyed = self._keyed.get((key_id, kind))
        if keyed is None:
            if key_id not in self._secrets:
                raise KeyMissing(
                    f"key {key_id[:16]!r} is not on this machine (here: {', '.join(self.ids)}): "
                    "run `gator-nb key` where the task was pushed and add that key to "
                    f"${settings.KEY} or to the key file here"
                )
            derived = hmac.digest(self._secrets[key_id], f"gator_nb {kind}".encode(), "sha256")
            keyed = self._keyed[key_id, kind] = hmac.new(derived, digestmod="sha256")
        return keyed

    def __repr__(self) -> str:
        return f"<Keyring {', '.join(self.ids)}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise NotPicklable("a keyring never leaves its process: let the task do without it")


def key_of(secret: bytes) -> Key:
    """The key of these 32 bytes.

    >>> key_of(bytes(32)).id
    'a9b5a2f0'
    """
    return Key(hashlib.sha256(b"gator_nb key id" + secret).hexdigest()[:8], secret)


def key_file() -> Path:
    """Where the key of this user lies when the environment gives none.

    >>> key_file().name
    'key'
    """
    return places.data_folder()[0] / "key"


def load() -> Keyring:
    """The keys of this user, made when there are none.

    `$GATOR_NB_KEY` holds 64 hexadecimal characters, or several keys separated by commas; the
    first signs, the others verify. Without it they are the lines of the file `key_file()`.

    Raises:
        KeyMissing: what is there is not a key.
        Untrusted: somebody else could read or change the file; the text has the mend.
        StoreUnavailable: the file cannot be read or made.

    >>> load().ids == load().ids
    True
    """
    # No text that holds a key is ever in a variable here: a traceback may show those.
    if settings.key_text() is not None:
        return Keyring(_parse((settings.key_text() or "").split(","), f"${settings.KEY}"))
    path = key_file()
    refuse_open_folder(path.parent, "key")
    if not path.exists() and not path.is_symlink():
        _create(path)
    return Keyring(_stored(path))


def secrets_text(ring: Keyring) -> str:
    """The keys themselves, one a line, the signing one first: what `add` takes elsewhere.

    >>> len(secrets_text(ephemeral()).strip())
    64
    """
    return "".join(key.secret.hex() + "\n" for key in ring.all)


def add(text: str, *, sign: bool = False) -> list[Key]:
    """Add keys to this user's file, as `secrets_text` gave them elsewhere; answers the new ones.

    Args:
        sign: the first of them signs from now on; otherwise they verify what was signed with them,
            and a file that holds none yet takes them as they are.

    Raises:
        KeyMissing: the text holds no key.
        Untrusted, StoreUnavailable: as `load`; or `$GATOR_NB_KEY` is set, and nobody would read
            the file.

    >>> [key] = add(secrets_text(ephemeral()))
    >>> key.id in load().ids
    True
    """
    texts = re.split(r"[,\s]+", text)
    del text  # as in `load`
    given = _parse(texts, "what was given")

    def join(there: list[Key]) -> list[Key]:
        return [*given, *there] if sign else [*there, *given]

    before = _changed(join)
    return [key for key in given if key not in before]


def rotate() -> Key:
    """Make a new key that signs from now on; the older ones go on verifying. Answers the new one.

    What runs already signs with the key that it has read, until it is started anew.

    Raises:
        Untrusted, StoreUnavailable: as `add`.

    >>> rotate().id == load().current.id
    True
    """
    new = key_of(secrets.token_bytes(32))
    _changed(lambda there: [new, *there])
    return new


def _changed(change: Callable[[list[Key]], list[Key]]) -> list[Key]:
    """Change the keys in the file; answers those that were in it."""
    if settings.key_text() is not None:
        raise StoreUnavailable(
            f"the keys come from ${settings.KEY}, and the file would not be read: change that "
            "variable, or unset it"
        )
    path = key_file()
    refuse_open_folder(path.parent, "key")
    with _alone(path.parent):
        there = _stored(path) if path.exists() or path.is_symlink() else []
        write_private(path, secrets_text(Keyring(change(there))))
    return there


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While it is open, no other process changes the keys: none of them is lost."""
    fd = os.open(folder, os.O_RDONLY) if fcntl is not None else -1
    try:
        if fcntl is not None:
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        if fd >= 0:
            os.close(fd)


def _stored(path: Path) -> list[Key]:
    return _parse((read_private(path, "key") or "").split("\n"), str(path))


def _parse(texts: list[str], where: str) -> list[Key]:
    stripped = [text.strip() for text in texts]
    if where[:1] != "$":  # a line may be empty, but not what stands between two commas
        stripped = [text for text in stripped if text]
    if not stripped or not all(_HEX.fullmatch(text) for text in stripped):
        # A traceback that shows local variables must not find a mistyped key in them.
        texts.clear()
        stripped.clear()
        raise KeyMissing(
            f"{where} does not hold a key: a key is 64 hexadecimal characters, as "
            "`gator-nb key show --secret` prints them where one works"
        )
    return [key_of(bytes.fromhex(text)) for text in stripped]


def _create(path: Path) -> None:
    """Write a new key, unless another process was faster; it is there whole or not at all."""
    draft = path.with_name(f".key-{secrets.token_hex(8)}")
    try:
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(fd, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32) + "\n")
                file.flush()
                os.fsync(fd)
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
    except OSError as error:
        raise StoreUnavailable(
            f"the key cannot be written to {path} ({error.strerror}): set ${settings.KEY}"
        ) from error


def ephemeral() -> Keyring:
    """A keyring with a new key that is written nowhere: for a store that ends with the process.

    >>> len(ephemeral().all)
    1
    """
    return Keyring([key_of(secrets.token_bytes(32))])
