"""What the calls of one push have in common is pickled once, and nobody can tell."""

import numpy as np
import pytest

from gator_nb.errors import NotPicklable
from gator_nb.payload import Call, Frozen, Packing, call_key, thawed

from .cells import cell


def run(packed):
    larges = {large.name: bytes(large.buffer) for large in packed.larges}
    call = thawed(Frozen(packed.payload, (*larges,)), lambda names: [larges[one] for one in names])
    return call.func(*call.args, **call.kwargs)


def test_a_function_that_captures_numbers_is_pickled_once():
    """Also by a later push: its bytes, and the time they take, are those of the first."""
    f = cell("def f(x, y=1): return x + y + offset", offset=10)
    first, second = Packing().packed(Call(f, (1,), {})), Packing().packed(Call(f, (2,), {"y": 5}))
    assert (run(first), run(second)) == (12, 17)
    assert first.sources is second.sources


def test_a_name_that_was_assigned_anew_is_seen():
    """Whether it holds a number, a function, or nothing at first."""
    space = {"__name__": "__main__"}
    exec("def g(): return a\ndef f(): return g()", space)
    f = space["f"]
    key = call_key(Call(f, (), {}))
    with pytest.raises(NameError):
        run(Packing().packed(Call(f, (), {})))
    space["a"] = 1
    assert run(Packing().packed(Call(f, (), {}))) == 1
    space["a"] = 2
    assert run(Packing().packed(Call(f, (), {}))) == 2
    exec("def g(): return -a", space)
    assert run(Packing().packed(Call(f, (), {}))) == -2
    assert Packing().key(Call(f, (), {})) == call_key(Call(f, (), {})) != key


def test_defaults_annotations_and_cells_are_seen():
    def make(n):
        def inner(x: int = 1, *, scale: float = 1.0) -> float:
            return n * x * scale

        def change(other):
            nonlocal n
            n = other

        return inner, change

    inner, change = make(3)
    f = cell("def f(): return g()", g=inner)
    assert run(Packing().packed(Call(f, (), {}))) == 3
    change(4)
    assert run(Packing().packed(Call(f, (), {}))) == 4
    inner.__defaults__ = (10,)
    assert run(Packing().packed(Call(f, (), {}))) == 40
    inner.__kwdefaults__ = {"scale": 0.5}
    assert run(Packing().packed(Call(f, (), {}))) == 20
    inner.__kwdefaults__["scale"] = 2.0
    assert run(Packing().packed(Call(f, (), {}))) == 80


def test_a_list_that_was_changed_is_seen():
    """What can change unseen is gone through by every push."""
    seen = [1]
    f = cell("def f(): return sum(seen)", seen=seen)
    assert run(Packing().packed(Call(f, (), {}))) == 1
    seen.append(2)
    assert run(Packing().packed(Call(f, (), {}))) == 3


def test_within_one_push_a_large_value_is_pickled_once():
    """All of its calls are as they are at one moment."""
    data = np.arange(1_000_000)
    made = []

    class Counted:
        def __reduce__(self):
            made.append(1)
            return int, ()

    f = cell("def f(x): return (data[x], counted)[0]", data=data, counted=Counted())
    Packing().packed(Call(f, (0,), {}))
    once = len(made)
    packing = Packing(several=True)
    packed = [packing.packed(Call(f, (n,), {})) for n in range(10)]
    assert [run(one) for one in packed] == list(range(10))
    assert len(made) == 2 * once, "that one, and all of these together"
    assert packing.key(Call(f, (1,), {})) == call_key(Call(f, (1,), {}))


def test_what_function_and_arguments_share_is_one_thing_there_too():
    """So such a call is pickled as a whole."""
    box = [0]
    f = cell("def f(x):\n    x.append(1)\n    return box", box=box)
    packing = Packing(several=True)
    assert run(packing.packed(Call(f, (box,), {}))) == [0, 1]


def test_a_function_that_does_not_pickle_is_refused_in_a_map_as_alone():
    f = cell("def f(x): return lock", lock=__import__("threading").Lock())
    said = []
    for packing in (Packing(), Packing(several=True)):
        with pytest.raises(NotPicklable, match="`f` captures `lock`") as caught:
            packing.packed(Call(f, (1,), {}))
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_functions_that_call_each_other_may_be_steady_too():
    space = {"__name__": "__main__"}
    exec(
        "def even(n): return n == 0 or odd(n - 1)\ndef odd(n): return n != 0 and even(n - 1)", space
    )
    assert [run(Packing().packed(Call(space["even"], (n,), {}))) for n in (4, 5)] == [True, False]


def test_the_source_of_a_module_is_a_part_of_what_uses_it(project):
    """An edited module is sent anew once it is loaded anew."""
    import importlib

    project.write("tool.py", "def scale(x): return x * 3")
    import tool

    f = cell("def f(x): return tool.scale(x)", tool=tool)
    first, again = Packing().packed(Call(f, (2,), {})), Packing().packed(Call(f, (2,), {}))
    assert first == again
    assert first.sources is again.sources
    project.write("tool.py", "def scale(x): return x * 30")
    importlib.reload(tool)
    edited = Packing().packed(Call(f, (2,), {}))
    assert edited.payload != first.payload
    project.leave()
    assert (run(edited), run(first)) == (60, 6)
