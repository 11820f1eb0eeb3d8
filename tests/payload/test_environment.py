"""What a call was pushed with is recorded, compared where it runs, and told when it differs."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn

from gator_nb import keys
from gator_nb.payload import (
    Call,
    CallHeader,
    Packing,
    differences,
    explanation,
    import_packages,
    open_call,
    seal_call,
)
from gator_nb.payload.environment import Difference


def recorded(func, *args):
    return Packing().packed(Call(func, args, {})).environment


def test_the_packages_that_a_call_names_are_recorded():
    """Whether its function names them, imports them, or is given a value of theirs."""
    here = recorded(lambda: np.mean(1), pd.Series([1]))["packages"]
    assert here["numpy"] == np.__version__
    assert here["pandas"] == pd.__version__

    def lazily():
        import sklearn.linear_model

        return sklearn.linear_model

    assert recorded(lazily)["packages"]["sklearn"] == sklearn.__version__


def test_what_comes_with_python_is_not():
    space = {"__name__": "__main__"}
    exec("import json, os\ndef f(): return json.dumps(os.sep)", space)
    assert "packages" not in recorded(space["f"])


def test_packages_that_a_local_module_imports_are_recorded(tmp_path, monkeypatch):
    (tmp_path / "own_tool.py").write_text("def f():\n    import sklearn\n    return sklearn")
    monkeypatch.syspath_prepend(str(tmp_path))
    import own_tool

    try:
        told = recorded(own_tool.f)
    finally:
        del sys.modules["own_tool"]
    assert told["packages"] == {"sklearn": sklearn.__version__}
    assert str(tmp_path) in told["path"]


def test_the_folder_is_recorded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert recorded(len)["folder"] == str(tmp_path)


def test_the_same_environment_has_no_differences():
    assert differences(recorded(lambda: np.mean(1))) == []
    assert differences(None) == []


@pytest.mark.parametrize(
    ("pushed", "here", "major"),
    [
        ("1.26.4", "2.4.6", True),
        ("2.4.6", "2.4.7", False),
        ("0.23.1", "0.24.0", True),
        ("0.23.1", "0.23.2", False),
        ("1.0", None, True),
    ],
)
def test_a_major_difference_is_told_apart(pushed, here, major):
    assert Difference("pack", pushed, here).major is major


def test_differences_name_both_versions():
    (numpy, gone) = differences({"packages": {"numpy": "1.9.0", "gone_package": "3.0"}})
    assert str(numpy) == f"numpy: {np.__version__} is here, and the task was pushed with 1.9.0"
    assert str(gone) == "gone_package: not installed here, and the task was pushed with 3.0"


def test_an_error_that_comes_from_another_place_is_explained(tmp_path, monkeypatch):
    told = {"folder": "/home/me/project", "packages": {"gone_package": "3.0"}}
    monkeypatch.chdir(tmp_path)
    missing = ModuleNotFoundError("No module named 'gone_package'", name="gone_package.inner")
    assert "pushed with gone_package 3.0" in explanation(missing, told)
    with pytest.raises(FileNotFoundError) as caught:
        Path("data.csv").read_text()
    assert "pushed in /home/me/project" in explanation(caught.value, told)
    assert explanation(caught.value, {"folder": str(tmp_path)}) is None
    assert explanation(ValueError(), told) is None


def test_a_module_that_did_not_travel_is_explained_by_where_it_was(tmp_path, monkeypatch):
    """The folder of the notebook, and what it had on `sys.path`; not where these are the same."""
    monkeypatch.chdir(tmp_path)
    missing = ModuleNotFoundError("No module named 'my_tools'", name="my_tools.inner")
    note = explanation(missing, {"folder": "/home/me/project", "path": ["/home/me/lib"]})
    assert "pushed with /home/me/project, /home/me/lib on its path" in note
    assert "an import statement in the function" in note
    assert explanation(missing, {"folder": str(tmp_path), "path": [sys.path[-1]]}) is None


def test_a_function_that_a_process_pool_cannot_find_is_explained():
    """As in a task that opens a pool for a function of its cell."""
    space = {"__name__": "__main__"}
    exec("def square(x): return x * x", space)
    for function in (space["square"], lambda x: x * x):
        with pytest.raises((pickle.PicklingError, AttributeError)) as caught:
            pickle.dumps(function)
        assert "joblib.Parallel, or gator.map" in explanation(caught.value, {})
    assert explanation(AttributeError("no such column"), {}) is None


def test_it_is_signed_with_the_call():
    ring = keys.Keyring([keys.key_of(bytes(32))])
    told = recorded(lambda: np.mean(1))
    header = CallHeader("t", "all", "f", "3.11", {}, environment=told)
    back, _ = open_call(ring, seal_call(ring, header, b""), origin="t", queue="all")
    assert back.environment == told


AT_ONCE = """
import importlib, sys, threading
from gator_nb.payload import import_packages

parts = ["base", "linear_model", "model_selection", "svm"]
start, failed = threading.Barrier(len(parts)), []

def load(part):
    start.wait()
    import_packages({"packages": {"sklearn": "1"}})
    try:
        importlib.import_module(f"sklearn.{part}")
    except ImportError as error:
        failed.append(str(error))

assert "sklearn" not in sys.modules
threads = [threading.Thread(target=load, args=(part,)) for part in parts]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(failed)
"""


def test_threads_that_meet_a_package_at_once_find_it_whole():
    """As tasks of one worker do; the functions of `test_everyday.py` met scikit-learn half made
    before there was this."""
    run = subprocess.run(
        [sys.executable, "-c", AT_ONCE], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout == "[]\n"


def test_a_package_that_is_not_there_is_told_by_the_call_that_needs_it():
    import_packages({"packages": {"no_such_package": "1.0"}})
    import_packages(None)
