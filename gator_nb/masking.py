"""Addresses as they may be shown: never with a password."""

import re

_LOGIN = re.compile(r"(?<=://)(?:([^/:@]*:)|(?=[^/])).*@", re.DOTALL)
_WITHOUT_SCHEME = re.compile(r"^(?!\w[\w+.-]*://).*@", re.DOTALL)
_QUERIED = re.compile(
    r"(?<=[?&])((?:password|passwd|pass|pwd|token|auth|secret)=)[^&]*", re.IGNORECASE
)


def masked(address: str) -> str:
    """An address that may be shown, even one that cannot be read.

    >>> masked("redis://me:secret@host/0")
    'redis://me:***@host/0'
    >>> masked("redis:/me:secret@host?password=secret")
    '***@host?password=***'
    """
    shown = _LOGIN.sub(r"\1***@", _WITHOUT_SCHEME.sub("***@", address))
    return _QUERIED.sub(r"\1***", shown)


class FullAddress(str):
    """The address that opens a store, with its password. Its repr has none, so that no log line
    and no traceback with variables shows it.

    >>> FullAddress("redis://me:secret@host")
    'redis://me:***@host'
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(masked(self))
