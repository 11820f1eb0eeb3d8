"""The keys that sign what is stored: whoever holds one may run code as the worker.

A key is 32 random bytes, and its id is what may be shown of it. `load` finds the keys of this
user; a `Keyring` signs with the first and verifies with all. No text that this module makes
contains a key.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, NoReturn

from . import places, settings
from .errors import KeyMissing, NotPicklable, StoreUnavailable, Untrusted
from .private_files import read_private, refuse_open_folder

__all__ = ["Key", "Keyring", "ephemeral", "key_file", "key_of", "load"]

_HEX = re.compile(r"[0-9a-fA-F]{64}")


class Key(NamedTuple):
    """One key. Its repr shows the id alone, and it cannot be pickled."""

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
        self._derived: dict[tuple[str, str], bytes] = {}
        found = list(keys)
        if not found:
            raise KeyMissing("a keyring needs at least one key")
        self.current = found[0]
        for key in found:
            self._secrets.setdefault(key.id, key.secret)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys, that of the signing one first."""
        return tuple(self._secrets)

    def sign(self, kind: str, data: bytes) -> bytes:
        """The 32 bytes of HMAC-SHA256 over `data` under the current key's own key for `kind`."""
        return hmac.digest(self._key_for(self.current.id, kind), data, "sha256")

    def verify(self, key_id: str, kind: str, data: bytes, mac: bytes) -> None:
        """Accept `data` only if the key of that id signed it as this kind.

        Raises:
            KeyMissing: no key of that id is here; the text says how to bring it.
            Untrusted: the signature does not fit.
        """
        # Never in a variable: a traceback that shows those would hand out the right signature.
        if not hmac.compare_digest(hmac.digest(self._key_for(key_id, kind), data, "sha256"), mac):
            raise Untrusted(
                f"the signature of this {kind} does not fit key {key_id}: it was changed, or was "
                "not written by a holder of the key"
            )

    def _key_for(self, key_id: str, kind: str) -> bytes:
        derived = self._derived.get((key_id, kind))
        if derived is None:
            if key_id not in self._secrets:
                raise KeyMissing(
                    f"key {key_id[:16]!r} is not on this machine (here: {', '.join(self.ids)}): "
                    "run `gator-nb key` where the task was pushed and add that key to "
                    f"${settings.KEY} or to the key file here"
                )
            label = f"gator_nb {kind}".encode()
            derived = hmac.digest(self._secrets[key_id], label, "sha256")
            self._derived[key_id, kind] = derived
        return derived

    def __repr__(self) -> str:
        return f"<Keyring {', '.join(self.ids)}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise NotPicklable("a keyring never leaves its process: let the task do without it")


def key_of(secret: bytes) -> Key:
    """The key of these 32 bytes."""
    return Key(hashlib.sha256(b"gator_nb key id" + secret).hexdigest()[:8], secret)


def key_file() -> Path:
    """Where the key of this user lies when the environment gives none."""
    return places.data_folder()[0] / "key"


def load() -> Keyring:
    """The keys of this user, made when there are none.

    `$GATOR_NB_KEY` holds 64 hexadecimal characters, or several keys separated by commas; the
    first signs, the others verify. Without it they are the lines of the file `key_file()`.

    Raises:
        KeyMissing: what is there is not a key.
        Untrusted: somebody else could read or change the file; the text has the mend.
        StoreUnavailable: the file cannot be read or made.
    """
    text = settings.key_text()
    if text is not None:
        return _parse(text.split(","), f"${settings.KEY}")
    path = key_file()
    refuse_open_folder(path.parent, "key")
    stored = read_private(path, "key")
    if stored is None:
        _create(path)
        stored = read_private(path, "key")
    return _parse((stored or "").split("\n"), str(path), blank_lines=True)


def _parse(texts: list[str], where: str, *, blank_lines: bool = False) -> Keyring:
    stripped = [text.strip() for text in texts]
    if blank_lines:
        stripped = [text for text in stripped if text]
    if not stripped or not all(_HEX.fullmatch(text) for text in stripped):
        # A traceback that shows local variables must not find a mistyped key in them.
        texts.clear()
        stripped.clear()
        raise KeyMissing(
            f"{where} does not hold a key: a key is 64 hexadecimal characters, as "
            "`gator-nb key` prints them where one works"
        )
    return Keyring(key_of(bytes.fromhex(text)) for text in stripped)


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
    """A keyring with a new key that is written nowhere: for a store that ends with the process."""
    return Keyring([key_of(secrets.token_bytes(32))])
