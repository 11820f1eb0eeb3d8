"""Equal calls have equal keys in every kernel; what makes a difference to the result, differs."""

import os
import random
import subprocess
import sys
import textwrap
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gator_nb.payload import Call, call_key, difference, why_no_key

ROOT = Path(__file__).parents[2]

NOTEBOOK = """
import math
from dataclasses import dataclass
from enum import Enum
from functools import cache, cached_property

LIMITS = {"low": 0.5, "high": {3, 1, 2}}
KINDS = {"ridge", "lasso", "forest", "boost"}

class Kind(Enum):
    RIDGE = "ridge"
    LASSO = "lasso"

class Base:
    kinds = frozenset(KINDS)
    def scale(self, x):
        return x * LIMITS["low"]

@dataclass
class Model(Base):
    depth: int = 3
    names: tuple = ("a", "b")
    @property
    def size(self):
        return self.depth * 2
    @cached_property
    def heavy(self):
        return super().scale(1)

@cache
def even(n):
    return n == 0 or odd(n - 1)

def odd(n):
    return n != 0 and even(n - 1)

def make(factor):
    def fit(model, *, lr=0.1, kind=Kind.RIDGE):
        if lr in {1, 2, "three"}:
            return [model.scale(f) for f in range(3)]
        try:
            return math.sqrt(model.size) * factor + even(2)
        except ValueError:
            return lambda: KINDS
    return fit
"""

EDITED = "# a comment\n\n\n" + NOTEBOOK.replace(
    "def odd(n):", "# odd ones\n\n\ndef odd(n):  # here too"
)

SHOW = """
import sys
sys.path.insert(0, {root!r})
from gator_nb.payload import Call, call_key
space = globals()
exec(compile({source!r}, {file!r}, "exec"), space)
call = Call(make(3), (Model(names=("x", "y")),), {{"lr": 0.2, "kind": Kind.LASSO}})
print(call_key(call))
"""


def key_in_a_new_kernel(source, seed, file):
    script = SHOW.format(root=str(ROOT), source=source, file=file)
    env = {**os.environ, "PYTHONHASHSEED": str(seed)}
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, capture_output=True, text=True, env=env, timeout=60)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def key(func, *args, **kwargs):
    found = call_key(Call(func, args, kwargs))
    assert found is not None, why_no_key(Call(func, args, kwargs))
    return found


def what_differs(a, b):
    return difference(key(a), key(b))


def written(source, **space):
    """A function as a cell of a notebook makes it: by value, with these globals."""
    space["__name__"] = "__main__"
    exec(compile(textwrap.dedent(source), f"cell-{len(source)}", "exec"), space)
    return space["f"]


def test_the_key_of_a_cell_is_the_same_in_every_kernel():
    """Whatever the hash seed, the file name, the lines and the comments."""
    first = key_in_a_new_kernel(NOTEBOOK, 1, "/tmp/ipykernel_1/1.py")
    assert first.startswith(f"1:{sys.version_info.major}.{sys.version_info.minor}:")
    assert key_in_a_new_kernel(EDITED, 2, "/tmp/ipykernel_2/7.py") == first


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("in {1, 2,", "in {1, 4,", "its code"),
        ("lr=0.1", "lr=0.3", "its captured values"),
        ('{"low": 0.5', '{"low": 0.6', "its arguments"),
        ("n != 0 and", "n > 0 and", "its captured values"),
        ("make(factor):", "make(factor, _=0):\n    factor += 1", "its captured values"),
        ("self.depth * 2", "self.depth * 3", "its arguments"),
        ("depth: int = 3", "depth: int = 4", "its arguments"),
        ('LASSO = "lasso"', 'LASSO = "Lasso"', "its captured values and its arguments"),
    ],
)
def test_an_edit_that_matters_changes_the_key_and_is_named(old, new, what):
    changed = NOTEBOOK.replace(old, new)
    assert changed != NOTEBOOK
    a, b = (key_in_a_new_kernel(source, 1, "cell") for source in (NOTEBOOK, changed))
    assert difference(a, b) == what


def test_code_captured_values_and_arguments_are_told_apart():
    add = written("def f(x): return x + n", n=1)
    assert what_differs(add, written("def f(x): return x - n", n=1)) == "its code"
    assert what_differs(add, written("def f(x): return x + n", n=2)) == "its captured values"
    assert difference(key(add, 1), key(add, 2)) == "its arguments"
    assert difference(key(add, 1), key(add, 1)) == ""
    other = written("def f(x): return x * n", n=3)
    assert difference(key(add, 1), key(other, 2)) == (
        "its code, its captured values and its arguments"
    )


