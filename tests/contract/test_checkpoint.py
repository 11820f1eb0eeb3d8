"""`save` and `saved`: how far a task had come, for its next try and its retries."""

import pytest

from gator_nb.backends.base import Answer, Backend
from gator_nb.errors import TaskNotFound
from gator_nb.states import FAILED

from .specimens import failure, push, record, retry, take_one


def test_it_is_kept_and_replaced(backend: Backend) -> None:
    push(backend, "a")
    claim = take_one(backend).claim or ""
    assert backend.saved("a") is None
    assert backend.save("a", claim, b"epoch 1") is Answer.KEPT
    assert backend.save("a", claim, b"epoch 2") is Answer.KEPT
    assert backend.saved("a") == b"epoch 2"
    assert record(backend, "a").checkpoint == "a"


def test_the_next_try_finds_it(backend: Backend) -> None:
    push(backend, "a", retries=1)
    claimed = take_one(backend)
    backend.save("a", claimed.claim or "", b"epoch 1")
    backend.settle([retry(claimed, retries=0)])
    assert take_one(backend).checkpoint == "a"
    assert backend.saved("a") == b"epoch 1"


def test_a_retry_goes_on_from_the_first_until_it_saves(backend: Backend) -> None:
    push(backend, "a")
    claimed = take_one(backend)
    backend.save("a", claimed.claim or "", b"epoch 1")
    backend.settle([failure(claimed)])
    push(backend, "b", parent="a", checkpoint="a")
    assert backend.saved("b") == b"epoch 1"
    backend.save("b", take_one(backend).claim or "", b"epoch 5")
    assert (backend.saved("a"), backend.saved("b")) == (b"epoch 1", b"epoch 5")


def test_whoever_lost_the_claim_saves_nothing(backend: Backend) -> None:
    push(backend, "a")
    claimed = take_one(backend)
    assert backend.save("a", "0" * 32, b"stale") is Answer.LOST
    backend.settle([failure(claimed)])
    assert backend.save("a", claimed.claim or "", b"late") is Answer.LOST
    assert backend.save("nobody", "0" * 32, b"stray") is Answer.LOST
    assert record(backend, "a").status is FAILED
    assert backend.saved("a") is None


def test_saving_hears_of_a_cancel(backend: Backend) -> None:
    push(backend, "a")
    claimed = take_one(backend)
    backend.cancel(["a"], "me")
    assert backend.save("a", claimed.claim or "", b"on the way out") is Answer.CANCEL
    assert backend.saved("a") == b"on the way out"


def test_it_goes_with_its_task(backend: Backend) -> None:
    push(backend, "a")
    claimed = take_one(backend)
    backend.save("a", claimed.claim or "", b"epoch 1")
    push(backend, "b", queue="other", checkpoint="a")
    backend.drop_all("all")
    assert backend.saved("b") is None
    assert backend.verify() == []
    with pytest.raises(TaskNotFound):
        backend.saved("a")
