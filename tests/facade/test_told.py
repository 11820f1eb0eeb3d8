"""What is told of a call: what it takes along, and mistakes that would stay silent."""

import random
import sys
import warnings
from pathlib import Path

import pytest

from gator_nb import Gator
from gator_nb.errors import Untrusted
from gator_nb.payload import Report, environment

SOURCE = random.Random(0)
SEEN: list[int] = []


def draw(_: int) -> float:
    SEEN.append(1)
    return SOURCE.random()


def test_inspect_tells_what_would_travel_and_pushes_nothing(gator: Gator) -> None:
    scale = 3

    def work(x: int) -> int:
        return x * scale

    report = gator.inspect(work, 2)
    assert isinstance(report, Report)
    assert {part.name for part in report.parts} >= {"work", "x", "scale"}
    assert report.problem is None
    assert "<table" in report._repr_html_()
    assert len(gator) == 0


def test_inspect_names_what_is_in_the_way(gator: Gator) -> None:
    generator = (n for n in range(3))
    problem = gator.inspect(lambda: next(generator)).problem
    assert problem is not None
    assert "`generator`" in problem


def test_inspect_refuses_a_call_that_cannot_be(gator: Gator) -> None:
    with pytest.raises(TypeError):
        gator.inspect(lambda x: x)


def test_a_generator_that_every_task_would_copy_is_told_at_the_users_line(gator: Gator) -> None:
    """By a map and by a grid; a single task draws from its own copy, which is no mistake."""

    def work(_: int) -> float:
        return rng.random()

    rng = random.Random(0)
    for push in (
        lambda: gator.map(work, range(2)),
        lambda: gator.options(retries=1).map(work, range(2)),
        lambda: gator.grid(work, _=[1, 2]),
    ):
        with pytest.warns(UserWarning, match="draws the same numbers") as told:
            push()
        assert Path(told[0].filename) == Path(__file__)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gator.task(work, 1)


def test_a_list_that_a_task_changed_in_vain_is_in_its_log(gator: Gator) -> None:
    results: list[int] = []

    def work() -> None:
        results.append(1)

    gator.task(work)
    task = gator.pop()
    assert task is not None
    assert "changed its own copy of `results`" in task.logs()
    assert results == []


def test_a_result_of_a_class_that_was_defined_anew_is_told_of(
    gator: Gator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a restart, when a cell has defined its class again."""
    main = sys.modules["__main__"]
    first = type("Point", (), {"__module__": "__main__"})
    monkeypatch.setattr(main, "Point", first, raising=False)
    task = gator.task(first)
    gator.pop()
    monkeypatch.setattr(main, "Point", type("Point", (), {"__module__": "__main__"}))
    with pytest.warns(UserWarning, match="defined anew"):
        task.get()


def test_an_older_outcome_that_was_put_back_is_refused(gator: Gator) -> None:
    """Whoever can write to the store cannot bring an earlier result back."""
    task = gator.options(retries=1).task(flaky)
    gator.pop()
    earlier = gator.backend.outcome(task.task_id)
    gator.pop()
    assert task.get() == "right"
    gator.backend.outcome = lambda _: earlier
    with pytest.raises(Untrusted, match="another claim"):
        gator[task.task_id].get()


def flaky() -> str:
    from gator_nb import current_task

    if current_task().retries == 1:
        raise OSError("the first try")
    return "right"


def test_reuse_of_a_call_that_cannot_be_told_apart_says_so(gator: Gator) -> None:
    """It is pushed all the same, as a task of its own."""

    class Node:
        others: list["Node"]

    def work(source: object) -> int:
        return 1

    nodes = [Node() for _ in range(40)]
    for node in nodes:
        node.others = random.sample(nodes, len(nodes))
    with pytest.warns(UserWarning, match="reuse=True finds no earlier task"):
        gator.options(reuse=True).task(work, nodes)
    assert len(gator) == 1


def test_another_major_version_of_a_package_is_told_in_the_log_and_changes_nothing(
    gator: Gator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warning of what may behave otherwise there; a minor difference is not worth one."""
    import numpy as np

    def shape() -> int:
        return len(np.shape([1]))

    with monkeypatch.context() as there:
        there.setattr(np, "__version__", "0.1.2")
        environment._versions.pop("numpy", None)
        task = gator.task(shape)
    environment._versions.pop("numpy", None)
    gator.pop()
    assert task.get() == 1
    told = f"numpy: {np.__version__} is here, and the task was pushed with 0.1.2"
    assert f"[warning: {told}]" in task.logs()
