"""What lets a person in: a token that was told, or a password of their own, of which only a hash
is kept."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from ..errors import GatorError

SHORTEST = 12
"""Characters of a token or password that is worth its name."""
_COST, _BLOCK, _LANES = 2**14, 8, 1
"""Of scrypt: 16 MiB and some 50 ms a guess."""
_HASH = "scrypt"


class BadSecret(GatorError):
    """A token or password that protects nothing, or cannot be read; the text has the mend."""


class Secret(NamedTuple):
    """What a dashboard asks for. `kind` is how it is called."""

    kind: Literal["token", "password"]
    kept: str
    """The token, or the password's hash."""

    def is_given(self, text: str) -> bool:
        """Whether that is it. With a password this takes a while."""
        if self.kind == "token":
            return hmac.compare_digest(text.encode(), self.kept.encode())
        return _fits(text, self.kept)


def token(text: str) -> Secret:
    """A token to ask for.

    Raises:
        BadSecret: it can be guessed.
    """
    return Secret("token", _long_enough("token", text))


def password(text: str) -> Secret:
    """A password to ask for, in plain or as `hashed` has made it.

    >>> password(hashed("correct horse battery")).is_given("correct horse battery")
    True

    Raises:
        BadSecret: it can be guessed, or is a hash that means nothing.
    """
    if not text.startswith(f"{_HASH}$"):
        text = hashed(text)
    elif len(text.split("$")) != 3:
        raise BadSecret("that is no hash of a password: write the password itself, or make it anew")
    return Secret("password", text)


def hashed(text: str) -> str:
    """What a file can keep of a password.

    Raises:
        BadSecret: it can be guessed.
    """
    salt = secrets.token_hex(16)
    return f"{_HASH}${salt}${_digest(_long_enough('password', text), salt)}"


def password_in(file: Path, ask: Callable[[], str] | None = None) -> Secret:
    """The password of a file that its owner alone can read; `ask` makes one where there is none.

    Raises:
        BadSecret: the file is not there, is empty, is open to others, or its password can be
            guessed.
    """
    if not file.exists() and ask is not None:
        text = hashed(ask())
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as made:
            made.write(f"{text}\n")
    try:
        mode, text = file.stat().st_mode, file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSecret(f"the password file {file} cannot be read: {error}") from error
    if os.name == "posix" and mode & 0o077:
        raise BadSecret(f"others can read the password file {file}: chmod 600 {file}")
    if not text:
        raise BadSecret(f"the password file {file} is empty: write the password into it")
    return password(text)


def _long_enough(kind: str, text: str) -> str:
    if len(text) < SHORTEST:
        raise BadSecret(
            f"a {kind} of {len(text)} characters can be guessed: take {SHORTEST} or more"
        )
    return text


def _fits(text: str, kept: str) -> bool:
    _, salt, digest = kept.split("$")
    return hmac.compare_digest(_digest(text, salt), digest)


def _digest(text: str, salt: str) -> str:
    data = text.encode()
    return hashlib.scrypt(data, salt=salt.encode(), n=_COST, r=_BLOCK, p=_LANES).hex()
