"""Both directions of a call's identity: equal calls have equal keys, and others have others."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gator_nb.payload import Call, Packing, call_key, loads, why_no_key

atoms = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.binary(max_size=8)
)
hashables = st.recursive(
    atoms, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=5
)
arrays = st.lists(st.integers(-99, 99), max_size=12).flatmap(
    lambda values: st.sampled_from(["i1", "i8", "f4", "f8"]).map(lambda t: np.array(values, t))
)
frames = st.dictionaries(
    st.text(min_size=1, max_size=3), st.lists(st.floats(-9, 9), min_size=3, max_size=3), max_size=3
).map(pd.DataFrame)
values = st.recursive(
    hashables | arrays | frames,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(hashables, inner, max_size=4)
        | st.sets(hashables, max_size=4)
        | st.tuples(inner)
    ),
    max_leaves=12,
)


def key(func, *args):
    found = call_key(Call(func, args, {}))
    assert found is not None, why_no_key(Call(func, args, {}))
    return found


def plain(value):
    """Says of a value what it is, exactly and in one way; written apart from what is tested."""
    kind = type(value).__name__
    match value:
        case np.ndarray():
            return (kind, value.dtype.str, value.shape, value.tobytes())
        case pd.DataFrame():
            columns = [(name, str(value[name].dtype), value[name].tolist()) for name in value]
            return (kind, len(value), repr(columns))
        case dict():
            return (kind, sorted((repr(plain(k)), plain(v)) for k, v in value.items()))
        case set() | frozenset():
            return (kind, sorted(repr(plain(item)) for item in value))
        case list() | tuple():
            return (kind, [plain(item) for item in value])
        case float():
            return (kind, value.hex())
        case _:
            return (kind, repr(value))


def rebuilt(value):
    """An equal value that shares nothing with it, its dicts and sets filled in another order."""
    match value:
        case dict():
            return {rebuilt(k): rebuilt(v) for k, v in reversed(list(value.items()))}
        case set():
            return {rebuilt(item) for item in sorted(value, key=repr, reverse=True)}
        case list() | tuple():
            return type(value)(rebuilt(item) for item in value)
        case np.ndarray():
            return np.repeat(value, 2)[::2]
        case _:
            return copy.deepcopy(value)


@given(values)
def test_equal_values_have_equal_keys(value):
    """Rebuilt, copied, pickled, and after the way to a worker."""
    expected = key(print, value)
    assert key(print, rebuilt(value)) == expected
    assert key(print, pickle.loads(pickle.dumps(value))) == expected
    assert (
        key(print, loads(Packing().packed(Call(print, (value,), {})).payload).args[0]) == expected
    )


@given(values, values)
def test_different_values_have_different_keys(one, other):
    same = repr(plain(one)) == repr(plain(other))
    assert (key(print, one) == key(print, other)) is same


@given(values, values)
def test_what_is_captured_counts_as_arguments_do(one, other):
    def hold(value):
        return lambda: value

    assert key(hold(one)) == key(hold(rebuilt(one)))
    assert (key(hold(one)) == key(hold(other))) is (repr(plain(one)) == repr(plain(other)))


# -- code ------------------------------------------------------------------------------------------

names = st.sampled_from(["x", "y", "n"])
leaves = names | st.integers(0, 9).map(str) | st.sampled_from(["'a'", "1.5", "(1, 2)", "{1, 2}"])
operators = st.sampled_from("+-*|@")


def flat(inner):
    return st.builds("({} {} {})".format, inner, operators, inner) | st.builds(
        "len({}, key={})".format, names, inner
    )


def nested(inner):
    """With code objects of their own inside."""
    return (
        flat(inner) | inner.map("[{} for y in range(3)]".format) | inner.map("(lambda: {})".format)
    )


def statements_of(expressions):
    return st.lists(
        st.builds("{} = {}".format, names, expressions)
        | expressions.map("if {}: y = 1".format)
        | expressions.map("try: y = {}\n    except E: pass".format),
        min_size=1,
        max_size=4,
    )


flat_statements = statements_of(st.recursive(leaves, flat, max_leaves=6))
statements = statements_of(st.recursive(leaves, nested, max_leaves=6))
noise = st.lists(st.sampled_from(["", "# a comment", "    # indented", "\n"]), max_size=4)


def made(body, before=(), file="cell"):
    """A function of these statements, as a cell makes it."""
    lines = [*before, "def f(x, y=1):"]
    for statement in body:
        lines += [*before, "    " + statement]
    space = {"__name__": "__main__", "n": 3}
    exec(compile("\n".join([*lines, "    return y"]), file, "exec"), space)
    return space["f"]


@given(statements, noise)
def test_comments_lines_and_files_do_not_matter(body, before):
    f, g = made(body), made(body, before, "/tmp/ipykernel_7/1.py")
    assert key(f) == key(g)
    assert key(loads(Packing().packed(Call(f, (), {})).payload).func) == key(f)


@given(flat_statements, flat_statements)
def test_what_compiles_to_something_else_has_another_key(one, other):
    f, g = made(one), made(other)
    a, b = (func.__code__.replace(co_firstlineno=1, co_linetable=b"") for func in (f, g))
    assert (key(f) == key(g)) is (a == b and repr(a.co_consts) == repr(b.co_consts))


@pytest.mark.slow
@settings(max_examples=3_000)
@given(values, values)
def test_thousands_of_values(one, other):
    assert key(print, one) == key(print, rebuilt(one))
    assert (key(print, one) == key(print, other)) is (repr(plain(one)) == repr(plain(other)))
