"""User code on a Dask cluster: in chunks of what is short, each in one Dask worker.

A cancel and a timeout reach what runs there, as they reach a thread; progress and output come while
it runs. What a Dask worker had when it dies is lost, and waits again. One thread does it all: what
the cluster answers comes to it as events.
"""

import math
import pickle
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from logging import getLogger
from typing import Any

from ..attempts.attempt import Ended, failed_to_load
from ..attempts.running import Cause, Running
from ..attempts.snapshot import Snapshot, snapshot_of
from ..backends.base import Claimed
from ..client.client import Client
from ..definition import PYTHON
from ..errors import StoreUnavailable
from .base import Report
from .dask_chunk import Back, Call, Hello, News, Told
from .dask_cluster import Answer, Cluster, Place
from .dask_large import Scattered
from .dask_try import Chunk, DaskTry
from .elsewhere import Came
from .future import lost_there, not_begun, without_what_is_large
from .tries import Tries

_log = getLogger("gator_nb.worker")

_LOOK_EVERY = 0.2
"""Seconds between two looks at a chunk, and before the first one."""
_MEET_EVERY = 1.0
"""Seconds between two looks at who is in the cluster."""
_JOIN = 2.0
"""Seconds that closing waits for its thread to end."""


class DaskExecutor:
    """Runs tasks on the cluster of a Dask client.

    Args:
        executor: of that client: what its `get_executor()` answers.
        lease: seconds of silence after which the worker counts as lost on another host.
        on_event: called from another thread when a task has ended or told something.
        on_gone: told why, when nothing will run there any more.
    """

    kills = False
    apart = True

    def __init__(
        self,
        client: Client,
        executor: Any,
        *,
        lease: float,
        on_event: Callable[[], None],
        on_gone: Callable[[str], None],
    ) -> None:
        self.slots = 0
        self.lanes = client.lanes(None)
        self.lease = lease
        self._client = client
        self._on_event, self._on_gone = on_event, on_gone
        self._cluster = Cluster(executor)
        self._scattered = Scattered(client, self._cluster)
        self._inbox: deque[Claimed] = deque()
        self._tries: Tries[DaskTry] = Tries(client, on_event)
        self._events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._places: dict[str, Place] = {}
        self._met: dict[str, int] = {}
        """The threads of every Dask worker that was greeted, by address."""
        self._chunks: dict[str, Chunk] = {}
        self._asked: set[str] = set()
        """Addresses that have not answered the last look; the scheduler's, that to meet."""
        self._met_at = 0.0
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name="gator_nb dask", daemon=True)
        self._thread.start()

    # -- for the worker ------------------------------------------------------------------------

    def submit(self, claimed: Sequence[Claimed]) -> None:
        self._inbox.extend(claimed)
        self._wake()

    def waiting(self) -> int:
        return len(self._inbox)

    def withdraw(self) -> list[Claimed]:
        taken: list[Claimed] = []
        while (claimed := self._next_claimed()) is not None:
            taken.append(claimed)
        return taken

    def running(self) -> Sequence[DaskTry]:
        return self._tries.running()

    def reports(self) -> list[Report]:
        return self._tries.reports()

    def interrupt(self, one: Running, cause: Cause) -> None:
        if one.cause is None:
            one.asked(cause)  # the next look passes it on
            self._wake()

    def close(self) -> bool:
        if self.running():
            return False
        self._closing = True
        self._wake()
        self._thread.join(_JOIN)
        return True

    def _wake(self) -> None:
        self._events.put(lambda: None)

    def _next_claimed(self) -> Claimed | None:
        try:
            return self._inbox.popleft()
        except IndexError:
            return None

    # -- its thread ----------------------------------------------------------------------------

    def _serve(self) -> None:
        try:
            while not self._closing:
                self._cluster.check()
                self._meet()
                self._launch()
                self._look()
                self._take_events()
        except Exception as error:  # noqa: BLE001 -- whatever it is, what runs there must have an end
            self._gone(error)
        finally:
            self._scattered.clear()

    def _take_events(self) -> None:
        """Wait for what comes, but not longer than until the next look."""
        wait = _LOOK_EVERY / 2 if self._chunks else _MEET_EVERY
        try:
            self._events.get(timeout=wait)()
            while True:
                self._events.get_nowait()()
        except queue.Empty:
            pass

    def _then(self, answer: Future[Answer], take: Callable[[Future[Answer]], None]) -> None:
        """Have an answer taken by this thread once it is there."""
        answer.add_done_callback(lambda came: self._events.put(partial(take, came)))

    def _gone(self, error: Exception) -> None:
        """Nothing will ever come from there."""
        why = f"the Dask cluster at {self._cluster.address} is lost: {error}"
        if not self._cluster.closed:
            _log.error(why, exc_info=error)
        for one in list(self._chunks.values()):
            self._lose(one, ConnectionError(why))
        self._places.clear()
        self._count_slots()
        self._on_gone(why)

    # -- who is there --------------------------------------------------------------------------

    def _meet(self) -> None:
        """From time to time see who has come and who has died."""
        due = time.monotonic() - self._met_at >= _MEET_EVERY
        if due and self._cluster.address not in self._asked:
            self._asked.add(self._cluster.address)
            self._then(self._cluster.threads(), self._met_those)

    def _met_those(self, answer: Future[dict[str, int]]) -> None:
        self._asked.discard(self._cluster.address)
        self._met_at = time.monotonic()
        if _failed(answer):
            return  # the client tries to reach its scheduler, and is closed if it cannot
        there = answer.result()
        for address in self._met.keys() - there.keys():
            self._left(address)
        for address in there.keys() - self._met.keys():
            self._then(self._cluster.greet(address), partial(self._greeted, address))
        self._met = there

    def _greeted(self, address: str, answer: Future[dict[str, Hello]]) -> None:
        if (error := _failed(answer)) is not None:
            self._refused(address, error)
            return
        hello = answer.result().get(address)
        if hello is None or address not in self._met:
            return  # it has left meanwhile
        if hello.python != PYTHON:
            _log.warning(
                "the Dask worker %s runs nothing: it has Python %s, and calls need %s as here",
                address, hello.python, PYTHON,
            )  # fmt: skip
            return
        self._places[address] = Place(address, hello.birth, self._met[address])
        self._count_slots()

    def _refused(self, address: str, error: BaseException) -> None:
        if isinstance(error, OSError):  # it did not answer, and is asked again
            self._met.pop(address, None)
            return
        other = isinstance(error, ImportError | AttributeError)
        mend = "; install the same gator_nb there" if other else ""
        _log.warning("the Dask worker %s runs nothing: %s%s", address, error, mend)

    def _left(self, address: str) -> None:
        self._places.pop(address, None)
        self._asked.discard(address)
        for one in [one for one in self._chunks.values() if one.place.address == address]:
            self._lose(one, ConnectionError(f"the Dask worker {address} has died, or left"))
        self._count_slots()

    def _count_slots(self) -> None:
        self.slots = sum(place.threads for place in self._places.values())
        self._on_event()

    # -- what is sent ----------------------------------------------------------------------------

    def _launch(self) -> None:
        """Share out what there is among the Dask workers with a thread free."""
        free = self._free()
        size = math.ceil(len(self._inbox) / len(free)) if free else 0
        for place in free:
            taken = (self._next_claimed() for _ in range(size))
            batch = [DaskTry(claimed) for claimed in taken if claimed is not None]
            if batch:
                self._send(place, batch)

    def _free(self) -> list[Place]:
        """Dask workers, once for each thread that has nothing of ours to do."""
        taken = [one.place.address for one in self._chunks.values()]
        left = {one: one.threads - taken.count(one.address) for one in self._places.values()}
        rounds = range(max(left.values(), default=0))
        return [place for turn in rounds for place in left if left[place] > turn]

    def _send(self, place: Place, batch: Sequence[DaskTry]) -> None:
        calls: dict[DaskTry, Call] = {}
        larges: dict[str, Any] = {}
        for one in batch:
            self._tries.begun(one)
            try:
                snapshot = self._snapshot(one)
                larges |= self._scattered.bring(snapshot.names())
            except (OSError, TimeoutError, StoreUnavailable) as error:
                _log.warning("task %s goes back: %s", one.record.id, error)
                self._end(one, not_begun(one))
            except Exception as error:  # noqa: BLE001 -- a claim without an end would run for ever
                self._end(one, failed_to_load(one, error))
            else:
                calls[one] = one.record, snapshot
        if not calls:
            return
        chunk = Chunk(place, list(calls))
        self._chunks[chunk.id] = chunk
        calling = pickle.dumps(list(calls.values()))
        chunk.answer = self._cluster.start(place, chunk.id, calling, larges)
        self._then(chunk.answer, partial(self._ended, chunk))

    def _snapshot(self, one: DaskTry) -> Snapshot:
        snapshot = snapshot_of(self._client, one.record, one.claimed.envelope)
        one.limit(snapshot.timeout, snapshot.backoff)
        return snapshot

    # -- what comes back -----------------------------------------------------------------------

    def _look(self) -> None:
        """Ask after chunks that take long, of each Dask worker that has answered the last time."""
        now = time.monotonic()
        due: dict[str, list[Chunk]] = {}
        for one in self._chunks.values():
            if now - one.looked_at >= _LOOK_EVERY and one.place.address not in self._asked:
                due.setdefault(one.place.address, []).append(one)
        for address, chunks in due.items():
            self._asked.add(address)
            told = self._cluster.look(address, {one.id: one.ask() for one in chunks})
            self._then(told, partial(self._looked, address))

    def _looked(self, address: str, answer: Future[dict[str, dict[str, Told]]]) -> None:
        self._asked.discard(address)
        if _failed(answer):
            return  # the next look asks the same
        for chunk_id, told in answer.result().get(address, {}).items():
            if chunk_id in self._chunks:
                self._take(self._chunks[chunk_id], told)

    def _ended(self, chunk: Chunk, answer: Future[Told | None]) -> None:
        if chunk.id not in self._chunks:
            return  # it was given up
        if (error := _failed(answer)) is not None:
            self._lose(chunk, error)
            return
        told = answer.result()
        if told is not None:
            self._take(chunk, told)
        self._give_back(chunk)

    def _take(self, chunk: Chunk, told: Told) -> None:
        for message in chunk.fresh(told):
            match message:
                case News(claim) if claim in chunk.tries:
                    chunk.tries[claim].hear(message)
                case Came(claim) if claim in chunk.tries:
                    one = chunk.tries.pop(claim)
                    one.hear(message)
                    self._end(one, without_what_is_large(self._client, message.ended))
                case Back(claim) if claim in chunk.tries:
                    one = chunk.tries.pop(claim)
                    self._end(one, not_begun(one))

    def _give_back(self, chunk: Chunk) -> None:
        """It is over; what of it has not ended has not begun either."""
        self._chunks.pop(chunk.id, None)
        for one in chunk.tries.values():
            self._end(one, not_begun(one))

    def _lose(self, chunk: Chunk, error: BaseException) -> None:
        """Where it ran is gone: whatever has not ended there may have begun."""
        del self._chunks[chunk.id]
        if not self._cluster.closed:
            chunk.answer.cancel()
        for one in chunk.tries.values():
            self._end(one, lost_there(one, error))

    def _end(self, one: DaskTry, ended: Ended) -> None:
        self._tries.ended(one.claimed, one, ended)


def _failed(answer: Future[Any]) -> BaseException | None:
    """Why there is no answer; None when there is."""
    return ConnectionError("canceled in Dask") if answer.cancelled() else answer.exception()
