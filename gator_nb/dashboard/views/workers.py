"""The workers that live, and what they serve."""

from collections.abc import Collection
from typing import Any

import param
from panel.custom import JSComponent

from ...backends.base import Presence
from ...constants import EVERY
from ...needs import amounts
from ...record import place_of
from ..following import WorkerSeen
from ..state import Session
from ..summary import WORKERS
from ..text import safe
from .derived import derived
from .source import script, style


class Workers(JSComponent):
    """Answers `{"show": id}`: what that worker runs."""

    rows = param.List(default=[])

    _esm = script("workers")
    _stylesheets = style("table", "workers")

    def __init__(self, state: Session, **params: Any) -> None:
        self._state = state
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        match msg:
            case {"show": str(worker_id)}:
                self._state.filter(running_on(worker_id, self._state.workers))


def workers(state: Session) -> Any:
    """The list of a session's workers."""
    return Workers(
        state,
        rows=derived(rows_of, state.param.workers, state.param.shown),
        visible=derived(lambda shown: shown == WORKERS, state.param.shown),
        sizing_mode="stretch_width",
    )


def rows_of(seen: Collection[WorkerSeen], shown: str) -> list[dict[str, Any]]:
    """None while something else is shown: each worker is heard of every few seconds."""
    return [worker_row(one) for one in seen] if shown == WORKERS else []


def worker_row(seen: WorkerSeen) -> dict[str, Any]:
    """One worker as the list shows it."""
    one = seen.presence
    queues = "every queue" if EVERY in one.queues else ", ".join(one.queues)
    return {
        "id": one.id,
        "kind": seen.life,
        "word": seen.life.capitalize(),
        "name": safe(one.name) or one.id[:8],
        "where": f"{safe(one.host, 60)} · process {one.pid}",
        "queues": safe(queues),
        "slots": slots(one),
        "has": has_of(one),
        "python": safe(one.python, 20),
        "started": one.started,
        "heard": one.renewed,
    }


def slots(one: Presence) -> str:
    """How many tasks a worker runs at once, and where.

    >>> slots(Presence("1", "worker", slots=2, lanes=("3.11/a1b2c3d4/process",)))
    '2 processes'
    """
    places = {place_of(lane) for lane in one.lanes} - {None}
    word = places.pop() if len(places) == 1 else "slot"
    ending = "es" if word == "process" else "s"
    return f"{one.slots} {word}{'' if one.slots == 1 else ending}"


def has_of(one: Presence) -> str:
    """What a worker has for tasks with needs; the store may hold anything.

    >>> has_of(Presence("1", "worker", has="gpu=2,memory=64000000000"))
    '2 gpu, 64 GB memory'
    """
    try:
        return safe(amounts(one.has))
    except ValueError:
        return ""


def running_on(worker_id: str, seen: Collection[WorkerSeen]) -> str:
    """The filter for what a worker runs: by its name, where that is enough."""
    names = [one.presence.name for one in seen]
    name = next((one.presence.name for one in seen if one.presence.id == worker_id), "")
    plain = name and '"' not in name and names.count(name) == 1
    return f'status:running worker:"{name}"' if plain else f'status:running worker:"{worker_id}"'
