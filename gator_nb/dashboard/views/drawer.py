"""The drawer: one task in all its detail."""

from typing import Any

import param
from panel.custom import JSComponent

from ..state import Session
from .derived import derived
from .portrait import curves, log_of, outputs, portrait
from .source import script, style

_LOG_SIZE = 40_000
"""Characters of a log that are sent at first."""
_MORE = 4


class Drawer(JSComponent):
    """Answers `{"open": id}`, `{"cancel" | "stop" | "retry": id}` and `{"earlier": True}`."""

    task = param.String()
    shown = param.Dict(default={})
    curves = param.List(default=[])
    log = param.Dict(default={})
    log_size = param.Integer(default=_LOG_SIZE)
    outputs = param.List(default=[])
    read_only = param.Boolean(default=False)

    _esm = script("steps", "curves", "log", "drawer")
    _stylesheets = style("drawer", "curves", "log")

    def __init__(self, state: Session, **params: Any) -> None:
        self._state = state
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        match msg:
            case {"open": str(task_id)}:
                self.log_size = _LOG_SIZE
                self._state.open_task(task_id)
            case {"cancel": str(task_id)}:
                self._state.cancel(task_id)
            case {"stop": str(task_id)}:
                self._state.force_stop(task_id)
            case {"retry": str(task_id)}:
                self._state.retry(task_id)
            case {"earlier": True}:
                self.log_size *= _MORE


def drawer(state: Session) -> Any:
    """The drawer of a session; closed while no task is open."""
    told = state.param
    shown = Drawer(
        state,
        task=told.task,
        shown=derived(portrait, told.detail, told.task, told.worker_names, told.workers),
        curves=derived(lambda detail: curves(detail and detail.record), told.detail),
        outputs=derived(outputs, told.detail),
        read_only=state.read_only,
        sizing_mode="stretch_width",
    )
    shown.log = log_of(state.detail, shown.log_size)

    def draw(*_: Any) -> None:
        shown.log = log_of(state.detail, shown.log_size)

    state.param.watch(draw, "detail")
    shown.param.watch(draw, "log_size")
    return shown
