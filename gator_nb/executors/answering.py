"""What a worker does for the code in its children, which has neither store nor key.

A request is JSON and bytes, never unpickled; an answer is what the store gave, pickled.
"""

import pickle
from collections.abc import Callable
from typing import Any

from ..backends.base import Filter, Push
from ..client.client import Client
from ..errors import GatorError, Untrusted
from ..payload.envelope import KIND as CALL
from ..record import Record
from ..states import Status
from .child_process import ProcessTry
from .wire import Message

Answered = tuple[Message, bytes]
_MAC_SIZE = 32
_READS = frozenset(
    {
        "now", "get", "envelope", "outcome", "saved", "log", "counts", "changes", "next_due",
        "len", "presences", "cancel",
    }
)  # fmt: skip
"""The methods of a store that code in a child may call as they are."""


def answer(client: Client, one: ProcessTry, message: Message, payload: bytes) -> Answered:
    """The answer to a request of the code in `one`; what cannot be done is part of it."""
    head = {"type": "answer", "number": message["number"]}
    try:
        fields, data = _VERBS[message["verb"]](client, one, message, payload)
    except Exception as error:  # noqa: BLE001 -- without an answer its code would wait for ever
        return head | {"failure": {"kind": type(error).__name__, "text": str(error)}}, b""
    return head | fields, data


def _save(client: Client, one: ProcessTry, _: Message, payload: bytes) -> Answered:
    return {"answer": client.save(one.record, one.claim, payload)}, b""


def _open_saved(client: Client, _: ProcessTry, message: Message, __: bytes) -> Answered:
    data = client.saved(message["task_id"])
    return {"there": data is not None}, data or b""


def _open_outcome(client: Client, _: ProcessTry, message: Message, __: bytes) -> Answered:
    return _pickled(client.outcome(client.record(message["task_id"])))


def _sign(client: Client, _: ProcessTry, message: Message, payload: bytes) -> Answered:
    if message["kind"] != CALL:
        raise Untrusted(f"a task may push calls, and not sign a {message['kind']}")
    return {}, client.keyring.sign(CALL, payload)


def _verify(client: Client, _: ProcessTry, message: Message, payload: bytes) -> Answered:
    mac, data = payload[:_MAC_SIZE], payload[_MAC_SIZE:]
    client.keyring.verify(message["key_id"], message["kind"], data, mac)
    return {}, b""


def _store(client: Client, _: ProcessTry, message: Message, __: bytes) -> Answered:
    if message["method"] not in _READS:
        raise GatorError(f"a task may not call {message['method']!r} of the store")
    method = getattr(client.backend, message["method"])
    return _pickled(method(*message["args"], **message["more"]))


def _page(client: Client, _: ProcessTry, message: Message, __: bytes) -> Answered:
    fields = message["where"]
    if fields["status"] is not None:
        fields["status"] = frozenset(Status(number) for number in fields["status"])
    where = Filter(**fields)
    return _pickled(client.backend.page(where, limit=message["limit"], after=message["after"]))


def _put(client: Client, one: ProcessTry, message: Message, payload: bytes) -> Answered:
    """What a task pushes belongs to the session that pushed the task."""
    pushes, at = [], 0
    for told in message["pushes"]:
        fields: dict[str, Any] = {**told["record"], "session": one.record.session}
        listed = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
        size = told["size"]
        envelope = None if size is None else payload[at : at + size]
        at += size or 0
        record = Record(**fields | listed | {"status": Status(fields["status"])})
        pushes.append(Push(record, envelope, told["reuse"]))
    return _pickled(client.put(pushes))


def _missing_blobs(client: Client, _: ProcessTry, message: Message, __: bytes) -> Answered:
    return {"names": client.backend.blobs.missing(message["names"])}, b""


def _add_chunk(client: Client, _: ProcessTry, message: Message, payload: bytes) -> Answered:
    client.backend.blobs.add(message["name"], message["place"], payload)
    return {}, b""


def _complete_blob(client: Client, _: ProcessTry, message: Message, __: bytes) -> Answered:
    client.backend.blobs.complete(message["name"], message["chunks"])
    return {}, b""


def _discard_blob(client: Client, _: ProcessTry, message: Message, __: bytes) -> Answered:
    client.backend.blobs.discard(message["name"])
    return {}, b""


def _find_blob(client: Client, _: ProcessTry, message: Message, __: bytes) -> Answered:
    found = client.place_of(message["name"])
    return ({"place": None}, found) if isinstance(found, bytes) else ({"place": list(found)}, b"")


def _wait(client: Client, one: ProcessTry, message: Message, _: bytes) -> Answered:
    return {"woken": one.wait_for_news(client.backend, message["seconds"])}, b""


def _wake(_: Client, one: ProcessTry, __: Message, ___: bytes) -> Answered:
    one.wake()
    return {}, b""


def _pickled(value: object) -> Answered:
    return {}, pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)


_VERBS: dict[str, Callable[[Client, ProcessTry, Message, bytes], Answered]] = {
    "save": _save,
    "open_saved": _open_saved,
    "open_outcome": _open_outcome,
    "sign": _sign,
    "verify": _verify,
    "store": _store,
    "page": _page,
    "put": _put,
    "missing_blobs": _missing_blobs,
    "add_chunk": _add_chunk,
    "complete_blob": _complete_blob,
    "discard_blob": _discard_blob,
    "find_blob": _find_blob,
    "wait": _wait,
    "wake": _wake,
}
