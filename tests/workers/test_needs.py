"""`needs={"gpu": 1}`: a task runs where there is enough for it, beside what runs there already."""

import os
import time
from pathlib import Path

import pytest

from gator_nb import Gator, Status, Task, Worker
from gator_nb.backends.base import Push
from gator_nb.client.workforce import why_nobody_begins
from gator_nb.host.capacities import Capacities, usable_memory, visible_gpus
from gator_nb.needs import fit, from_text, text_of
from gator_nb.record import Record
from tests.waiting import Gate, until

SPAN = 0.05


def span() -> tuple[float, float]:
    begun = time.monotonic()
    time.sleep(SPAN)
    return begun, time.monotonic()


def overlap(tasks: list[Task]) -> int:
    """How many of these tasks ran at the same time, at most."""
    spans = [task.get(timeout=60) for task in tasks]
    return max(sum(begun <= at < ended for begun, ended in spans) for at, _ in spans)


# -- what people write ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    ["gpu", {"gpu": 0}, {"gpu": "one"}, {"gpu": True}, {"gpu": 0.5}, {"memory": "2"}, {"a b": 1}],
)
def test_needs_are_names_and_amounts(gator: Gator, wrong: object) -> None:
    with pytest.raises((TypeError, ValueError), match="needs"):
        gator.options(needs=wrong)


def test_a_handle_tells_its_needs(gator: Gator) -> None:
    """And a retry has them too."""
    task = gator.options(needs={"memory": "16GB", "gpu": 2}).task(pow, 2, 10)
    assert task.needs == {"gpu": 2, "memory": 16_000_000_000}
    assert task.handle.record.lane.endswith("/any/gpu=2,memory=16000000000")
    task.cancel()
    assert task.retry().needs == task.needs
    fewer = task.retry(needs={"gpu": 1})
    assert fewer.needs == from_text(fewer.handle.record.lane.split("/")[-1]) == {"gpu": 1}


def test_the_order_in_which_they_are_written_is_nothing() -> None:
    """Equal needs are one lane."""
    assert text_of({"b": 1, "a": 2}) == text_of({"a": 2, "b": 1}) == "a=2,b=1"
    assert fit({"a": 2}, {"a": 2, "b": 1})
    assert not fit({"a": 3}, {"a": 2, "b": 1})


def test_the_gators_own_worker_may_have_something(gator: Gator) -> None:
    gator.start_worker(threads=1, has={"license": 1})
    assert gator.options(needs={"license": 1}).task(pow, 2, 10).get(timeout=60) == 1024
    assert gator.start_worker() is gator.start_worker(threads=1, has={"license": 1})
    with pytest.raises(ValueError, match="run already"):
        gator.start_worker(has={"license": 2})
    with pytest.raises(TypeError, match="has=2"):
        gator.start_worker(has=2)


# -- where they run ----------------------------------------------------------------------------


def test_they_wait_for_a_worker_that_has_enough(gator: Gator) -> None:
    task = gator.options(needs={"license": 2}).task(pow, 2, 10)
    with Worker(gator, threads=1, has={"license": 1}):
        assert gator.task(pow, 2, 3).get(timeout=30) == 8
        assert task.status is Status.WAITING
    with Worker(gator, threads=1, has={"license": 2}):
        assert task.get(timeout=30) == 1024


def test_no_more_is_used_than_there_is(gator: Gator) -> None:
    """Though there are more slots than licenses."""
    options = gator.options(needs={"license": 1})
    with Worker(gator, threads=4, has={"license": 2}):
        assert overlap([options.task(span) for _ in range(8)]) == 2


