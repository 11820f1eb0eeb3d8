"""What Prometheus reads of one worker: `gator-nb worker --metrics`."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import typer

from .serving import ServingWorker

_ENDS = ("success", "failed", "retrying", "canceled", "lost")
_BUCKETS = (0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3600.0, 6 * 3600.0, 24 * 3600.0)
"""Seconds: tasks take from milliseconds to days."""


class Address(NamedTuple):
    """Where the metrics are served."""

    host: str
    port: int


def metrics_address(text: str) -> Address:
    """`PORT` on this machine only, or `ADDRESS:PORT`."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65_535:
        raise typer.BadParameter("write it as 9100, or with an address as 0.0.0.0:9100")
    return Address(host.strip("[]") or "127.0.0.1", int(port))


@contextmanager
def metrics_of(worker: ServingWorker, address: Address | None) -> Iterator[None]:
    """Serve the metrics of a worker while it is open; nothing without an address.

    Raises:
        typer.BadParameter: it cannot be served there.
    """
    if address is None:
        yield
        return
    from prometheus_client import CollectorRegistry, start_http_server  # for who asks for it

    registry = CollectorRegistry()
    counting = _counting(worker, registry)
    try:
        server, thread = start_http_server(address.port, address.host, registry)
    except OSError as error:
        raise typer.BadParameter(
            f"{address.host}:{address.port}: {error.strerror or error}", param_hint="--metrics"
        ) from None
    url = f"http://{address.host}:{server.server_port}/metrics"
    worker.say("metrics", f"metrics at {url}", url=url)
    worker.log.addHandler(counting)
    try:
        yield
    finally:
        worker.log.removeHandler(counting)
        server.shutdown()
        server.server_close()
        thread.join()


def _counting(worker: ServingWorker, registry: Any) -> logging.Handler:
    """What counts the tasks that the log tells of, beside what the worker itself knows."""
    from prometheus_client import Counter, Gauge, Histogram

    def gauge(name: str, told: str) -> Any:
        return Gauge(f"gator_nb_worker_{name}", told, registry=registry)

    gauge("slots", "Tasks that it can run at once.").set_function(lambda: worker.slots)
    gauge("running", "Tasks that it runs.").set_function(lambda: worker.running_now)
    gauge("store_up", "Whether the store answered the last time.").set_function(
        lambda: float(worker.in_touch)
    )
    gauge("dropped", "Results that were dropped, since their claim had gone.").set_function(
        lambda: worker.fenced
    )
    ended = Counter(
        "gator_nb_worker_tasks", "Tries that have ended.", ("queue", "outcome"), registry=registry
    )
    seconds = Histogram(
        "gator_nb_worker_task_seconds", "How long tries took.", ("queue",),
        buckets=_BUCKETS, registry=registry,
    )  # fmt: skip
    return _Counting(ended, seconds)


class _Counting(logging.Handler):
    def __init__(self, ended: Any, seconds: Any) -> None:
        super().__init__()
        self._ended, self._seconds = ended, seconds

    def emit(self, record: logging.LogRecord) -> None:
        fields = getattr(record, "fields", {})
        if fields.get("event") in _ENDS:
            self._ended.labels(fields["queue"], fields["event"]).inc()
            self._seconds.labels(fields["queue"]).observe(fields["seconds"])
