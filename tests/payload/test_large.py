"""Large buffers leave a pickle, go by what they hold, and come back into it."""

import threading
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gator_nb.errors import GatorError, Untrusted
from gator_nb.payload import (
    Beside,
    Call,
    Frozen,
    Large,
    Packing,
    loads,
    pickled_value,
    thawed,
    verified,
)
from gator_nb.payload.large import CHUNK, LARGE, _name

from .cells import cell


def packed(call, **more):
    """The bytes of a call, and its large buffers by name."""
    packing = Packing(**more)
    made = packing.packed(call)
    return made, {name: b"".join(large.chunks()) for name, large in packing.larges.items()}


def back(made, stored):
    names = tuple(large.name for large in made.larges)
    call = thawed(Frozen(made.payload, names), lambda names: [bytearray(stored[n]) for n in names])
    return call.func(*call.args, **call.kwargs)


FRAME = pd.DataFrame({"a": np.arange(400_000.0), "b": np.ones(400_000), "c": np.arange(400_000)})


@pytest.mark.parametrize(
    "value",
    [
        np.arange(200_000),
        np.arange(400_000).reshape(-1, 4).T,
        np.arange(400_000)[::2],
        FRAME,
        FRAME["a"],
        FRAME[::2],
        bytes(2 * LARGE),
        bytearray(2 * LARGE),
        {"weights": bytes(LARGE), "epoch": 3},
        [bytes(LARGE), (np.zeros(200_000), "x")],
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("way", ["captured", "passed", "returned"])
def test_what_is_large_travels_beside_the_pickle(value, way):
    """Arrays, frames and bytes, in any layout; they arrive as they left."""
    if way == "returned":
        beside = Beside()
        pickled = pickled_value(value, "the result", beside=beside)
        size, larges = len(pickled.data), pickled.larges
        found = loads(pickled.data, [bytearray(large.buffer) for large in larges])
    else:
        f = cell("def f(*given): return given[0] if given else value", value=value)
        made, stored = packed(Call(f, (value,) if way == "passed" else (), {}))
        size, larges, found = len(made.payload), made.larges, back(made, stored)
    assert larges
    assert size < 20_000
    assert type(found) is type(value)
    if isinstance(value, pd.DataFrame | pd.Series):
        assert found.equals(value)
    else:
        assert str(found) == str(value)


def test_what_is_small_stays():
    made, _ = packed(Call(len, (np.zeros(LARGE // 16), bytes(LARGE // 4)), {}))
    assert not made.larges
    assert len(made.payload) > LARGE * 3 // 4


def test_the_name_follows_from_the_content_alone():
    """However it lies in memory and whatever it is an array of; so the same data is stored once."""
    data = np.arange(3_000_000)
    names = [packed(Call(len, (one,), {}))[1].keys() for one in (data, data.copy(), data + 1)]
    assert names[0] == names[1] != names[2]


def test_the_same_array_twice_is_one_there():
    f = cell("def f(x, y): return x is y, x is z", z=FRAME)
    assert back(*packed(Call(f, (FRAME, FRAME), {}))) == (True, True)


def test_what_arrives_can_be_written_to():
    f = cell("def f():\n    data[0] = 5\n    return data[0]", data=np.zeros(LARGE))
    assert back(*packed(Call(f, (), {}))) == 5


def test_all_calls_of_a_map_have_the_same():
    """It is pickled and hashed once for all of them."""
    f = cell("def f(n): return data[n]", data=np.arange(300_000))
    packing = Packing(several=True)
    calls = [packing.packed(Call(f, (n,), {})) for n in range(50)]
    assert len({id(large) for one in calls for large in one.larges}) == 1
    assert len(packing.larges) == 1


@pytest.mark.parametrize("several", [True, False])
def test_a_function_that_is_large_by_itself_is_stored_once(several):
    """A list of numbers has no buffer, but all calls of the function capture the same one."""
    f = cell("def f(n): return sum(numbers) + n", numbers=list(range(500_000)))
    names = []
    for n in range(3):
        made, stored = packed(Call(f, (n,), {}), several=several)
        assert len(made.payload) < 20_000
        assert back(made, stored) == sum(range(500_000)) + n
        names.append(stored.keys())
    assert names[0] == names[1] == names[2]


def test_what_is_large_without_a_buffer_leaves_as_a_whole():
    """So that no store has to take it in one piece."""
    f = cell("def f(x): return sum(x)")
    numbers = list(range(500_000))
    made, stored = packed(Call(f, (numbers,), {}))
    assert (made.payload, len(stored)) == (b"", 1)
    assert back(made, stored) == sum(numbers)


def test_a_call_can_be_packed_whole():
    """Where there is no store to put anything into."""
    f = cell("def f(x): return data.sum() + len(x)", data=np.ones(LARGE))
    made, stored = packed(Call(f, (bytes(LARGE),), {}), whole=True)
    assert not stored
    assert back(made, stored) == 2 * LARGE


def test_a_value_that_changes_meanwhile_is_not_stored():
    """Under its name nobody shall find anything else."""
    data = np.arange(2_000_000)
    beside = Beside()
    pickled_value(data, "the value", beside=beside)
    (large,) = beside.found
    assert large.name
    changed = threading.Thread(target=data.fill, args=(7,))
    changed.start()
    changed.join()
    with pytest.raises(GatorError, match="was changed"):
        list(large.chunks())


@pytest.mark.parametrize("change", ["bit", "short", "long", "swapped", "recut"])
def test_a_store_that_has_something_else_is_found_out(change):
    beside = Beside()
    pickled_value(np.random.default_rng(0).bytes(2 * CHUNK + 5), "the value", beside=beside)
    (large,) = beside.found
    chunks = list(large.chunks())
    assert b"".join(verified(large.name, chunks)) == b"".join(chunks)
    if change == "bit":
        chunks[1] = chunks[1][:100] + bytes([chunks[1][100] ^ 1]) + chunks[1][101:]
    elif change == "short":
        chunks.pop()
    elif change == "long":
        chunks.append(b"more")
    elif change == "swapped":
        chunks[:2] = chunks[1], chunks[0]
    else:
        chunks[:2] = [chunks[0] + chunks[1]]
    with pytest.raises(Untrusted, match="was changed in the store"):
        list(verified(large.name, chunks))


@settings(max_examples=500)
@given(st.lists(st.binary(max_size=30), max_size=4), st.lists(st.binary(max_size=30), max_size=4))
def test_only_the_very_same_chunks_go_by_a_name(stored, found):
    """Whatever else a store brings is refused."""
    name = _name(sha256(chunk).digest() for chunk in stored)
    assert list(verified(name, stored)) == stored
    if found != stored:
        with pytest.raises(Untrusted):
            list(verified(name, found))


def test_one_that_is_there_has_no_content():
    """It stands for what the store has."""
    (buffer,) = Beside().there(["a" * 64])
    assert Large(buffer, "a" * 64).there