def test_names_and_constants_of_nested_code_count():
    base = written("def f(): return [i.real for i in range(3)]")
    assert what_differs(base, written("def f(): return [i.imag for i in range(3)]")) == "its code"
    assert what_differs(base, written("def f(): return [i.real for i in range(4)]")) == "its code"


def test_where_an_exception_is_caught_counts():
    """Two functions of the same bytecode may differ in their table of handlers alone."""
    a = written("def f():\n try:\n  g(); h()\n except E: return 1")
    b = written("def f():\n try:\n  g()\n except E: return 1\n h()")
    assert what_differs(a, b) == "its code"


def test_a_call_is_bound_to_its_signature():
    def f(a, b=2, *, c=3):
        return a

    assert key(f, 1, b=2) == key(f, 1, 2) == key(f, a=1) == key(f, 1, c=3)
    assert key(f, 1, 3) != key(f, 1)

    def g(a, *rest, **named):
        return a

    assert key(g, 1, x=1, y=2) == key(g, a=1, y=2, x=1)
    assert key(g, 1, 2) != key(g, 1)


def test_a_parameter_may_be_positional_only():
    def f(a, /, **named):
        return a

    assert key(f, 1, a=2) != key(f, 2, a=1)


def test_numbers_of_different_types_differ():
    values = [1, 1.0, True, 1 + 0j, "1", b"1", np.float64(1), np.int64(1), np.float32(1), None]
    assert len({key(print, value) for value in values}) == len(values)
    assert len({key(print, [value]) for value in values}) == len(values)


def test_kinds_of_containers_differ():
    values = [[], (), {}, set(), frozenset(), [[]], [()], "", b"", bytearray()]
    assert len({key(print, value) for value in values}) == len(values)


@given(st.dictionaries(st.text(max_size=5), st.integers(), max_size=8), st.randoms())
def test_the_order_of_dicts_and_sets_does_not_matter(values, shuffler):
    items = list(values.items())
    shuffler.shuffle(items)
    assert key(print, dict(items), set(items)) == key(print, values, set(values.items()))


def test_sharing_does_not_matter_only_values_do():
    inner = [1, [2]]
    assert key(print, [inner, inner]) == key(print, [[1, [2]], [1, [2]]])


def test_what_is_captured_is_taken_as_it_is_now():
    seen = []

    def f():
        return seen

    before = key(f)
    seen.append(1)
    assert key(f) != before
    seen.clear()
    assert key(f) == before


def test_two_closures_of_one_function_differ_by_what_they_hold():
    def make(n):
        return lambda: n

    assert key(make(1)) == key(make(1)) != key(make(2))
    assert key(print, [make(1), make(2)]) != key(print, [make(2), make(1)])


def test_circles_end():
    ring = [1]
    ring.append({"again": ring})
    same = [1]
    same.append({"again": same})
    assert key(print, ring) == key(print, same) != key(print, [1, {"again": [1]}])


def test_a_web_without_end_has_no_key():
    """Every object points at every other: there is no short way to say it canonically."""

    class Node:
        pass

    nodes = [Node() for _ in range(40)]
    for node in nodes:
        node.others = random.sample(nodes, len(nodes))
    call = Call(print, (nodes,), {})
    assert call_key(call) is None
    assert "point at each other" in why_no_key(call)


def test_something_nested_without_end_has_no_key():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert call_key(Call(print, (deep,), {})) is None


@pytest.mark.parametrize(
    "value",
    [threading.Lock(), (i for i in ()), sys._getframe(), sys.stdout],
    ids=["lock", "generator", "frame", "stdout"],
)
def test_what_has_no_value_has_no_key_and_is_named(value):
    call = Call(print, ([value],), {})
    assert call_key(call) is None
    assert type(value).__name__ in why_no_key(call)


def arrays():
    grid = np.arange(6).reshape(2, 3)
    return {
        "ints": grid,
        "shape": grid.reshape(3, 2),
        "type": grid.astype(float),
        "values": grid + 1,
        "zero-d": np.array(3),
        "empty": np.empty((0, 3)),
        "dates": np.array(["2020-01-01"], "M8[s]"),
        "texts": np.array(["a", "b"]),
        "objects": np.array([1, "a", None], dtype=object),
        "records": np.array([(1, "a")], dtype=[("n", "i1"), ("o", object)]),
        "masked": np.ma.array([1, 2], mask=[0, 1]),
        "unmasked": np.ma.array([1, 2], mask=[0, 0]),
    }


