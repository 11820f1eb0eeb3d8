"""The table: one page of tasks, newest first, each with what can be done about it."""

from collections.abc import Collection, Mapping
from typing import Any

import param
from panel.custom import JSComponent

from ...record import Record
from ..jobs import OPEN_TO
from ..state import SOME, Session
from ..summary import ALL, WORKERS
from .derived import derived
from .rows import row
from .source import script, style

_PICKED = 10_000
"""Tasks that one message may name."""


class Table(JSComponent):
    """Answers `{"open" | "cancel" | "retry": id}`, `{"keep": [id, ...]}`,
    `{"go": "older" | "newer" | "all"}`, `{"do": verb, "ids": [id, ...]}`, `{"all": verb}`,
    `{"bulk": "confirm" | "dismiss"}` and `{"export": "csv" | "json" | "on" | "stop"}`."""

    heading = param.String()
    view = param.String(doc="Which list this is; another one is shown at once, whole.")
    rows = param.List(default=[])
    left = param.List(default=[])
    pager = param.Dict(default={})
    opened = param.String(doc="The task that the drawer shows.")
    bulk = param.Dict(default={}, doc="What is done to many tasks, and how far it is.")
    for_all = param.List(default=[], doc="What can be done to all that match.")
    read_only = param.Boolean(default=False)
    nothing = param.String(doc="What an empty list says.")

    piece = param.Dict(default={}, doc="The part of an export that was asked for.")

    _esm = script("hold", "row", "bulk", "export", "table")
    _stylesheets = style("table", "bulk", "export")

    def __init__(self, state: Session, **params: Any) -> None:
        self._state = state
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        match msg:
            case {"cancel": str(task_id)}:
                self._state.cancel(task_id)
            case {"retry": str(task_id)}:
                self._state.retry(task_id)
            case {"open": str(task_id)}:
                self._state.open_task(task_id)
            case {"keep": list(ids)}:
                self._state.keep([task_id for task_id in ids if isinstance(task_id, str)])
            case {"go": str(where)}:
                self._go(where)
            case _:
                self._handle_many(msg)

    def _handle_many(self, msg: Any) -> None:
        match msg:
            case {"do": "cancel" | "retry" as verb, "ids": list(ids)}:
                picked = [task_id for task_id in ids if isinstance(task_id, str)]
                self._state.do_to(verb, picked[:_PICKED])
            case {"all": "cancel" | "retry" as verb}:
                self._state.do_to_matching(verb)
            case {"bulk": "confirm"}:
                self._state.confirm()
            case {"bulk": "dismiss"}:
                self._state.dismiss()
            case {"export": "csv" | "json" as made}:
                self._state.export(made)
            case {"export": "on"}:
                self._state.export_on()
            case {"export": "stop"}:
                self._state.stop_export()

    def _go(self, where: str) -> None:
        match where:
            case "all":
                self._state.show(ALL)
            case "older":
                self._state.go_older()
            case "newer":
                self._state.go_newer()


def table(state: Session) -> Any:
    """The table of a session."""
    told = state.param

    def drawn(records: list[Record], names: Mapping[str, str]) -> list[dict[str, Any]]:
        rows = [row(record, names) for record in records]
        return [{**one, "action": ""} for one in rows] if state.read_only else rows

    def pager(filtered: str, matching: int | None, page: int, older: bool) -> dict[str, Any]:
        return {"total": matching, "page": page, "older": older, "all": not filtered}

    def visible(shown: str, counts: Mapping[str, int]) -> bool:
        return shown != WORKERS and (shown != ALL or counts.get(ALL, 0) > 0)

    return Table(
        state,
        heading=derived(heading, told.shown),
        view=derived(lambda text, page: f"{page} {text}", told.filter_text, told.page_number),
        rows=derived(drawn, told.records, told.worker_names),
        left=derived(drawn, told.left, told.worker_names),
        pager=derived(pager, told.filter_text, told.matching, told.page_number, told.has_older),
        opened=told.task,
        bulk=derived(lambda bulk: bulk._asdict() if bulk else {}, told.bulk),
        piece=derived(lambda piece: piece._asdict() if piece else {}, told.piece),
        for_all=derived(for_all, told.shown, told.records, told.counts),
        read_only=state.read_only,
        nothing=derived(nothing, told.shown, told.filter_text, told.search),
        visible=derived(visible, told.shown, told.counts),
        sizing_mode="stretch_width",
    )


def heading(shown: str) -> str:
    words = {ALL: "All tasks", SOME: "Tasks that match"}
    return words.get(shown) or f"{shown} tasks".capitalize()


def for_all(shown: str, records: Collection[Record], counts: Mapping[str, int]) -> list[str]:
    """What makes sense for all tasks of a list."""
    if shown == ALL:
        return ["cancel"] if counts.get("queued") or counts.get("running") else []
    open_ones = any(not record.done for record in records)
    again = any(record.status in OPEN_TO["retry"] for record in records)
    return [*(["cancel"] if open_ones else []), *(["retry"] if again else [])]


def nothing(shown: str, filtered: str, search: str) -> str:
    """What an empty list says."""
    if search != "done":
        return "None found so far."
    simple = shown != SOME and filtered in ("", f"status:{shown}")
    return f"No {'' if shown in (ALL, SOME) else shown + ' '}tasks{'' if simple else ' match'}."
