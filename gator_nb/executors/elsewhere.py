"""One try wherever an executor of somebody else's runs it: in a thread, a process, a cluster."""

from typing import NamedTuple, NoReturn, Self

from ..attempts.attempt import Ended, attempt
from ..attempts.running import Try
from ..attempts.snapshot import Snapshot
from ..attempts.teaching import teach_libraries
from ..errors import GatorError
from ..output.routing import routing
from ..record import Record


class Came(NamedTuple):
    """What comes back from it."""

    claim: str
    ended: Ended
    seconds: float
    progress: str | None
    metrics: str | None
    log: bytes

    @classmethod
    def of(cls, one: Try, ended: Ended) -> Self:
        """What a try that has ended leaves."""
        # What was raised travels pickled in the outcome; as it is it may not pickle.
        plain = ended._replace(exception=None)
        told = one.progress_text(), one.metrics_text()
        return cls(one.claim, plain, one.elapsed, *told, one.sink.finish())


class OutOfReach:
    """The keeper of checkpoints where there is no way to the store."""

    depot = None

    def save(self, _record: Record, _claim: str, _payload: bytes) -> NoReturn:
        raise GatorError(
            "checkpoint(...) cannot be kept from here: no store is in reach of this executor; run "
            "the task in threads or processes of a worker"
        )

    def saved(self, _task_id: str) -> None:
        return None


def run_elsewhere(record: Record, snapshot: Snapshot) -> Came:
    """Run one try of a verified call here, and tell what came of it."""
    teach_libraries()
    one = Try(record, OutOfReach())
    with routing():
        ended = attempt(one, lambda: snapshot.load(one))
    return Came.of(one, ended)
