"""The envelope: a pickled call with what a worker must be able to rely on, signed and immutable."""

from typing import Any, NamedTuple

from ..errors import StoreVersion, Untrusted
from ..keys import Keyring
from .environment import Environment
from .sealing import seal, unseal
from .sources import Sources

KIND = "call"
FORMAT = 1
"""Raised only when what is signed changes its meaning; unknown fields are ignored."""


class CallHeader(NamedTuple):
    """What is signed beside the pickled call."""

    origin: str
    """The id of the task that was pushed with it; its retries are run from the same envelope."""
    queue: str
    label: str
    python: str
    """Minor version that pickled it: "3.11"."""
    options: dict[str, Any]
    """As pushed, and only what differs from the defaults; values that JSON knows."""
    name: str | None = None
    function: str = ""
    """Module and qualified name, for display."""
    arguments: str = ""
    """One line about the arguments, for display; see `preview.preview_of_arguments`."""
    session: str | None = None
    format: int = FORMAT
    group: str | None = None
    limit: list[Any] | None = None
    needs: dict[str, Any] | None = None
    refs: tuple[str, ...] = ()
    """The large buffers that belong into the pickled call, in their order."""
    checkpoint: str | None = None
    sources: Sources | None = None
    """Of the functions that travel by value."""
    parameters: dict[str, Any] | None = None
    """The arguments by the names of the parameters, for tables: plain values, else a preview."""
    results: dict[str, str] | None = None
    """Tasks that the call refers to, and those whose results go there: themselves, or retries."""
    environment: Environment | None = None
    """What it was pushed with; see `environment.py`."""
    hooks: tuple[str, ...] = ()
    """Those that the call has."""


_ABSENT = object()
_FIELDS = [(field, CallHeader._field_defaults.get(field, _ABSENT)) for field in CallHeader._fields]
_REQUIRED = {field for field, default in _FIELDS if default is _ABSENT}


def seal_call(keyring: Keyring, header: CallHeader, payload: bytes) -> bytes:
    """The envelope of a pickled call.

    Raises:
        TypeError: an option is not made of what JSON knows.
    """
    fields = {
        field: value
        for (field, default), value in zip(_FIELDS, header, strict=True)
        if value != default
    }
    fields["format"] = header.format
    return seal(keyring, KIND, fields, payload)


def open_call(
    keyring: Keyring, data: bytes, *, origin: str, queue: str
) -> tuple[CallHeader, bytes]:
    """The header and the pickled call of a verified envelope.

    Raises:
        Untrusted: the signature does not fit, or the envelope is another task's or queue's.
        KeyMissing: signed with a key that is not here.
        StoreVersion: sealed by a newer gator_nb.
    """
    fields, payload = unseal(keyring, KIND, data)
    header = header_of(fields)
    if header.origin != origin:
        raise Untrusted(f"this envelope belongs to task {header.origin!r}, not to {origin!r}")
    if header.queue != queue:
        raise Untrusted(f"this envelope belongs to queue {header.queue!r}, not to {queue!r}")
    return header, payload


def header_of(fields: dict[str, Any]) -> CallHeader:
    """The header in these JSON fields; what this version does not know is left out.

    Raises:
        Untrusted: a field is absent.
        StoreVersion: written by a newer gator_nb.
    """
    found = fields.get("format")
    if not isinstance(found, int) or isinstance(found, bool):
        raise Untrusted("the envelope has no format")
    if found > FORMAT:
        raise StoreVersion(
            f"the envelope has format {found}, and this gator_nb knows {FORMAT}: upgrade it"
        )
    if not fields.keys() >= _REQUIRED:
        raise Untrusted(f"the envelope lacks {', '.join(sorted(_REQUIRED - fields.keys()))}")
    header = CallHeader._make([fields.get(field, default) for field, default in _FIELDS])
    return header._replace(refs=tuple(header.refs)) if header.refs else header
