"""The filter line over the table."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import param
from panel.custom import JSComponent

from ...record import Record
from ..query import LIMIT, STATUSES_OF
from ..state import Session
from ..summary import ALL, WORKERS
from ..text import safe
from .derived import derived
from .source import script, style

_OFFERED = 50
"""Values of a key that the page knows; what is typed narrows them down."""


class FilterLine(JSComponent):
    """Answers `{"filter": text}` and `{"go": "on"}`."""

    text = param.String()
    trouble = param.String()
    search = param.Dict(default={}, doc="How far a search is.")
    known = param.Dict(default={}, doc="Values that are there, by key.")
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
        known=derived(
            lambda queues, workers, records, _: known_values(
                queues, workers.values(), chain(records, state.recent)
            ),
            told.queues, told.worker_names, told.records, told.recent_seen,
        ),
        visible=derived(
            lambda shown, counts: shown != WORKERS and bool(counts.get(ALL)),
            told.shown, told.counts,
        ),
        sizing_mode="stretch_width",
    )  # fmt: skip


def known_values(
    queues: Iterable[str], workers: Iterable[str], records: Iterable[Record]
) -> dict[str, list[str]]:
    """What may stand behind the keys of a filter, as far as a session has seen it. A value that
    cannot be shown or typed as it is is left out.

    >>> known_values(["etl"], [], [Record("1", "etl", name="load table", tags=("night",))])["name"]
    ['load table']
    """
    seen = list(records)
    found = {
        "status": list(STATUSES_OF),
        "queue": sorted(queues),
        "name": [record.name for record in seen if record.name],
        "tag": [tag for record in seen for tag in record.tags],
        "worker": sorted(workers),
    }
    return {
        key: list(dict.fromkeys(one for one in values if _can_be_typed(one)))[:_OFFERED]
        for key, values in found.items()
    }


def _can_be_typed(value: str) -> bool:
    return bool(value) and '"' not in value and len(value) <= 100 and safe(value, 100) == value
