"""One try wherever an executor of somebody else's runs it: in a thread, a process, a cluster."""

from typing import NamedTuple

from ..attempt import Ended, attempt
from ..bars import teach_bars
from ..displays import teach_displays
from ..figures import teach_figures
from ..output import routing
from ..payload import know_sources, load_call
from ..record import Record
from ..running import Try
from ..task import Task


class Sent(NamedTuple):
    """What an executor is given."""

    record: Record
    payload: bytes
    """The pickled call, its signature verified before it was sent."""
    results: dict[str, bytes]
    """Those that the call refers to, by the ids of their tasks, verified as it was."""
    sources: dict[str, dict[str, str]] | None
    backoff: float


class Came(NamedTuple):
    """What comes back from it."""

    ended: Ended
    progress: str | None
    metrics: str | None
    log: bytes


def run_elsewhere(sent: Sent) -> Came:
    """Run one try here, and tell what came of it."""
    for teach in (teach_bars, teach_figures, teach_displays):
        teach()
    one = Try(sent.record, None)

    def load() -> Task:
        know_sources(sent.sources)
        call = load_call(sent.payload, sent.results)
        return Task.from_snapshot(sent.record, call, sent.backoff)

    with routing():
        ended = attempt(one, load)
    # What was raised travels pickled in the outcome; as it is it may not pickle.
    plain = ended._replace(exception=None)
    return Came(plain, one.progress_text(), one.metrics_text(), one.sink.finish())