def test_what_fits_goes_past_what_does_not_fit_just_now(gator: Gator, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    with Worker(gator, threads=3, has={"license": 2}) as worker:
        until(worker.registered.is_set)
        held = gator.options(needs={"license": 1}).task(gate.wait)
        until(lambda: held.status is Status.RUNNING)
        large = gator.options(needs={"license": 2}).task(span)
        small = gator.options(needs={"license": 1}).task(span)
        small.wait(timeout=30)
        assert large.status is Status.WAITING
        gate.open()
        assert small.get(timeout=30) < large.get(timeout=30)


def test_order_holds_across_what_needs_something_and_what_does_not(gator: Gator) -> None:
    tasks = [
        gator.options(priority=priority, needs=needs, name=str(priority)).task(span)
        for priority, needs in [(1, None), (3, {"license": 1}), (2, None), (0, {"license": 1})]
    ]
    with Worker(gator, threads=1, has={"license": 1}):
        begun = {task.name: task.get(timeout=30)[0] for task in tasks}
    order = sorted(begun, key=lambda name: begun[name])
    assert order == ["3", "2", "1", "0"]


def test_what_nobody_can_run_is_told(gator: Gator) -> None:
    """And what is served is not, though it has to wait."""
    has = gator.options(needs={"license": 1}).task(span)
    never = gator.options(needs={"telescope": 1}).task(span)
    with Worker(gator, threads=1, has={"license": 1}):
        has.get(timeout=30)
        until(lambda: why_nobody_begins(gator.backend, [has.task_id]) is None)
        why = why_nobody_begins(gator.backend, [never.task_id])
        assert why is not None
        assert "they need telescope=1; start a worker that has it, as " in why
        command = " --has telescope=1" if gator.backend.persistent else "has={'telescope': 1}"
        assert command in why


# -- what is found -----------------------------------------------------------------------------


@pytest.fixture
def three_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A host on which nvidia-smi names three."""
    names = [f"GPU-{letter * 8}" for letter in "abc"]
    lines = [f"GPU {n}: NVIDIA A100 (UUID: {name})" for n, name in enumerate(names)]
    lines.insert(1, "  MIG 1g.5gb     Device  0: (UUID: MIG-1)")
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n" + "".join(f"echo '{line}'\n" for line in lines))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return names


def test_a_lane_that_cannot_be_read_is_passed_over_and_told_once(
    gator: Gator, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever writes to the store could have made it; a worker runs everything else."""
    forged = Record("forged", queue="all", lane=f"{gator.client.lanes('thread')[0]}gpu=many")
    gator.backend.put([Push(forged, b"nothing")])
    with Worker(gator, has={"gpu": 1}, threads=1):
        gator.map(pow, range(3), [2] * 3).wait(timeout=30)
        assert gator.options(needs={"gpu": 1}).task(pow, 2, 3).get(timeout=30) == 8
    told = [line for line in caplog.messages if "gpu=many" in line]
    assert len(told) == 1
    assert "passes over" in told[0]


def test_gpus_are_found(three_gpus: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that this process may use, where that is said."""
    assert visible_gpus() == tuple(three_gpus)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, 0")
    assert visible_gpus() == ("2", "0")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert visible_gpus() == ()


def test_without_nvidia_smi_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert not Capacities().fits({"gpu": 1})
    assert Capacities({"gpu": 1}).fits({"gpu": 1})


def test_a_worker_tells_the_gpus_that_it_finds(gator: Gator, three_gpus: list[str]) -> None:
    """`nvidia-smi` may take its time; the worker serves meanwhile, and tells of them then."""
    with Worker(gator, has={"license": 1}):
        until(lambda: any("gpu=3" in one.has for one in gator.backend.presences()))


def test_fewer_may_be_given_than_are_found(three_gpus: list[str]) -> None:
    assert Capacities().fits({"gpu": 3})
    assert not Capacities({"gpu": 2}).fits({"gpu": 3})
    assert not Capacities({"gpu": 0}).fits({"gpu": 1})
    one = Capacities({"gpu": 1})
    one.take("claim", {"gpu": 1})
    assert one.devices("claim") == (three_gpus[0],)


def test_memory_is_found() -> None:
    """At least what this test uses, and no more than any machine has."""
    assert Capacities().fits({"memory": 10_000_000})
    assert not Capacities().fits({"memory": usable_memory() + 1})


def test_on_another_host_nothing_is_found() -> None:
    """Where the code runs elsewhere, only what was said counts."""
    assert not Capacities(find=False).fits({"memory": 1})
    assert Capacities({"memory": "1GB"}, find=False).fits({"memory": 10**9})