def test_arrays_are_told_apart_by_type_shape_and_content():
    keys = {name: key(print, array) for name, array in arrays().items()}
    assert len(set(keys.values())) == len(keys)
    assert keys == {name: key(print, array) for name, array in arrays().items()}


def test_how_an_array_lies_in_memory_does_not_matter():
    grid = np.arange(6).reshape(2, 3)
    assert key(print, np.asfortranarray(grid)) == key(print, grid)
    assert key(print, np.arange(12)[::2]) == key(print, np.arange(12)[::2].copy())


def frame(**changes):
    columns = {
        "n": [1, 2, 3],
        "x": [0.5, None, 2.0],
        "s": ["a", None, "c"],
        "o": [1, "b", (2,)],
        "t": pd.to_datetime(["2020-01-01", None, "2020-01-03"]),
        "z": pd.to_datetime(["2020-01-01"] * 3).tz_localize("Europe/Berlin"),
        "c": pd.Categorical(["u", "v", "u"]),
        "i": pd.array([1, None, 3], dtype="Int64"),
        "d": pd.to_timedelta([1, 2, 3], unit="s"),
        "p": pd.period_range("2020", periods=3, freq="D"),
    }
    return pd.DataFrame({**columns, **changes}, index=pd.Index(["a", "b", "c"], name="id"))


def test_frames_are_told_apart_by_their_content():
    base = frame()
    others = [
        base.drop(columns="n"),
        base.rename(columns={"n": "m"}),
        base.reset_index(),
        base.rename_axis("key"),
        base.set_index(["n", "s"]),
        base.iloc[::-1],
        frame(n=[1, 2, 4]),
        frame(n=[1.0, 2.0, 3.0]),
        frame(s=["a", None, "d"]),
        frame(o=[1, "b", (3,)]),
        frame(t=pd.to_datetime(["2020-01-01", None, "2020-01-04"])),
        frame(c=pd.Categorical(["u", "v", "u"], categories=["v", "u"])),
        frame(i=pd.array([1, 2, 3], dtype="Int64")),
        base["n"],
        base["x"],
    ]
    keys = [key(print, value) for value in (base, *others)]
    assert len(set(keys)) == len(keys)


def test_a_frame_is_the_same_however_it_came_about():
    """Reading from an index fills caches in it, and pickle writes them."""
    used = frame()
    assert "a" in used.index
    assert used.index.get_loc("b") == 1
    assert used["n"].sum() == 6
    pieces = pd.concat([frame().iloc[:1], frame().iloc[1:]])
    assert key(print, used) == key(print, frame()) == key(print, pieces)


def test_random_generators_are_what_they_will_draw():
    assert key(print, np.random.default_rng(0)) == key(print, np.random.default_rng(0))
    used = np.random.default_rng(0)
    used.random()
    assert key(print, used) != key(print, np.random.default_rng(0))
    assert key(print, random.Random(1)) == key(print, random.Random(1))


def test_installed_functions_go_by_their_name():
    assert key(np.sqrt, 1) == key(np.sqrt, 1) != key(np.exp, 1)
    assert difference(key(np.mean, 1), key(np.median, 1)).startswith("its code")


def test_a_method_of_a_class_in_c_goes_by_its_name():
    assert key(str.upper, "a") == key(str.upper, "a") != key(str.lower, "a")
    assert key(dict.fromkeys, "a") != key(dict.fromkeys, "b")


def test_partials_and_methods_hold_what_they_are_bound_to():
    def f(a, b):
        return a

    class Model:
        def __init__(self, depth):
            self.depth = depth

        def fit(self):
            return self.depth

    assert key(partial(f, 1), 2) == key(partial(f, 1), 2) != key(partial(f, 2), 2)
    assert key(Model(1).fit) == key(Model(1).fit) != key(Model(2).fit)


def test_hooks_are_not_part_of_a_call():
    assert call_key(Call(len, ("a",), {}, print)) == call_key(Call(len, ("a",), {}))


def test_the_line_that_python_3_13_writes_into_a_class_does_not_matter():
    source = "def f():\n    class K:\n        __firstlineno__ = {line}\n    return K"
    first = written(source.format(line=2))
    assert key(written("\n\n" + source.format(line=4))) == key(first)
    assert key(written(source.format(line=7))) != key(first)
