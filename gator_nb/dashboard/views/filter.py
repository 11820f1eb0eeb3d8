"""The filter line over the table."""

from collections.abc import Mapping
from typing import Any

import param
from panel.custom import JSComponent

from ..query import LIMIT
from ..state import Session
from ..summary import ALL, WORKERS
from ..text import safe
from .derived import derived
from .source import script, style


class FilterLine(JSComponent):
    """Answers `{"filter": text}` and `{"go": "on"}`."""

    text = param.String()
    trouble = param.String()
    search = param.Dict(default={}, doc="How far a search is.")
    limit = param.Integer(default=LIMIT)

    _esm = script("filter")
    _stylesheets = style("filter")

    def __init__(self, state: Session, **params: Any) -> None:
        self._state = state
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        match msg:
            case {"filter": str(text)}:
                self._state.filter(text)
            case {"go": "on"}:
                self._state.search_on()


def filter_line(state: Session) -> Any:
    """The filter line of a session."""
    told = state.param

    def search(stands: str, searched: int | None, counts: Mapping[str, int]) -> dict[str, Any]:
        return {} if searched is None else {
            "stands": stands, "searched": searched, "of": counts.get(ALL, 0),
        }  # fmt: skip

    return FilterLine(
        state,
        text=told.filter_text,
        trouble=derived(lambda text: safe(text, 300), told.filter_trouble),
        search=derived(search, told.search, told.searched, told.counts),
        visible=derived(
            lambda shown, counts: shown != WORKERS and bool(counts.get(ALL)),
            told.shown, told.counts,
        ),
        sizing_mode="stretch_width",
    )  # fmt: skip
