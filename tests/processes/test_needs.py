"""What a process gets of what its task needs: GPUs of its own, and no more memory than it asked."""

import os
import subprocess
import sys
import time

import pytest

from gator_nb import Gator, Status, Worker

pytestmark = pytest.mark.slow


def my_gpus() -> tuple[str | None, int]:
    time.sleep(0.3)  # beside each other
    return os.environ.get("CUDA_VISIBLE_DEVICES"), os.getpid()


def hold(megabytes: int) -> int:
    mine = bytearray(megabytes * 2**20)
    time.sleep(60 if megabytes > 300 else 0.5)
    return len(mine)


def have_a_child_hold(megabytes: int) -> None:
    code = f"import time; mine = bytearray({megabytes} * 2**20); time.sleep(60)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_each_task_gets_gpus_of_its_own(gator: Gator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside each other they have different ones, and both one after the other."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    with Worker(gator, processes=3, has={"gpu": 2}):
        one = gator.options(needs={"gpu": 1})
        pair = [one.task(my_gpus), one.task(my_gpus)]
        seen = [task.get(timeout=60) for task in pair]
        assert {gpus for gpus, _ in seen} == {"4", "7"}
        assert gator.options(needs={"gpu": 2}).task(my_gpus).get(timeout=60)[0] == "4,7"
        assert gator.task(my_gpus).get(timeout=60)[0] == "4,7"  # as the worker has it


@pytest.mark.slow
def test_a_process_keeps_to_the_gpus_that_it_had_first(gator: Gator) -> None:
    """CUDA would not see others; a task with other ones, or none, has another process."""
    with Worker(gator, processes=1, has={"gpu": 2}):
        one, two = gator.options(needs={"gpu": 1}), gator.options(needs={"gpu": 2})
        _, first = one.task(my_gpus).get(timeout=60)
        assert one.task(my_gpus).get(timeout=60) == ("0", first)
        gpus, second = two.task(my_gpus).get(timeout=60)
        _, third = gator.task(my_gpus).get(timeout=60)
        assert gpus == "0,1"
        assert len({first, second, third}) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process holds")
@pytest.mark.parametrize("what", [hold, have_a_child_hold])
def test_a_task_that_holds_more_memory_than_it_asked_for_is_ended(
    gator: Gator, what: object
) -> None:
    """As one that raised MemoryError, which names both numbers; not as one that was lost."""
    with Worker(gator, processes=1):
        task = gator.options(needs={"memory": "300MB"}).task(what, 600)
        with pytest.raises(MemoryError, match=r"held \d+ MB of memory and had asked for 300 MB"):
            task.get(timeout=60)
        assert (task.status, task.handle.record.losses) == (Status.FAILED, 0)
        assert task.peak_memory > 300_000_000
        assert gator.task(pow, 2, 10).get(timeout=60) == 1024


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process holds")
def test_that_uses_up_a_try(gator: Gator) -> None:
    with Worker(gator, processes=1):
        task = gator.options(needs={"memory": "300MB"}, retries=1).task(hold, 600)
        with pytest.raises(MemoryError):
            task.get(timeout=60)
        assert task.attempts == 2
        assert task.retries == 0


def test_what_stays_below_runs(gator: Gator) -> None:
    with Worker(gator, processes=1):
        task = gator.options(needs={"memory": "400MB"}).task(hold, 50)
        assert task.get(timeout=60) == 50 * 2**20
