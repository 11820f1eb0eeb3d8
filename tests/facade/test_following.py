"""`logs`: what a task printed, whole, its end, or piece by piece while it runs."""

import threading
import time
from collections.abc import Iterator

import pytest

from gator_nb import Gator, errors

from .conftest import claimed_elsewhere


def lines(n: int) -> None:
    for number in range(n):
        print("line", number)


def test_the_last_lines_on_demand(gator: Gator) -> None:
    """Without the final line break."""
    task = gator.task(lines, 3)
    gator.pop()
    assert task.logs() == "line 0\nline 1\nline 2\n"
    assert (task.logs(tail=2), task.logs(0)) == ("line 1\nline 2", "")


def test_following_goes_on_until_the_task_has_ended(busy: Gator) -> None:
    """Nothing is missing and nothing comes twice, also not half a letter."""

    def work() -> str:
        for letter in "größer":
            print(letter, end="", flush=True)
            time.sleep(0.02)

    assert "".join(busy.task(work).logs(follow=True)) == "größer"


def test_following_shows_what_came_while_it_runs(gator: Gator) -> None:
    """Before its end."""
    task = gator.task(lines, 3)
    claim = claimed_elsewhere(gator, task).record.claim
    from gator_nb.backends.base import Beat

    gator.backend.renew("elsewhere", [Beat(task.task_id, claim, log=b"first\n")])
    following = task.logs(follow=True)
    assert next(following) == "first\n"
    gator.backend.renew("elsewhere", [Beat(task.task_id, claim, log=b"second\n")])
    assert next(following) == "second\n"
    following.close()


def test_following_may_begin_with_the_last_lines(gator: Gator) -> None:
    """Of what is there already."""
    task = gator.task(lines, 5)
    gator.pop()
    assert "".join(task.logs(tail=2, follow=True)) == "line 3\nline 4\n"


def test_following_a_store_that_is_closed_is_told(gator: Gator) -> None:
    """Rather than to wait for ever."""
    task = gator.task(lines, 1)
    following: Iterator[str] = task.logs(follow=True)
    threading.Timer(0.1, gator.close).start()
    with pytest.raises(errors.StoreUnavailable):
        next(following)
