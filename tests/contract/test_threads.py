"""Many threads on one store."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from threading import Barrier

from gator_nb.backends.base import Answer, Backend
from gator_nb.states import SUCCESS

from .specimens import call, record, success, take

THREADS = 6


def at_once(work: Callable[[int], list[str]]) -> list[str]:
    """Run `work` in several threads from the same moment on; all that they answer."""
    barrier = Barrier(THREADS)

    def run(number: int) -> list[str]:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(chain(*pool.map(run, range(THREADS))))


def test_no_task_is_claimed_twice(backend: Backend) -> None:
    backend.put([call(f"t{n}") for n in range(120)])

    def work(number: int) -> list[str]:
        mine: list[str] = []
        while batch := take(backend, 1 + number, by=f"worker {number}"):
            mine += [one.record.id for one in batch]
            backend.settle([success(one.record) for one in batch])
        return mine

    done = at_once(work)
    assert sorted(done) == sorted(f"t{n}" for n in range(120))
    assert backend.counts() == {"all": {SUCCESS: 120}}


def test_one_id_pushed_by_many_is_one_task(backend: Backend) -> None:
    answered = at_once(lambda _: [backend.put([call("a", call_key="k")])[0].id])
    assert answered == ["a"] * THREADS
    assert backend.len("all") == 1


def test_reuse_by_many_makes_one_task(backend: Backend) -> None:
    """Two notebooks that run the same cell at once."""

    def work(number: int) -> list[str]:
        return [backend.put([call(f"t{number}", call_key="k", reuse=True)])[0].id]

    assert len(set(at_once(work))) == 1
    assert backend.len("all") == 1


def test_of_two_who_end_a_claim_one_is_heard(backend: Backend) -> None:
    """A settle against a reap, many times over: either it is DONE and stays, or LOST."""
    backend.put([call(f"t{n}", on_lost="fail") for n in range(60)])
    claimed = [take(backend)[0].record for _ in range(60)]

    def work(number: int) -> list[str]:
        if number:
            return [one.id for one in backend.reap(["w1"])]
        for one in claimed:
            (answer,) = backend.settle([success(one)])
            assert (record(backend, one.id).status is SUCCESS) is (answer is Answer.DONE)
        return []

    taken = at_once(work)
    assert len(taken) == len(set(taken))
    assert sum(backend.counts()["all"].values()) == 60
