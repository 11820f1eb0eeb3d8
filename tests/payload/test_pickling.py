"""A call travels by value; what cannot is named with the way to it and the mend."""

import functools
import io
import subprocess
import sys
import threading
from pathlib import Path
from sqlite3 import connect

import pytest

from gator_nb import errors
from gator_nb.payload import Call, Packing, loads

ROOT = Path(__file__).parents[2]


def refusal(func, *args, **kwargs):
    with pytest.raises(errors.NotPicklable) as caught:
        Packing().packed(Call(func, args, kwargs)).payload
    return str(caught.value)


@pytest.fixture
def con():
    connection = connect(":memory:")
    yield connection
    connection.close()


def test_a_closure_and_its_hooks_come_back():
    factor = 3
    call = Call(lambda x: x * factor, (2,), {}, on_success=lambda task, result: result + factor)
    back = loads(Packing().packed(call).payload)
    assert type(back) is Call
    assert back.func(*back.args) == 6
    assert back.on_success(None, 1) == 4


def test_a_captured_connection_is_named(con):
    def load():
        return con

    expected = "`load` captures `con` (sqlite3.Connection): open it inside the function"
    assert refusal(load) == expected


def test_a_captured_file_is_named(tmp_path):
    with (tmp_path / "log").open("w") as log:

        def write():
            log.write("x")

        assert refusal(write) == (
            "`write` captures `log` (_io.TextIOWrapper): "
            "pass the path and open it inside the function"
        )


def test_a_lock_in_a_list_in_a_closure_is_named_by_its_path():
    state = [1, {"locks": [threading.Lock()]}]

    def work():
        return state

    assert refusal(work).startswith("`work` captures `state[1]['locks'][0]` (_thread.lock): ")


def test_a_global_is_named():
    space = {"__name__": "__main__", "numbers": (i for i in ())}
    exec("def total():\n    return sum(numbers)", space)
    assert refusal(space["total"]) == (
        "`total` captures `numbers` (generator): make a list of it, or make it inside the function"
    )


def test_what_a_called_function_captures_is_named_with_that_function(con):
    def load():
        return con

    def outer():
        return [load() for _ in range(2)]

    assert refusal(outer).startswith("`load` captures `con`")


def test_the_shortest_way_is_told(con):
    far, near = [[[con]]], con

    def load():
        return far, near

    assert refusal(load).startswith("`load` captures `near` ")


def test_arguments_are_named_as_parameters(con):
    def load(table, db=None):
        return table

    assert refusal(load, "t", con).startswith("`load` gets `db` (sqlite3.Connection)")
    assert refusal(load, "t", db=[con]).startswith("`load` gets `db[0]` (sqlite3.Connection)")
    assert refusal(print, 1, con).startswith("`print` gets `args[1]` (sqlite3.Connection)")


def test_defaults_attributes_and_hooks_are_named(con):
    def load(db=con):
        return db

    def hook(task):
        return con

    assert refusal(load).startswith("`load` has the default `db` (sqlite3.Connection)")
    with pytest.raises(errors.NotPicklable, match="`hook` captures `con`"):
        Packing().packed(Call(print, (), {}, on_start=hook)).payload


def test_what_an_object_holds_is_named(con):
    class Model:
        def __init__(self):
            self.db = con

        def fit(self):
            return 1

    assert refusal(Model().fit).startswith("`fit` captures `self.db` (sqlite3.Connection)")
    assert refusal(functools.partial(print, Model())).startswith("`print` is `print.args[0].db`")


def test_a_known_kind_is_named_itself_and_not_what_it_holds():
    event = threading.Event()

    def work():
        return event.wait()

    assert refusal(work).startswith("`work` captures `event` (threading.Event)")


def test_circles_end(con):
    ring = {"con": None}
    ring["ring"] = ring
    ring["deep"] = [ring, con]

    def work():
        return ring

    assert refusal(work).startswith("`work` captures `ring['deep'][1]` (sqlite3.Connection)")


def test_an_object_that_refuses_is_named_with_its_type():
    class Refuses:
        def __reduce__(self):
            raise ValueError("not me")

    value = Refuses()

    def work():
        return value

    assert "`work` captures `value` (" in refusal(work)
    assert "Refuses): make it inside the function" in refusal(work)


def test_what_is_nested_too_deeply_is_told_as_such():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert refusal(print, deep) == (
        "the call of `print` cannot be pickled: values are nested too deeply; flatten them"
    )


NOTEBOOK = """
import sys
sys.path.insert(0, {root!r})
import functools
from gator_nb.payload import Call, Packing

@functools.lru_cache(maxsize=7)
def fib(n):
    "Of Fibonacci."
    return n if n < 2 else fib(n - 1) + fib(n - 2)

class Model:
    @functools.cache
    def size(self):
        return 5

def work():
    return fib(30), fib.__doc__, fib.cache_parameters()["maxsize"], Model().size()

sys.stdout.buffer.write(Packing().packed(Call(work, (), {{}})).payload)
"""


def test_cached_functions_of_a_notebook_travel():
    """cloudpickle alone would send their name, which the worker does not know."""
    made = subprocess.run(
        [sys.executable, "-c", NOTEBOOK.format(root=str(ROOT))], capture_output=True, timeout=60
    )
    assert made.returncode == 0, made.stderr
    assert loads(made.stdout).func() == (832040, "Of Fibonacci.", 7, 5)


def test_importing_the_package_loads_neither_cloudpickle_nor_numpy():
    code = (
        "import sys, gator_nb.payload; "
        "print([m for m in ('cloudpickle', 'numpy', 'pandas') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert run.stdout == "[]\n", run.stderr


def test_standard_streams_and_modules_may_be_captured():
    def work():
        return io.StringIO, sys.stdout

    assert loads(Packing().packed(Call(work, (), {})).payload).func()[0] is io.StringIO
