"""`settle` of a try whose process died while its worker lives."""

from gator_nb.backends.base import Answer, Backend
from gator_nb.constants import MAX_LOSSES
from gator_nb.states import CANCELED, FAILED, WAITING

from .specimens import end, push, record, status, take_one

DEATH = "its process was killed by SIGSEGV"


def lose(backend: Backend, **more: object) -> Answer:
    """Claim the one task there is and tell that its process died."""
    more = {"reason": "lost", "error": DEATH, "outcome": b"death", "lost": True, **more}
    (answer,) = backend.settle([end(take_one(backend), FAILED, **more)])
    return answer


def test_it_waits_again_alone_and_keeps_its_retries(backend: Backend) -> None:
    """A death is nobody's error: it counts as a loss and costs no retry."""
    push(backend, "a", retries=2)
    assert lose(backend, retries=2, log=b"Segmentation fault\n", peak_memory=4096) is Answer.DONE
    again = record(backend, "a")
    assert (again.status, again.losses, again.attempts, again.retries) == (WAITING, 1, 1, 2)
    assert again.alone
    assert (again.error, again.reason, again.peak_memory) == (None, None, 4096)
    assert backend.log("a") == b"Segmentation fault\n"


def test_after_three_losses_it_has_failed_with_its_certificate(backend: Backend) -> None:
    push(backend, "a")
    push(backend, "b", depends_on=("a",))
    for _ in range(MAX_LOSSES):
        lose(backend)
    ended = record(backend, "a")
    assert (ended.status, ended.reason, ended.error) == (FAILED, "lost", DEATH)
    assert ended.losses == MAX_LOSSES
    assert backend.outcome("a") == b"death"
    assert status(backend, "b") is FAILED


def test_one_that_must_not_run_twice_fails_at_its_first_loss(backend: Backend) -> None:
    push(backend, "a", on_lost="fail")
    lose(backend)
    assert (status(backend, "a"), record(backend, "a").losses) == (FAILED, 1)


def test_one_that_was_asked_to_stop_is_canceled(backend: Backend) -> None:
    """Its code runs no more, which is all that was asked for."""
    push(backend, "a")
    claimed = take_one(backend)
    backend.cancel(["a"], "me")
    backend.settle([end(claimed, FAILED, reason="lost", error=DEATH, lost=True)])
    ended = record(backend, "a")
    assert (ended.status, ended.reason) == (CANCELED, "canceled")


def test_a_repeated_reply_counts_no_second_loss(backend: Backend) -> None:
    push(backend, "a")
    death = end(take_one(backend), FAILED, lost=True)
    assert backend.settle([death]) == backend.settle([death]) == [Answer.DONE]
    assert record(backend, "a").losses == 1
