"""What the page has to say: what is wrong, what is missing, and how to begin."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import param
from panel.custom import JSComponent

from ...profiles import as_typed
from ..following import Stuck
from ..state import Session
from ..summary import ALL
from ..text import safe
from .derived import derived
from .source import script, style

_MOST_HELD_BACK = 3


class Notes(JSComponent):
    """Notes: `{"kind", "title", "text", "code"}` each, text only; `code` can be copied.

    A click that puts a note away is answered with `{"dismiss": kind}`.
    """

    notes = param.List(default=[])

    _esm = script("notes")
    _stylesheets = style("notes")

    def __init__(self, state: Session | None = None, **params: Any) -> None:
        self._state = state
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        if self._state is not None and msg == {"dismiss": "notice"}:
            self._state.notice = ""


def banners(state: Session) -> Any:
    """The banners over a session's tiles."""
    told, store = state.param, as_typed(state.dsn)

    def notes(
        health: str,
        trouble: str,
        notice: str,
        unserved: Mapping[str, int],
        held_up: Sequence[Stuck],
        queues: list[str],
    ) -> list[dict[str, str]]:
        told_of = [note("notice", notice)] if notice else []
        if health == "lost":
            return [lost(trouble), *told_of]
        waiting = {queue: n for queue, n in unserved.items() if queue not in queues}
        found = held_back(([backlog(store, waiting)] if waiting else []) + stuck(held_up))
        found += [paused(queues)] if queues else []
        return [*found, *told_of]

    shown = derived(
        notes, told.health, told.trouble, told.notice, told.unserved, told.stuck, told.paused
    )
    return _notes(shown, state)


def empty_state(state: Session) -> Any:
    """How to begin, where a session's store has no task at all."""
    told, store = state.param, as_typed(state.dsn)

    def notes(health: str, shown: str, counts: Mapping[str, int]) -> list[dict[str, str]]:
        empty = health == "live" and shown == ALL and not counts.get(ALL, 0)
        return [beginning(store, counts.get("workers", 0))] if empty else []

    return _notes(derived(notes, told.health, told.shown, told.counts), state)


def refusal(text: str) -> Any:
    """The page of a store that cannot be shown at all."""
    return Notes(
        notes=[note("lost", "There is nothing to show here", safe(text, 600))],
        sizing_mode="stretch_width",
    )


def note(kind: str, title: str, text: str = "", code: str = "") -> dict[str, str]:
    return {"kind": kind, "title": title, "text": text, "code": code}


def lost(trouble: str) -> dict[str, str]:
    title = "The store cannot be reached; what is below is old. Trying again every second."
    return note("lost", title, safe(trouble, 500))


def paused(queues: Sequence[str]) -> dict[str, str]:
    """The banner for queues of which nothing is handed out."""
    several = "is" if len(queues) == 1 else "are"
    title = f"{_names(queues)} {several} paused: nothing of {'it' if several == 'is' else 'them'}"
    return note("paused", f"{title} starts until it goes on", "Queues, above, has the button.")


def backlog(dsn: str, unserved: Mapping[str, int]) -> dict[str, str]:
    """The banner for tasks that nobody will run."""
    n = sum(unserved.values())
    where = _names(list(unserved))
    title = f"{n:,} task{'s wait' if n > 1 else ' waits'} in {where}, and no worker is there"
    return note("backlog", title, "Start one in a terminal, for every queue:", worker_command(dsn))


def stuck(held_up: Sequence[Stuck]) -> list[dict[str, str]]:
    """The banners for what waits though there are workers: one for each thing in its way."""
    queues: dict[tuple[str, str, str], list[str]] = {}
    for one in held_up:
        queues.setdefault((one.command, one.advice, one.reason), []).append(one.queue)
    return [
        note(
            "backlog",
            f"No worker can run some tasks of {_names(names)}: {safe(reason, 200)}",
            f"{_sentence(advice)}:",
            command,
        )
        for (command, advice, reason), names in queues.items()
    ]


def held_back(notes: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Few banners: those that the same command helps are one, and of many the last are counted."""
    by_command: dict[str, list[dict[str, str]]] = {}
    for one in notes:
        by_command.setdefault(one["code"], []).append(one)
    found = [_joined(several) for several in by_command.values()]
    more = len(found) - _MOST_HELD_BACK
    counted = [note("backlog", f"And {more} more things that keep tasks waiting")]
    return [*found[:_MOST_HELD_BACK], *(counted if more > 0 else [])]


def _joined(several: Sequence[dict[str, str]]) -> dict[str, str]:
    first, *others = several
    return {**first, "text": " ".join([*(f"{one['title']}." for one in others), first["text"]])}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def beginning(dsn: str, workers: int) -> dict[str, str]:
    """A copyable example, for a store without tasks."""
    text = (
        "Push one from a notebook, and it appears here within a second."
        if workers
        else "No worker is alive either. This starts one in your notebook and gives it a task:"
    )
    start = "" if workers else "gator.start_worker()\n"
    code = (
        "from gator_nb import Gator\n\n"
        f"gator = Gator({json.dumps(dsn)})\n{start}"
        "task = gator.task(pow, 2, 10)\n"
        "task.get()"
    )
    return note("empty", "No tasks yet", text, code)


def worker_command(dsn: str) -> str:
    """What starts a worker for every queue of a store."""
    return f"gator-nb worker {shlex.quote(dsn)}"


def _names(queues: Sequence[str]) -> str:
    rest = f" and {len(queues) - 3} more" if len(queues) > 3 else ""
    return ", ".join(safe(queue, 40) for queue in queues[:3]) + rest


def _notes(shown: Any, state: Session) -> Any:
    return Notes(
        state,
        notes=shown,
        visible=derived(bool, shown),
        sizing_mode="stretch_width",
    )
