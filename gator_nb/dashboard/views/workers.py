"""The workers that live, and what they serve."""

from typing import Any

import param
from panel.custom import JSComponent

from ...constants import EVERY
from ..following import WorkerSeen
from ..state import Session
from ..summary import WORKERS
from ..text import safe
from .derived import derived
from .source import script, style


class Workers(JSComponent):
    """A list without actions."""

    rows = param.List(default=[])
    now = param.Number(default=0.0)

    _esm = script("workers")
    _stylesheets = style("table", "workers")


def workers(state: Session) -> Any:
    """The list of a session's workers."""
    return Workers(
        rows=derived(lambda seen: [worker_row(one) for one in seen], state.param.workers),
        now=state.param.seen_at,
        visible=derived(lambda shown: shown == WORKERS, state.param.shown),
        sizing_mode="stretch_width",
    )


def worker_row(seen: WorkerSeen) -> dict[str, Any]:
    """One worker as the list shows it."""
    one = seen.presence
    queues = "every queue" if EVERY in one.queues else ", ".join(one.queues)
    return {
        "kind": seen.life,
        "word": seen.life.capitalize(),
        "name": safe(one.name) or one.id[:8],
        "where": f"{safe(one.host, 60)} · process {one.pid}",
        "queues": safe(queues),
        "slots": f"{one.slots} thread{'s' if one.slots != 1 else ''}",
        "python": safe(one.python, 20),
        "started": one.started,
        "heard": one.renewed,
    }
