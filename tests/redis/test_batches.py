"""A push of many tasks is sent in parts; its client may die between any two of them."""

import pytest

from gator_nb.backends.base import Push
from gator_nb.backends.redis import RedisBackend
from gator_nb.backends.redis.batches import MOST
from gator_nb.backends.redis.scripts import BATCH_SILENCE
from gator_nb.errors import StoreUnavailable
from gator_nb.states import BLOCKED, CANCELED, WAITING

from .pushes import LANE, push

MANY = [push(f"t{number}") for number in range(MOST + 100)]


class Died(BaseException):
    """Nothing is done any more once this is raised."""


def die_at(
    backend: RedisBackend,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    count: int,
    pushes: list[Push] = MANY,
) -> None:
    """From the `count`th time on that `step` is reached, every call fails, as after a kill."""
    real, left = backend._run, [count]

    def run(verb: str, *args: object) -> object:
        if verb == step or step in args:
            left[0] -= 1
        if left[0] <= 0:
            raise Died
        return real(verb, *args)

    monkeypatch.setattr(backend, "_run", run)
    with pytest.raises(Died):
        backend.put(pushes)
    monkeypatch.undo()


def reap_until_done(backend: RedisBackend) -> None:
    """As workers do each moment; here the moment comes when the store's clock says so."""
    later = backend.now() + BATCH_SILENCE + 1
    backend.clock = lambda: later
    for _ in range(len(MANY) // 500 + 2):
        backend.reap()


def test_nothing_is_ready_before_the_last_part(
    backend: RedisBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a minute without a word, whoever reaps takes back what is there."""
    die_at(backend, monkeypatch, "put", 2)
    assert backend.counts() == {"all": {BLOCKED: MOST}}
    assert backend.claim("w", None, [LANE], 1) == []
    assert backend.verify() == []
    reap_until_done(backend)
    assert backend.counts() == {}


def test_after_the_last_part_all_of_it_stays(
    backend: RedisBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was complete and its client died: whoever reaps lets it go."""
    die_at(backend, monkeypatch, "let_go", 2)
    assert backend.counts()["all"][BLOCKED] > 0
    assert backend.verify() == []
    reap_until_done(backend)
    assert backend.counts() == {"all": {WAITING: len(MANY)}}


def test_a_client_that_was_away_for_too_long_is_told(
    backend: RedisBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others have taken its first part back when it comes with the second."""
    real, parts = backend._run, iter(range(10))

    def run(verb: str, *args: object) -> object:
        if verb == "put" and next(parts) == 1:
            reap_until_done(backend)
        return real(verb, *args)

    monkeypatch.setattr(backend, "_run", run)
    with pytest.raises(StoreUnavailable, match="push it again"):
        backend.put(MANY)
    assert backend.counts() == {}


def test_a_task_of_a_batch_can_be_canceled_before_it_is_let_go(
    backend: RedisBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is not brought back with the rest."""
    real, pages = backend._run, iter(range(10))

    def run(verb: str, *args: object) -> object:
        if "let_go" in args and next(pages) == 0:
            backend.cancel(["t1"], by="me")
        return real(verb, *args)

    monkeypatch.setattr(backend, "_run", run)
    answered = backend.put(MANY)
    assert [answered[0].status, answered[1].status] == [WAITING, CANCELED]
    assert backend.counts() == {"all": {WAITING: len(MANY) - 1, CANCELED: 1}}


def test_what_answered_another_push_meanwhile_stays(
    backend: RedisBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cell is run again after its first push broke off: what is acknowledged is there for good,
    and starts with the rest of the second push."""
    die_at(backend, monkeypatch, "put", 2)
    assert len(backend.put(MANY[:10])) == 10
    assert backend.counts() == {"all": {WAITING: 10, BLOCKED: MOST - 10}}
    assert backend.verify() == []
    assert len(backend.put(MANY)) == len(MANY)
    reap_until_done(backend)
    assert backend.counts() == {"all": {WAITING: len(MANY)}}


def test_a_reused_one_stays_too(backend: RedisBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    keyed = [push(f"t{number}", call_key=f"key {number}") for number in range(MOST + 100)]
    die_at(backend, monkeypatch, "put", 2, keyed)
    record = keyed[3].record._replace(id="again")
    assert [one.id for one in backend.put([Push(record, b"call", reuse=True)])] == ["t3"]
    reap_until_done(backend)
    assert backend.counts() == {"all": {WAITING: 1}}
