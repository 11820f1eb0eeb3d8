"""What a worker does for the code in its children, which has neither store nor key."""

from collections.abc import Callable

from ..client import Client
from ..errors import GatorError
from .child_process import ProcessTry
from .wire import Message

Answered = tuple[Message, bytes]


def answer(client: Client, one: ProcessTry, message: Message, payload: bytes) -> Answered:
    """The answer to a request of the code in `one`; what cannot be done is part of it."""
    head = {"type": "answer", "number": message["number"]}
    try:
        fields, data = _VERBS[message["verb"]](client, one, payload)
    except GatorError as error:
        return head | {"failure": {"kind": type(error).__name__, "text": str(error)}}, b""
    return head | fields, data


def _save(client: Client, one: ProcessTry, payload: bytes) -> Answered:
    return {"answer": client.save(one.record, one.claim, payload)}, b""


def _saved(client: Client, one: ProcessTry, _: bytes) -> Answered:
    data = client.saved(one.record.id)
    return {"there": data is not None}, data or b""


_VERBS: dict[str, Callable[[Client, ProcessTry, bytes], Answered]] = {
    "save": _save,
    "saved": _saved,
}
