"""A claim without an end would run for ever: whatever fails when a try is settled, it has one."""

from gator_nb import FAILED, Gator
from gator_nb.attempts.attempt import Ended, settlement_of
from gator_nb.attempts.running import Try
from gator_nb.payload import Outcome
from gator_nb.record import Record
from gator_nb.states import SUCCESS


def test_an_outcome_that_cannot_be_signed_fails_its_task() -> None:
    broken = Outcome("a", "c", True, None, None, preview=object(), payload=b"")  # type: ignore[arg-type]
    one = Try(Record("a", "all", claim="c"), None)
    with Gator("memory://") as gator:
        end = settlement_of(gator.client, one, Ended(SUCCESS, 0, broken))
    assert end is not None
    assert (end.status, end.claim) == (FAILED, "c")
    assert "TypeError" in (end.error or "")
