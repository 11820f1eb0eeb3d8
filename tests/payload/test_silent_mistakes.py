"""What would go wrong in silence is told: equal random numbers, and changes that nobody sees."""

import functools
import random
from random import gauss
from random import random as draw

import numpy as np
import pytest
from numpy.random import normal as numpy_normal

from gator_nb.payload import Call, Packing, call_key, loads
from gator_nb.payload.own_copies import OwnCopies
from gator_nb.payload.random_state import repeated_random_state

from .cells import cell

ROWS = [((i,), {}) for i in range(3)]


@pytest.mark.parametrize(
    "rng",
    [np.random.default_rng(0), np.random.RandomState(0), random.Random(0), np.random.PCG64(0)],
    ids=lambda rng: type(rng).__name__,
)
def test_a_captured_generator_is_told(rng):
    told = repeated_random_state(cell("def f(i): return rng", rng=rng), ROWS)
    assert told.startswith("`f` captures `rng` (")
    assert "every task draws the same numbers" in told


def test_one_inside_of_something_captured_is_told():
    class Model:
        def __init__(self):
            self.rng = np.random.default_rng(0)

        def fit(self, i):
            return self.rng.normal()

    model, both = Model(), [np.random.default_rng(0)]
    assert "`self.rng`" in repeated_random_state(model.fit, ROWS)
    assert "`model.rng`" in repeated_random_state(lambda i: model, ROWS)
    assert "`both[0]`" in repeated_random_state(functools.partial(lambda i: both), ROWS)
    assert "`draw_one`" in repeated_random_state(
        cell("def f(i): return draw_one()", draw_one=both[0].normal), ROWS
    )


def test_the_same_generator_as_an_argument_of_several_is_told():
    rng = np.random.default_rng(0)
    several = [((i, rng), {}) for i in range(3)]
    assert "again and again" in repeated_random_state(print, several)
    own = [((np.random.default_rng(i),), {}) for i in range(3)]
    assert repeated_random_state(print, own) is None


def test_one_task_may_have_its_generator():
    rng = np.random.default_rng(0)
    assert repeated_random_state(lambda i: rng, ROWS[:1]) is None


def test_functions_of_a_random_module_are_those_of_where_they_run():
    """`from random import gauss` is no copy of the state that the notebook's generator had."""
    f = cell(
        "def f(): return gauss(0, 1), draw(), normal()", gauss=gauss, draw=draw, normal=numpy_normal
    )
    data, key = Packing().packed(Call(f, (), {})).payload, call_key(Call(f, (), {}))
    first, second = loads(data).func(), loads(data).func()
    assert all(a != b for a, b in zip(first, second, strict=True))
    assert call_key(Call(f, (), {})) == key
    assert repeated_random_state(f, ROWS) is None


# -- changes that nobody sees ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ("kept.append(1)", [3]),
        ("kept[0] = 4", [3]),
        ("kept[0].append(4)", [[3]]),
        ("kept['a'] = 1", {}),
        ("kept['a'] = 2", {"a": 1}),
        ("kept['a'].append(2)", {"a": [1]}),
        ("kept.add(1)", set()),
        ("kept.clear()", {1: 1}),
        ("kept.extend(b'x')", bytearray()),
        ("kept.append(1)", [0] * 100_000),
    ],
)
def test_a_changed_container_is_told(change, kept):
    f = cell(f"def f(): {change}", kept=kept)
    copies = OwnCopies(f)
    f()
    assert copies.changed() == [
        "`f` changed its own copy of `kept`, and nobody else sees that: return it"
    ]


def test_one_in_a_closure_and_behind_a_decorator_is_told():
    def make():
        results = []

        @functools.wraps(make)
        def work():
            results.append(1)

        return functools.partial(work)

    work = make()
    copies = OwnCopies(work)
    work()
    assert len(copies.changed()) <= 1  # `make` is what the decorator names


def test_what_is_only_read_is_not_told():
    kept = {"list": [1, 2], "rows": [{"a": 1}], "set": {1}, "text": "x", "tuple": (1, [2])}
    f = cell("def f(): return [len(v) for v in kept.values()], sorted(kept)", kept=kept)
    copies = OwnCopies(f)
    f()
    assert copies.changed() == []


def test_values_are_never_compared():
    """A comparison of arrays has no truth, and one of a user's class may raise."""

    class Odd:
        def __eq__(self, other):
            raise RuntimeError

        __hash__ = None

    kept = [np.arange(3), Odd()]
    f = cell("def f(): return kept", kept=kept)
    copies = OwnCopies(f)
    f()
    assert copies.changed() == []
