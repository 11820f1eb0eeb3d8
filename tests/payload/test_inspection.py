"""A call tells what it would take along, and what is in its way, before it is pushed."""

import importlib
import io
import json
import logging
import socket
import sqlite3
import subprocess
import sys
import threading
from functools import partial

import numpy as np
import pandas as pd
import pytest
import tqdm.auto

from gator_nb import errors
from gator_nb.payload import Call, Packing, Report
from gator_nb.payload.inspection import size_text
from gator_nb.payload.local_modules import _editables

from .cells import cell


def report(func, *args, **kwargs):
    return Report(Call(func, args, kwargs))


def part(found, name):
    return next(one for one in found.parts if one.name == name)


def test_every_value_is_there_with_its_type_size_and_origin():
    X = np.zeros(10_000)
    f = cell("def f(a, b=2): return X.sum() + helper(a)\ndef helper(x): return x + n", X=X, n=5)
    found = report(f, 1)
    assert found.problem is None
    assert found.size > X.nbytes
    assert part(found, "f").origin == "the function"
    assert part(found, "a").origin == "argument"
    assert part(found, "b").origin == "default of `f`"
    assert part(found, "X").type == "numpy.ndarray"
    assert X.nbytes <= part(found, "X").size < X.nbytes + 500
    assert part(found, "X").origin == "notebook, read by `f`"
    assert part(found, "n").origin == "notebook, read by `helper`"


def test_closures_hooks_and_what_is_wrapped_are_seen():
    seed = 3

    def work(a):
        return seed + a

    call = Call(partial(work, 1), (), {}, on_success=lambda task, result: None)
    found = Report(call)
    assert part(found, "seed").origin == "closure of `work`"
    assert part(found, "on_success").origin == "hook"


def test_how_each_travels_is_told(tmp_path, monkeypatch):
    (tmp_path / "own_part.py").write_text("def one(): return 1")
    monkeypatch.syspath_prepend(str(tmp_path))
    import own_part

    try:
        found = report(
            cell(
                "def f(): return np, own_part, one, np.mean",
                np=np,
                own_part=own_part,
                one=own_part.one,
            )
        )
    finally:
        del sys.modules["own_part"]
    assert part(found, "np").travels == "by name, numpy"
    assert part(found, "own_part").travels == "as source; the module's state stays here"
    assert part(found, "one").travels.startswith("as source")


def test_a_module_that_is_only_imported_inside_is_listed(tmp_path, monkeypatch):
    (tmp_path / "own_lazy.py").write_text("ONE = 1")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = report(cell("def f():\n import own_lazy\n return own_lazy.ONE"))
    assert part(found, "own_lazy").origin == "imported in `f`"
    assert part(found, "own_lazy").travels == "as source"


def test_what_is_in_the_way_is_the_same_sentence_as_at_push():
    con = sqlite3.connect(":memory:")
    f = cell("def f(): return con", con=con)
    found = report(f)
    with pytest.raises(errors.NotPicklable) as refused:
        Packing().packed(Call(f, (), {})).payload
    con.close()
    assert found.problem == str(refused.value)
    assert found.size is None
    assert part(found, "con").travels == "not: open it inside the function"


def test_it_shows_as_a_table_in_a_notebook_and_as_text():
    f = cell("def f(): return frame, name", frame=pd.DataFrame({"a": [1]}), name="<b>bold</b>")
    found = report(f)
    text, page = repr(found), found._repr_html_()
    assert text.startswith("`f` can be pushed: ")
    assert "pandas" in text
    assert page.count("<tr>") == len(found.parts) + 1
    assert "<b>" not in report(cell("def f(): return 1"), **{"<b>": 1})._repr_html_()


def test_what_is_not_listed_is_told():
    many = {f"name{number}": number for number in range(300)}
    body = ", ".join(many)
    assert "only the first 200 are listed" in repr(report(cell(f"def f(): return {body}", **many)))


def test_circles_end():
    f = cell("def f(): return g\ndef g(): return f, f.self")
    f.self = f
    assert {one.name for one in report(f).parts} == {"f", "g"}


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (999_999, "1.0 MB"), (5e15, "5000.0 TB")],
)
def test_sizes_are_written_for_people(size, text):
    assert size_text(size) == text


def generator():
    yield 1


class Progress(threading.Thread):
    """A user's subclass of a usual suspect."""


@pytest.fixture
def suspects(tmp_path):
    """By kind: a value that usual code captures and no process can send."""
    con = sqlite3.connect(":memory:")
    a_socket, log = socket.socket(), (tmp_path / "log").open("w")
    process = subprocess.Popen([sys.executable, "-c", ""])
    handler = logging.StreamHandler()
    yield {
        "connection": con,
        "cursor": con.cursor(),
        "file": log,
        "socket": a_socket,
        "process": process,
        "lock": threading.Lock(),
        "event": threading.Event(),
        "thread": Progress(),
        "local": threading.local(),
        "generator": generator(),
        "handler": handler,
        "frame": sys._getframe(),
    }
    process.wait(30)
    for one in (con, a_socket, log, handler):
        one.close()


