"""The store as code in a child process sees it: every request goes to the worker, which has the
store and the key, and signs calls for it."""

import json
import pickle
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NamedTuple, NoReturn

from ..backends.base import (
    EVERYTHING,
    Answer,
    Backend,
    Changes,
    Claimed,
    Filter,
    Listener,
    OnEnds,
    Page,
    Presence,
    Push,
    Topic,
)
from ..client.client import Client
from ..errors import GatorError
from ..keys import Keyring
from ..payload import Outcome
from ..record import Record
from ..states import Status
from .far_depot import FarDepot
from .line import Line

_WAIT = 5.0
"""Seconds that one request to wait lasts at most."""


class _Id(NamedTuple):
    id: str


class _FarKeyring(Keyring):
    """Signs and verifies by way of the worker."""

    def __init__(self, line: Line, key_id: str) -> None:
        self._line = line
        self.current = _Id(key_id)  # type: ignore[assignment]  # the secret stays with the worker

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.current.id,)

    def sign(self, kind: str, data: bytes) -> bytes:
        return self._line.ask("sign", data, kind=kind)[1]

    def verify(self, key_id: str, kind: str, data: bytes, mac: bytes) -> None:
        self._line.ask("verify", mac + data, kind=kind, key_id=key_id)


class _FarListener:
    def __init__(self, line: Line) -> None:
        self._line = line
        self._looks = 0

    def wait(self, timeout: float | None) -> bool:
        seconds = _WAIT if timeout is None else min(timeout, _WAIT)
        return bool(self._line.ask("wait", seconds=seconds)[0]["woken"])

    def wake(self) -> None:
        self._line.ask("wake")

    @property
    def times_heard(self) -> int:
        """Another number each time: who waits here looks first; the worker may not listen yet."""
        self._looks += 1
        return self._looks

    def heard(self) -> bool:
        return True  # its waiters look whenever they are woken

    def close(self) -> None:
        pass


