"""`/metrics`: what Prometheus reads of a store, seen through the poller that pages share."""

import asyncio
from collections.abc import Collection, Iterator
from concurrent.futures import Future

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from tornado.web import RequestHandler

from ..states import Status
from .access import Door, is_holder
from .following import Look, Sight
from .poller import poller_for
from .summary import unserved_queues

PATH = "/metrics"
ANY = "*"
"""In place of the names that a dashboard goes by: only its path is secret."""
_WITHIN = 5.0
"""Seconds that a store may take before it counts as unreachable."""
_ASKS = "The dashboard's {kind} is asked for: Authorization: Bearer {KIND}\n"
_FOREIGN = "This dashboard does not go by that name.\n"


class Glance:
    """A viewer that looks once."""

    look = Look()

    def __init__(self) -> None:
        self.seen: Future[Sight | None] = Future()
        """What the store holds; None: it cannot be reached."""

    def see(self, sight: Sight) -> None:
        self._tell(sight)

    def lose(self, trouble: str) -> None:  # noqa: ARG002 -- a viewer's
        self._tell(None)

    def _tell(self, sight: Sight | None) -> None:
        if not self.seen.done():
            self.seen.set_result(sight)


class Metrics(RequestHandler):
    """Answers whoever may see the dashboard: with its token or password as a bearer
    token or a browser's cookie, or, where none is asked for, under a name that it goes by."""

    def initialize(self, dsn: str, door: Door | None, hosts: Collection[str]) -> None:
        self._dsn, self._door, self._hosts = dsn, door, hosts

    async def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        if not await self._may():
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            if self._door is None:
                self.set_status(403)
                self.finish(_FOREIGN)
            else:
                kind = self._door.kind
                self.set_status(401)
                self.finish(_ASKS.format(kind=kind, KIND=kind.upper()))
            return
        self.set_header("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)
        self.finish(exposition(await _glance(self._dsn)))

    async def _may(self) -> bool:
        if self._door is None:
            return ANY in self._hosts or self.request.host.lower() in self._hosts
        if is_holder(self):
            return True
        kind, _, given = self.request.headers.get("Authorization", "").partition(" ")
        return kind == "Bearer" and await self._door.opens_to(given)


async def _glance(dsn: str) -> Sight | None:
    viewer, poller = Glance(), poller_for(dsn)
    poller.attach(viewer)
    try:
        # Shielded: the poller may answer later, and must find a future that takes it.
        return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(viewer.seen)), _WITHIN)
    except TimeoutError:
        return None
    finally:
        poller.detach(viewer)


def exposition(sight: Sight | None) -> bytes:
    """What was seen of a store in Prometheus' text format; nothing was seen: that it is down."""
    registry = CollectorRegistry()
    registry.register(_Seen(sight))
    return generate_latest(registry)


class _Seen(Collector):
    def __init__(self, sight: Sight | None) -> None:
        self._sight = sight

    def collect(self) -> Iterator[GaugeMetricFamily]:
        sight = self._sight
        yield GaugeMetricFamily(
            "gator_nb_store_up", "Whether the store can be reached.", float(sight is not None)
        )
        if sight is None:
            return
        tasks = _family("tasks", "Tasks in the store.", "queue", "status")
        for queue, by_status in sight.counts.items():
            for status in Status:
                tasks.add_metric([queue, str(status)], by_status.get(status, 0))
        yield tasks
        paused = _family("queue_paused", "Whether nothing of a queue is handed out.", "queue")
        for queue in {*sight.counts, *sight.paused}:
            paused.add_metric([queue], float(queue in sight.paused))
        yield paused
        unserved = _family(
            "unserved_tasks", "Ready to run, in a queue without a live worker.", "queue"
        )
        waiting = unserved_queues(sight.counts, sight.workers)
        for queue in sight.counts:
            unserved.add_metric([queue], waiting.get(queue, 0))
        yield unserved
        workers = _family(
            "workers", "Workers; silent: not heard of for a while; draining: about to end.", "life"
        )
        slots = _family("worker_slots", "Tasks that these workers can run at once.", "life")
        for life in ("alive", "silent", "draining"):
            those = [seen.presence for seen in sight.workers if seen.life == life]
            workers.add_metric([life], len(those))
            slots.add_metric([life], sum(one.slots for one in those))
        yield workers
        yield slots


def _family(name: str, told: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"gator_nb_{name}", told, labels=labels)
