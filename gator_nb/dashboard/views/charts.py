"""Outcomes over time, and what each worker was busy with: the newest tasks that have started."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import param
from panel.custom import JSComponent

from ...record import Record
from ..following import RECENT
from ..state import Session
from ..summary import ALL, WORKERS
from ..text import safe
from .derived import derived
from .rows import kind_of, word_of
from .source import script, style

_NAME = 60


class Charts(JSComponent):
    """Answers a click on a task with `{"open": id}`."""

    spans = param.String(default="[]", doc="JSON: [id, name, kind, lane, started, finished] each.")
    most = param.Integer(default=RECENT)
    words = param.Dict(default={})

    _esm = script("lanes", "outcomes", "charts")
    _stylesheets = style("charts")

    def __init__(self, state: Session, **params: Any) -> None:
        self._state = state
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        match msg:
            case {"open": str(task_id)}:
                self._state.open_task(task_id)


def charts(state: Session) -> Any:
    """The charts of a session."""
    told = state.param
    kinds = ("running", "canceling", "success", "failed", "canceled")
    return Charts(
        state,
        spans=derived(
            lambda _, names: json.dumps(spans(state.recent, names)),
            told.recent_seen, told.worker_names,
        ),
        words={kind: word_of(kind) for kind in kinds},
        visible=derived(
            lambda shown, counts: shown != WORKERS and bool(counts.get(ALL)),
            told.shown, told.counts,
        ),
        sizing_mode="stretch_width",
    )  # fmt: skip


def spans(records: Iterable[Record], names: Mapping[str, str]) -> list[list[Any]]:
    """Each task that ran or ended, oldest push first; a lane is a worker, "" is none."""
    return [
        [
            record.id,
            safe(record.label, _NAME) or "(no name)",
            kind_of(record),
            safe(names.get(record.worker or "", (record.worker or "")[:8]), _NAME)
            if record.started is not None
            else "",
            record.started,
            record.finished,
        ]
        for record in reversed(tuple(records))
    ]