class _FarBackend(Backend):
    """Those verbs that handles and gators use."""

    persistent: ClassVar[bool] = True

    def __init__(self, line: Line, conn_string: str, durability: str) -> None:
        super().__init__(conn_string)
        self.durability = durability
        self._line = line

    def _ask(self, method: str, *args: Any, **more: Any) -> Any:
        return pickle.loads(self._line.ask("store", method=method, args=args, more=more)[1])

    def now(self) -> float:
        return float(self._ask("now"))

    def put(self, pushes: Sequence[Push], *, claimed_by: str | None = None) -> list[Record]:
        if claimed_by is not None:
            _refuse()
        told = [
            {
                "record": push.record._asdict(),
                "size": None if push.envelope is None else len(push.envelope),
                "reuse": push.reuse,
            }
            for push in pushes
        ]
        envelopes = b"".join(push.envelope or b"" for push in pushes)
        answer = self._line.ask("put", envelopes, pushes=json.loads(json.dumps(told)))
        found: list[Record] = pickle.loads(answer[1])
        return found

    def cancel(self, ids: Iterable[str], by: str, **more: Any) -> list[Record]:
        found: list[Record] = self._ask("cancel", list(ids), by, **more)
        return found

    def get(self, ids: Sequence[str]) -> list[Record | None]:
        found: list[Record | None] = self._ask("get", list(ids))
        return found

    def envelope(self, task_id: str) -> bytes:
        return bytes(self._ask("envelope", task_id))

    def outcome(self, task_id: str) -> bytes | None:
        found: bytes | None = self._ask("outcome", task_id)
        return found

    def saved(self, task_id: str) -> bytes | None:
        found: bytes | None = self._ask("saved", task_id)
        return found

    def log(self, task_id: str, start: int = 0) -> bytes:
        return bytes(self._ask("log", task_id, start))

    def page(
        self, where: Filter = EVERYTHING, *, limit: int = 50, after: int | None = None
    ) -> Page:
        fields = where._asdict()
        if where.status is not None:
            fields["status"] = [int(status) for status in where.status]
        answer = self._line.ask("page", where=fields, limit=limit, after=after)
        found: Page = pickle.loads(answer[1])
        return found

    def counts(self) -> dict[str, dict[Status, int]]:
        found: dict[str, dict[Status, int]] = self._ask("counts")
        return found

    def changes(self, cursor: int | None = None, *, limit: int = 1000) -> Changes:
        found: Changes = self._ask("changes", cursor, limit=limit)
        return found

    def next_due(self) -> float | None:
        found: float | None = self._ask("next_due")
        return found

    def len(self, queue: str) -> int:
        return int(self._ask("len", queue))

    def presences(self) -> list[Presence]:
        found: list[Presence] = self._ask("presences")
        return found

    def listen(
        self,
        topics: Iterable[Topic],  # noqa: ARG002 -- the worker knows
        *,
        nap_time: float = 0.1,  # noqa: ARG002
        on_ends: OnEnds | None = None,  # noqa: ARG002
    ) -> Listener:
        return _FarListener(self._line)

    def close(self) -> None:
        pass

    # Verbs of workers and of housekeeping are none of a task's business.

    def claim(self, *_: Any, **__: Any) -> NoReturn:
        _refuse()

    def claim_task(self, *_: Any, **__: Any) -> NoReturn:
        _refuse()

    def drop_all(self, *_: Any, **__: Any) -> NoReturn:
        _refuse()

    def forget(self, *_: Any, **__: Any) -> NoReturn:
        _refuse()

    def held(self, *_: Any, **__: Any) -> NoReturn:
        _refuse()

    def hold(self, *_: Any, **__: Any) -> NoReturn:
        _refuse()

    def lanes(self, *_: Any, **__: Any) -> NoReturn:
        _refuse()

    def pause(self, *_: Any, **__: Any) -> NoReturn:
        _refuse()

    def paused(self) -> NoReturn:
        _refuse()

    def reap(self, *_: Any, **__: Any) -> NoReturn:
        _refuse()

    def register(self, *_: Any, **__: Any) -> NoReturn:
        _refuse()

    def release(self, *_: Any, **__: Any) -> NoReturn:
        _refuse()

    def renew(self, *_: Any, **__: Any) -> NoReturn:
        _refuse()

    def save(self, *_: Any, **__: Any) -> NoReturn:
        _refuse()

    def settle(self, *_: Any, **__: Any) -> NoReturn:
        _refuse()

    def unhold(self, *_: Any, **__: Any) -> NoReturn:
        _refuse()

    def unregister(self, *_: Any, **__: Any) -> NoReturn:
        _refuse()

    def verify(self, *_: Any, **__: Any) -> NoReturn:
        _refuse()

    def worker_names(self) -> NoReturn:
        _refuse()


def _refuse() -> NoReturn:
    raise GatorError("code in a process cannot do that to the store; do it in the notebook")


class FarClient(Client):
    """The client of the code in one try."""

    def __init__(self, line: Line, about: dict[str, str]) -> None:
        backend = _FarBackend(line, about["conn_string"], about["durability"])
        super().__init__(backend, about["queue"])
        self.__dict__["keyring"] = _FarKeyring(line, about["key_id"])
        self._line = line
        self.__dict__["depot"] = FarDepot(line)

    def arrive(self, *, to_run: bool = False) -> str:  # noqa: ARG002
        return self.session  # the worker puts the session of the task that runs in its place

    def reap(self) -> list[Record]:
        return []

    def outcome(self, record: Record) -> Outcome | None:
        found: Outcome | None = pickle.loads(self._line.ask("open_outcome", task_id=record.id)[1])
        return found

    def outcomes(self, ids: Sequence[str]) -> dict[str, bytes]:  # noqa: ARG002 -- the worker opens them
        return {}

    def save(self, record: Record, claim: str, payload: bytes) -> Answer:  # noqa: ARG002 -- the worker knows
        return Answer(self._line.ask("save", payload)[0]["answer"])

    def saved(self, task_id: str) -> bytes | None:
        message, payload = self._line.ask("open_saved", task_id=task_id)
        return payload if message["there"] else None

    def claim(self, queues: Sequence[str] | None) -> Claimed | None:  # noqa: ARG002
        _refuse()

    def claim_task(self, task_id: str) -> Claimed | Record:  # noqa: ARG002
        _refuse()
