"""The table: one page of tasks, newest first, each with what can be done about it."""

from collections.abc import Mapping
from typing import Any

import param
from panel.custom import JSComponent

from ...record import Record
from ..state import ALL, WORKERS, Session
from .derived import derived
from .rows import row
from .source import script, style


class Table(JSComponent):
    """Answers `{"cancel": id}`, `{"keep": [id, ...]}` and `{"go": "older" | "newer" | "all"}`."""

    heading = param.String()
    view = param.String(doc="Which list this is; another one is shown at once, whole.")
    rows = param.List(default=[])
    left = param.List(default=[])
    now = param.Number(default=0.0)
    pager = param.Dict(default={})
    nothing = param.String(doc="What an empty list says.")

    _esm = script("hold", "row", "table")
    _stylesheets = style("table")

    def __init__(self, state: Session, **params: Any) -> None:
        self._state = state
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        match msg:
            case {"cancel": str(task_id)}:
                self._state.cancel(task_id)
            case {"keep": list(ids)}:
                self._state.keep([task_id for task_id in ids if isinstance(task_id, str)])
            case {"go": "all"}:
                self._state.show(ALL)
            case {"go": "older"}:
                self._state.go_older()
            case {"go": "newer"}:
                self._state.go_newer()


def table(state: Session) -> Any:
    """The table of a session."""
    told = state.param

    def drawn(records: list[Record], names: Mapping[str, str]) -> list[dict[str, Any]]:
        return [row(record, names) for record in records]

    def pager(shown: str, counts: Mapping[str, int], page: int, older: bool) -> dict[str, Any]:
        return {"total": counts.get(shown, 0), "page": page, "older": older}

    def visible(shown: str, counts: Mapping[str, int]) -> bool:
        return shown != WORKERS and (shown != ALL or counts.get(ALL, 0) > 0)

    return Table(
        state,
        heading=derived(heading, told.shown),
        view=derived(lambda shown, page: f"{shown} {page}", told.shown, told.page_number),
        rows=derived(drawn, told.records, told.worker_names),
        left=derived(drawn, told.left, told.worker_names),
        now=told.seen_at,
        pager=derived(pager, told.shown, told.counts, told.page_number, told.has_older),
        nothing=derived(lambda shown: f"No {_word(shown)}tasks.", told.shown),
        visible=derived(visible, told.shown, told.counts),
        sizing_mode="stretch_width",
    )


def heading(shown: str) -> str:
    return f"{_word(shown)}tasks".capitalize() if shown != ALL else "All tasks"


def _word(shown: str) -> str:
    return "" if shown == ALL else f"{shown} "
