"""`listen`: being woken instead of asking."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from gator_nb.backends.base import Backend, Beat, Ending, Listener, Topic

from ..waiting import until
from .specimens import call, push, retry, stopped, success, take_one
from .stores import Clock

SOON = 5.0
"""Seconds within which a wake has come; it takes far less."""


@contextmanager
def listening(backend: Backend, *topics: Topic) -> Iterator[Listener]:
    """A listener that has heard everything so far."""
    listener = backend.listen(topics, nap_time=30)
    try:
        while listener.wait(0.02):
            pass
        yield listener
    finally:
        listener.close()


def test_without_news_a_wait_ends_by_its_timeout(backend: Backend) -> None:
    with listening(backend, "work", "news") as listener:
        assert not listener.wait(0)
        assert not listener.wait(0.02)


def test_a_wake_before_the_wait_counts_once(backend: Backend) -> None:
    with listening(backend, "work") as listener:
        listener.wake()
        listener.wake()
        assert listener.wait(0)
        assert not listener.wait(0)


def test_a_wake_from_another_thread_ends_a_wait(backend: Backend) -> None:
    with listening(backend, "work") as listener:
        waker = threading.Thread(target=listener.wake)
        waker.start()
        assert listener.wait(SOON)
        waker.join()


def _push(backend: Backend) -> None:
    push(backend, "new")


def _ask_to_stop(backend: Backend) -> None:
    backend.cancel(["running"], "me")


def _release(backend: Backend) -> None:
    claim = backend.get(["running"])[0].claim  # type: ignore[union-attr]
    backend.release([("running", claim or "")])


def _unhold(backend: Backend) -> None:
    backend.unhold("all")


def _retry(backend: Backend) -> None:
    backend.settle([retry(backend.get(["running"])[0])])  # type: ignore[arg-type]


def _succeed(backend: Backend) -> None:
    backend.settle([success(backend.get(["running"])[0])])  # type: ignore[arg-type]


def _stop(backend: Backend) -> None:
    backend.settle([stopped(backend.get(["running"])[0])])  # type: ignore[arg-type]


def _lose(backend: Backend) -> None:
    backend.reap(["w1"])


def _report(backend: Backend) -> None:
    claim = backend.get(["running"])[0].claim  # type: ignore[union-attr]
    backend.renew("w1", [Beat("running", claim or "", progress="1")])


def _cancel(backend: Backend) -> None:
    backend.cancel(["held"], "me")


@pytest.mark.parametrize(
    "happens", [_push, _ask_to_stop, _release, _unhold, _retry, _lose, _succeed]
)
def test_work_wakes(backend: Backend, happens: Callable[[Backend], None]) -> None:
    """Something may be there to claim, or to stop; a success may have readied a dependent."""
    push(backend, "running", retries=1)
    take_one(backend)
    backend.put([call("held", held=True), call("after", depends_on=("running",))])
    with listening(backend, "work") as listener:
        happens(backend)
        assert listener.wait(SOON)


@pytest.mark.parametrize("happens", [_succeed, _stop, _cancel, _report])
def test_news_wakes(backend: Backend, happens: Callable[[Backend], None]) -> None:
    """A task ended, was canceled, or reported progress."""
    push(backend, "running")
    take_one(backend)
    push(backend, "held", held=True)
    with listening(backend, "news") as listener:
        happens(backend)
        assert listener.wait(SOON)


def test_expiry_is_news(backend: Backend, clock: Clock) -> None:
    push(backend, "a", expires=clock.time + 5)
    clock.advance(5)
    with listening(backend, "news") as listener:
        backend.reap()
        assert listener.wait(SOON)


def test_everyone_who_listens_is_woken(backend: Backend) -> None:
    with listening(backend, "work") as one, listening(backend, "work", "news") as two:
        push(backend, "a")
        assert one.wait(SOON)
        assert two.wait(SOON)


def test_a_closed_listener_bothers_nobody(backend: Backend) -> None:
    with listening(backend, "work") as listener:
        pass
    push(backend, "a")
    listener.wake()


@contextmanager
def told(backend: Backend, *, enough: bool) -> Iterator[tuple[Listener, dict[str, Ending]]]:
    """A listener to news, and what it is told of ends; whether that is enough for all who wait."""
    heard: dict[str, Ending] = {}

    def hear(endings: Sequence[Ending]) -> bool:
        heard.update((ending.record.id, ending) for ending in endings)
        return enough

    listener = backend.listen(["news"], nap_time=30, on_ends=hear)
    try:
        while listener.wait(0.02):
            pass
        yield listener, heard
    finally:
        listener.close()


def test_an_end_is_told_with_its_outcome(backend: Backend) -> None:
    """Nobody need be woken for that, nor ask the store; `times_heard` counts it."""
    push(backend, "running")
    take_one(backend)
    with told(backend, enough=True) as (listener, heard):
        before = listener.times_heard
        _succeed(backend)
        until(lambda: heard)
        assert [one.record for one in heard.values()] == backend.get(["running"])
        assert heard["running"].outcome == backend.outcome("running")
        assert listener.times_heard == before + 1
        assert not listener.wait(0.05)


def test_whoever_needs_more_than_ends_is_woken(backend: Backend) -> None:
    push(backend, "running")
    take_one(backend)
    with told(backend, enough=False) as (listener, heard):
        _succeed(backend)
        assert listener.wait(SOON)
        assert heard


def test_what_fails_with_it_is_told_as_well(backend: Backend) -> None:
    push(backend, "running")
    take_one(backend)
    push(backend, "after", depends_on=("running",))
    push(backend, "after that", depends_on=("after",))
    with told(backend, enough=True) as (_, heard):
        _stop(backend)
        until(lambda: heard)
        assert heard.keys() == {"running", "after", "after that"}


def test_a_retry_is_no_end(backend: Backend) -> None:
    push(backend, "running", retries=1)
    take_one(backend)
    with told(backend, enough=True) as (listener, heard):
        _retry(backend)
        listener.wait(0.05)
        assert not heard


def test_the_store_is_free_while_it_tells(backend: Backend) -> None:
    """Whoever is told may have to wait for another thread, and that one for the store."""
    push(backend, "running")
    take_one(backend)
    free: list[bool] = []

    def hear(_: Sequence[Ending]) -> bool:
        other = threading.Thread(target=lambda: backend.len("all"))
        other.start()
        other.join(SOON)
        free.append(not other.is_alive())
        return True

    listener = backend.listen(["news"], nap_time=30, on_ends=hear)
    _succeed(backend)
    until(lambda: free)
    assert free == [True]
    listener.close()
