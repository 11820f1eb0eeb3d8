"""`group.table()`: one row a task, while they run and afterwards."""

import sys

import numpy as np
import pytest

from gator_nb import Gator, progress

from ..facade.conftest import claimed_elsewhere


def fit(lr: float, depth: int = 3) -> dict[str, float]:
    progress(1, 1, loss=1 - lr)
    if lr > 0.5:
        raise ValueError("diverged")
    return {"accuracy": lr * depth}


def test_a_row_a_task_by_its_id(busy: Gator) -> None:
    """Parameters by name, defaults filled in; a dict as a result becomes columns."""
    group = busy.grid(fit, lr=[0.1, 0.2], depth=[2, 4]).wait(20)
    table = group.table()
    assert list(table.index) == [task.task_id for task in group]
    assert list(table.columns) == [
        "lr", "depth", "status", "elapsed", "peak_memory", "loss", "accuracy", "error",
    ]  # fmt: skip
    assert table.lr.tolist() == [0.1, 0.1, 0.2, 0.2]
    assert table.depth.tolist() == [2, 4, 2, 4]
    assert table.loss.tolist() == [0.9, 0.9, 0.8, 0.8]
    assert table.accuracy.tolist() == [0.2, 0.4, 0.4, 0.8]
    assert (table.elapsed >= 0).all()
    assert table[["lr", "accuracy"]].dtypes.tolist() == [np.float64, np.float64]


def test_failures_are_rows(busy: Gator) -> None:
    """With their error and the figures that they came to."""
    table = busy.map(fit, [0.1, 0.9]).wait(20).table()
    assert table.status.tolist() == ["success", "failed"]
    assert table.error.iloc[1] == "ValueError: diverged"
    assert np.isnan(table.accuracy.iloc[1])
    assert table.loss.round(1).tolist() == [0.9, 0.1]


def test_it_works_while_they_run(gator: Gator) -> None:
    """What is not there yet is empty; the next call has more."""
    group = gator.map(fit, [0.1, 0.2, 0.3])
    claimed_elsewhere(gator, group[0])
    gator.pop()
    table = group.table()
    assert table.status.tolist() == ["running", "success", "waiting"]
    assert table.elapsed.isna().tolist() == [False, False, True]
    assert table.accuracy.isna().tolist() == [True, False, True]


def test_after_a_restart_it_is_the_same(busy: Gator) -> None:
    """Names and values of the parameters are kept beside the call, which is not loaded."""
    group = busy.options(name="sweep").grid(fit, lr=[0.1, 0.2], depth=[2]).wait(20)
    later = busy.tasks(name="sweep")[::-1]
    assert not later[0].live
    assert later.table().drop(columns="elapsed").equals(group.table().drop(columns="elapsed"))


def test_plain_results_have_a_column(busy: Gator) -> None:
    """Numbers stay numbers; of what is neither number nor text there is a line."""
    table = busy.map(lambda x: x, [1, "a", [1, 2], np.float64(0.5)]).wait(20).table()
    assert table.result.tolist() == [1, "a", "[1, 2]", 0.5]


def test_whole_results_on_demand(busy: Gator) -> None:
    """`results=True` puts the objects themselves into the cells."""
    table = busy.map(lambda n: {"values": list(range(n))}, [2]).wait(20).table(results=True)
    assert table["values"].iloc[0] == [0, 1]


def test_a_large_result_is_not_loaded_for_a_look(busy: Gator) -> None:
    """Its preview is kept beside it."""
    group = busy.map(lambda n: "x" * n, [200_000]).wait(20)
    assert len(group.table().result.iloc[0]) < 400
    assert len(group.table(results=True).result.iloc[0]) == 200_000


def test_names_that_come_up_twice_say_what_they_are(busy: Gator) -> None:
    """A parameter goes before a metric, that before a result."""

    def report(status: str, loss: float) -> dict[str, float]:
        progress(1, loss=0.5)
        return {"loss": 0.25, "error": 3}

    table = busy.map(report, ["x"], [1.0]).wait(20).table()
    assert table[["status (parameter)", "status", "loss"]].iloc[0].tolist() == ["x", "success", 1.0]
    assert table[["loss (metric)", "loss (result)"]].iloc[0].tolist() == [0.5, 0.25]
    assert table["error (result)"].iloc[0] == 3


def test_tasks_of_different_functions_are_told_apart(busy: Gator) -> None:
    """By a column of their labels."""
    busy.task(fit, 0.1), busy.task(pow, 2, 10)
    table = busy.wait(busy.tasks(), timeout=20).table()
    assert table.label.tolist() == ["pow", "fit"]


def test_values_that_are_no_plain_data_are_shown_in_short(gator: Gator) -> None:
    """A frame or a handle is not put into a cell."""
    import pandas as pd

    source = gator.task(pow, 2, 3)
    table = gator.map(lambda data, n: n, [pd.DataFrame({"a": [1]})], [source]).table()
    assert table[["data", "n"]].iloc[0].tolist() == [
        "DataFrame[1, 1]",
        f"<the result of task {source.task_id[:8]}>",
    ]


def test_an_empty_group_is_an_empty_table(gator: Gator) -> None:
    """With the columns that every table has."""
    table = gator.map(fit, []).table()
    assert (len(table), "status" in table.columns, "error" in table.columns) == (0, True, True)


def test_without_pandas_it_says_what_to_install(
    gator: Gator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is loaded only here."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        gator.map(fit, [0.1]).table()


def test_a_table_asks_the_store_once_for_all_that_is_open(
    gator: Gator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not once a task."""
    group = gator.map(fit, [0.1] * 50)
    asked = []
    get = gator.backend.get
    monkeypatch.setattr(gator.backend, "get", lambda ids: asked.append(len(ids)) or get(ids))
    group.table()
    assert asked == [50]
