"""Queues, lanes and ids may have any name."""

import pytest

from gator_nb.backends.base import Filter
from gator_nb.backends.redis import RedisBackend
from gator_nb.states import SUCCESS, WAITING

from .pushes import push, success

NAMES = ["two words", "naïve 名 🐊", "{braces}", "a:b:", "line\nbreak", "1:x", "*", "\0", ""]


@pytest.mark.parametrize("name", NAMES)
def test_a_queue_and_a_lane_of_any_name(backend: RedisBackend, name: str) -> None:
    backend.put([push("a", queue=name, lane=name, name=name, tags=(name,), group=name)])
    assert backend.len(name) == 1
    assert backend.page(Filter(name=name, tag=name, group=name)).records[0].queue == name
    (claimed,) = backend.claim("w", None, [name], 1)
    backend.settle([success(claimed)])
    assert backend.counts() == {name: {SUCCESS: 1}}


def test_names_that_run_together_stay_apart(backend: RedisBackend) -> None:
    """Queue and lane make up one key; no two pairs make up the same."""
    pairs = [("a", "b:c"), ("a:b", "c"), ("ab", "c"), ("a", "bc"), ("1:a", "b"), ("1", ":ab")]
    backend.put([push(f"t{n}", queue=queue, lane=lane) for n, (queue, lane) in enumerate(pairs)])
    for n, (queue, lane) in enumerate(pairs):
        (claimed,) = backend.claim("w", [queue], [lane], 5)
        assert claimed.record.id == f"t{n}"


@pytest.mark.parametrize("name", ["a b", "{x}", "e:1", "ü", "line\nbreak"])
def test_an_id_of_any_name(backend: RedisBackend, name: str) -> None:
    backend.put([push(name), push("after", depends_on=(name,))])
    (claimed,) = backend.claim("w", None, [push("x").record.lane], 1)
    backend.settle([success(claimed)])
    assert backend.get([name, "after"])[0] == backend.get([name])[0]
    assert [one and one.status for one in backend.get([name, "after"])] == [SUCCESS, WAITING]
    assert backend.outcome(name) == b"result"


def test_a_new_task_under_the_id_of_a_forgotten_origin(backend: RedisBackend) -> None:
    """Its retries keep the call that they were made of."""
    backend.put([push("a", b"old", queue="one")])
    (claimed,) = backend.claim("w", None, [push("x").record.lane], 1)
    backend.settle([success(claimed)])
    retry = push("b", queue="two")._replace(envelope=None)
    backend.put([retry._replace(record=retry.record._replace(origin="a", parent="a"))])
    backend.drop_all("one")
    backend.put([push("a", b"new", queue="three")])
    assert (backend.envelope("a"), backend.envelope("b")) == (b"new", b"old")
    backend.drop_all("two")
    assert backend.envelope("a") == b"new"
