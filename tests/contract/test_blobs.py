"""`blobs`: large values, stored once and kept as long as a task owns them."""

import pytest

from gator_nb.backends.base import Backend
from gator_nb.constants import BLOB_GRACE, DAY
from gator_nb.errors import BlobMissing
from gator_nb.states import FAILED

from .specimens import call, end, failure, push, record, retry, success, take_one
from .stores import Clock


def store(backend: Backend, name: str, *chunks: bytes) -> str:
    """Store one blob."""
    for number, chunk in enumerate(chunks or (b"content of " + name.encode(),)):
        backend.blobs.add(name, number, chunk)
    backend.blobs.complete(name, len(chunks) or 1)
    return name


def content(backend: Backend, name: str) -> bytes:
    return b"".join(backend.blobs.read(name))


def gone(backend: Backend, name: str) -> bool:
    return backend.blobs.missing([name]) == [name]


def test_its_chunks_come_back_in_order(backend: Backend) -> None:
    """However they came."""
    for number in (2, 0, 1, 10):
        backend.blobs.add("a", number, memoryview(b"chunk %d;" % number))
    backend.blobs.complete("a", 3)
    assert list(backend.blobs.read("a")) == [b"chunk 0;", b"chunk 1;", b"chunk 2;"]


def test_it_shows_when_it_is_complete(backend: Backend) -> None:
    backend.blobs.add("a", 0, b"half")
    assert backend.blobs.missing(["a", "b"]) == ["a", "b"]
    with pytest.raises(BlobMissing):
        list(backend.blobs.read("a"))
    with pytest.raises(BlobMissing, match="as a whole"):
        backend.blobs.complete("a", 2)
    with pytest.raises(BlobMissing, match="as a whole"):
        backend.blobs.complete("b", 1)
    backend.blobs.add("a", 1, b"whole")
    backend.blobs.complete("a", 2)
    assert backend.blobs.missing(["a", "b"]) == ["b"]
    assert content(backend, "a") == b"halfwhole"


def test_what_is_complete_stays_as_it_is(backend: Backend) -> None:
    """Two may store the same at a time, and one of them may be slow."""
    store(backend, "a", b"1", b"2")
    backend.blobs.add("a", 0, b"late")
    backend.blobs.add("a", 7, b"later")
    backend.blobs.complete("a", 1)
    assert content(backend, "a") == b"12"


def test_one_that_is_owned_stays(backend: Backend, clock: Clock) -> None:
    push(backend, "t", refs=(store(backend, "a"),))
    store(backend, "b")
    clock.advance(BLOB_GRACE + 1)
    assert backend.blobs.forget() == 1
    assert not gone(backend, "a")
    assert gone(backend, "b")
    assert record(backend, "t").refs == ("a",)


def test_one_that_nobody_owns_has_a_day(backend: Backend, clock: Clock) -> None:
    """From when somebody asked for it last; one that was never completed as well."""
    store(backend, "a")
    store(backend, "b")
    backend.blobs.add("half", 0, b"half")
    clock.advance(BLOB_GRACE / 2)
    assert backend.blobs.missing(["a"]) == []
    assert backend.blobs.forget() == 0
    clock.advance(BLOB_GRACE / 2 + 1)
    assert backend.blobs.forget() == 2
    assert not gone(backend, "a")
    with pytest.raises(BlobMissing):
        backend.blobs.complete("half", 1)


def test_they_go_a_bounded_number_at_a_time(backend: Backend, clock: Clock) -> None:
    for number in range(5):
        store(backend, f"b{number}")
    clock.advance(BLOB_GRACE + 1)
    assert [backend.blobs.forget(limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_what_could_not_be_stored_is_taken_away_at_once(backend: Backend) -> None:
    """What is complete stays, and so does what somebody begins anew."""
    for number in range(3):
        backend.blobs.add("half", number, b"half")
    store(backend, "whole")
    for name in ("half", "whole", "absent"):
        backend.blobs.discard(name)
    with pytest.raises(BlobMissing):
        backend.blobs.complete("half", 3)
    assert content(backend, "whole") == b"content of whole"
    assert content(backend, store(backend, "half")) == b"content of half"


def test_a_task_is_not_stored_without_its_blobs(backend: Backend) -> None:
    """None of the call is."""
    backend.blobs.add("half", 0, b"half")
    store(backend, "a")
    for missing in ("half", "absent"):
        with pytest.raises(BlobMissing):
            backend.put([call("t"), call("u", refs=("a", missing))])
    assert backend.get(["t", "u"]) == [None, None]


def test_the_last_owner_counts(backend: Backend, clock: Clock) -> None:
    """A retry owns what its first try does, and two may own the same."""
    store(backend, "a")
    push(backend, "t", refs=("a",))
    backend.settle([failure(take_one(backend))])
    push(backend, "u", parent="t", refs=record(backend, "t").refs)
    clock.advance(2 * DAY)
    assert backend.forget(clock.time) == 1
    assert backend.blobs.forget() == 0
    backend.drop_all("all")
    assert backend.blobs.forget() == 1
    assert gone(backend, "a")


def test_a_task_owns_what_its_outcome_needs(backend: Backend, clock: Clock) -> None:
    """Also what the outcome of an earlier try needed."""
    push(backend, "t", retries=1, refs=(store(backend, "call"),))
    first = take_one(backend)
    backend.settle([retry(first, retries=0, refs=(store(backend, "first"),))])
    backend.settle([success(take_one(backend), refs=(store(backend, "last"), "call"))])
    clock.advance(BLOB_GRACE + 1)
    assert backend.blobs.forget() == 0
    assert record(backend, "t").refs == ("call",)
    clock.advance(DAY)
    assert backend.forget(clock.time) == 1
    assert backend.blobs.forget() == 3


def test_a_result_that_is_dropped_owns_nothing(backend: Backend, clock: Clock) -> None:
    push(backend, "t")
    claimed = take_one(backend)
    stale = end(claimed, FAILED, refs=(store(backend, "a"),))._replace(claim="0" * 32)
    backend.settle([stale])
    clock.advance(BLOB_GRACE + 1)
    assert backend.blobs.forget() == 1


def test_settling_twice_owns_once(backend: Backend, clock: Clock) -> None:
    push(backend, "t")
    settlement = success(take_one(backend), refs=(store(backend, "a"),))
    backend.settle([settlement])
    backend.settle([settlement])
    assert backend.verify() == []
    backend.drop_all("all")
    clock.advance(BLOB_GRACE + 1)
    assert backend.blobs.forget() == 1


def test_large_chunks_come_back(backend: Backend) -> None:
    chunks = [bytes([number]) * (3 << 20) for number in range(3)]
    store(backend, "a", *chunks)
    assert content(backend, "a") == b"".join(chunks)
