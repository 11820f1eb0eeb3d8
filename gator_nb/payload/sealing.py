"""The framing of everything that is signed.

    magic "GNB1" | length of kind, 1 byte | kind | key id, 8 bytes | mac, 32 bytes
    | length of header, 4 bytes | header, JSON in UTF-8 | payload

The mac covers every byte but its own. Nothing here looks into a payload.
"""

import json
import re
from typing import Any

from ..errors import StoreVersion, Untrusted
from ..keys import Keyring

_MAGIC = b"GNB1"
_KIND_AT = len(_MAGIC) + 1
_ID_SIZE = 8
_MAC_SIZE = 32
_LENGTH_SIZE = 4
_KEY_ID = re.compile(rb"[0-9a-f]{8}")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_decode = json.JSONDecoder().raw_decode


def seal(keyring: Keyring, kind: str, header: dict[str, Any], payload: bytes) -> bytes:
    """Frame and sign a header and a payload as `kind`.

    Raises:
        TypeError: the header is not made of what JSON knows.
    """
    text = _encode(header).encode("utf-8", "surrogatepass")
    name = kind.encode("ascii")
    front = b"".join((_MAGIC, bytes((len(name),)), name, keyring.current.id.encode("ascii")))
    body = b"".join((len(text).to_bytes(_LENGTH_SIZE, "big"), text, payload))
    return b"".join((front, keyring.sign(kind, front + body), body))


def unseal(keyring: Keyring, kind: str, data: bytes) -> tuple[dict[str, Any], bytes]:
    """The header and payload of what `seal` made, once the signature is verified.

    Raises:
        Untrusted: malformed, of another kind, or the signature does not fit.
        KeyMissing: signed with a key that is not in the keyring.
        StoreVersion: framed by a newer gator_nb.
    """
    found, key_id, mac_at = _front(data)
    if found != kind.encode("ascii"):
        raise Untrusted(f"a signed {kind} was expected, and this is a {found.decode('ascii')}")
    body_at = mac_at + _MAC_SIZE
    keyring.verify(key_id, kind, data[:mac_at] + data[body_at:], data[mac_at:body_at])
    return _body(data, body_at)


def peek(data: bytes) -> dict[str, Any]:
    """The header without any trust: for displays only, where no key is at hand.

    Raises:
        Untrusted, StoreVersion: as `unseal`.
    """
    _, _, mac_at = _front(data)
    return _body(data, mac_at + _MAC_SIZE)[0]


def key_id_of(data: bytes) -> str:
    """The id of the key that signed these bytes, by their own word.

    Raises:
        Untrusted, StoreVersion: as `unseal`.
    """
    return _front(data)[1]


def _front(data: bytes) -> tuple[bytes, str, int]:
    """Kind, key id, and where the mac begins."""
    if data[: len(_MAGIC)] != _MAGIC:
        if data[:3] == _MAGIC[:3] and data[3:4].isdigit() and data[3:4] > _MAGIC[3:]:
            raise StoreVersion("these bytes were framed by a newer gator_nb: upgrade this one")
        raise Untrusted("these bytes do not begin as what gator_nb signs")
    if len(data) < _KIND_AT:
        raise Untrusted("the signed bytes end within their frame")
    id_at = _KIND_AT + data[_KIND_AT - 1]
    mac_at = id_at + _ID_SIZE
    kind, key_id = data[_KIND_AT:id_at], data[id_at:mac_at]
    if len(data) < mac_at + _MAC_SIZE + _LENGTH_SIZE:
        raise Untrusted("the signed bytes end within their frame")
    if not kind.isascii() or not kind.isalnum():
        raise Untrusted("the signed bytes name no kind")
    if not _KEY_ID.fullmatch(key_id):
        raise Untrusted("the signed bytes name no key")
    return kind, key_id.decode("ascii"), mac_at


def _body(data: bytes, start: int) -> tuple[dict[str, Any], bytes]:
    header_at = start + _LENGTH_SIZE
    end = header_at + int.from_bytes(data[start:header_at], "big")
    if end > len(data):
        raise Untrusted("the signed bytes end within their header")
    try:
        text = str(data[header_at:end], "utf-8", "surrogatepass")
        header, read = _decode(text)
    except (ValueError, RecursionError):
        raise Untrusted("the header of the signed bytes is not JSON") from None
    if read != len(text) or not isinstance(header, dict):
        raise Untrusted("the header of the signed bytes is not an object")
    return header, data[end:]