def test_the_usual_suspects_are_named_each_with_its_mend(suspects):
    mends = {}
    for kind, value in suspects.items():
        f = cell("def f(): return value", value=value)
        problem = report(f).problem
        assert problem.startswith("`f` captures `value` ("), kind
        mends[kind] = problem.partition("): ")[2]
    assert mends["connection"] == mends["cursor"] == "open it inside the function"
    assert mends["file"] == "pass the path and open it inside the function"
    assert mends["lock"] == mends["thread"]
    assert "share no memory" in mends["lock"]
    assert "start it inside" in mends["process"]
    assert "list" in mends["generator"]
    assert "getLogger" in mends["handler"]
    assert not any(mend.startswith("make it inside the function, or") for mend in mends.values())


def test_loggers_travel_by_their_name():
    assert report(cell("def f(): return log", log=logging.getLogger("a"))).problem is None


def stubborn(module, name):
    """A value of a class that is not installed here, and that says no to pickle as that does."""

    def refuse(self, protocol):
        raise TypeError(f"cannot pickle {name}")

    return type(name, (), {"__module__": module, "__reduce_ex__": refuse})()


@pytest.mark.parametrize(
    ("module", "name", "mend"),
    [
        ("polars.lazyframe.frame", "LazyFrame", "collect it first"),
        ("pyspark.sql.dataframe", "DataFrame", "collect it first"),
        ("serial.serialposix", "Serial", "open the device inside the function"),
        ("cv2", "VideoCapture", "open the device inside the function"),
        ("ipywidgets.widgets.widget_int", "IntSlider", "pass its value"),
        ("sqlalchemy.engine.base", "Engine", "open it inside the function"),
        ("botocore.client", "S3", "make it inside the function"),
    ],
)
def test_suspects_of_other_libraries_have_their_mends(module, name, mend):
    """Known by the names of their types: nothing of theirs is imported for it."""
    problem = report(cell("def f(): return value", value=stubborn(module, name))).problem
    assert problem.startswith(f"`f` captures `value` ({module}.{name}): {mend}")


@pytest.mark.parametrize("bar", [tqdm.std.tqdm, tqdm.auto.tqdm])
def test_a_bar_stays_where_it_was_made(bar):
    """Where its output pickles, as in a script, it would too, and be of no use to anybody."""
    with bar(total=3, file=io.StringIO()) as value:
        problem = report(cell("def f(): value.update()", value=value)).problem
    assert problem.startswith("`f` captures `value` (tqdm.")
    assert problem.endswith("): make the bar inside the function, or use `gator_nb.track`")


@pytest.fixture
def editable_tool(tmp_path, monkeypatch):
    """A distribution `own-tool` that was installed for editing, from a folder of the user's."""
    site, project = tmp_path / "lib" / "site-packages", tmp_path / "project"
    info = site / "own_tool-1.0.dist-info"
    for folder in (info, project):
        folder.mkdir(parents=True)
    (project / "own_tool.py").write_text("def one(): return 1")
    (info / "METADATA").write_text("Name: own-tool\nVersion: 1.0\n")
    (info / "top_level.txt").write_text("own_tool\n")
    told = {"url": project.as_uri(), "dir_info": {"editable": True}}
    (info / "direct_url.json").write_text(json.dumps(told))
    monkeypatch.syspath_prepend(str(project))
    monkeypatch.syspath_prepend(str(site))
    _editables.cache_clear()
    yield importlib.import_module("own_tool")
    del sys.modules["own_tool"]
    _editables.cache_clear()


def test_what_is_installed_for_editing_goes_by_name_and_says_so(editable_tool):
    """The worker needs it too, and its version is recorded with the call."""
    f = cell("def f(): return own_tool.one()", own_tool=editable_tool)
    travels = part(report(f), "own_tool").travels
    assert travels == "by name; own_tool is installed for editing, and the worker needs it too"
    packed = Packing().packed(Call(f, (), {}))
    assert packed.environment["packages"] == {"own_tool": "1.0"}
    assert b"def one" not in packed.payload


def test_what_the_store_keeps_once_is_told():
    data = np.zeros(1_000_000)
    found = Report(Call(cell("def f(n): return data[n]", data=data), (3,), {}))
    assert found.beside == 8_000_000
    assert part(found, "data").travels == "by value, stored once"
    assert part(found, "n").travels == "by value"
    assert "8.0 MB of it stored once" in repr(found)
    assert Report(Call(len, (bytes(2_000_000),), {})).beside == 2_000_000
