"""What is signed cannot be changed, cut, put together anew, or moved to another task."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gator_nb import keys
from gator_nb.errors import KeyMissing, StoreVersion, Untrusted
from gator_nb.payload import (
    CallHeader,
    Outcome,
    key_id_of,
    open_call,
    open_checkpoint,
    open_outcome,
    peek,
    seal,
    seal_call,
    seal_checkpoint,
    seal_outcome,
    unseal,
)

RING = keys.Keyring([keys.key_of(b"k" * 32)])
OTHER_RING = keys.Keyring([keys.key_of(b"o" * 32)])
REFUSALS = (Untrusted, KeyMissing, StoreVersion)
LOADED = []


class Canary:
    """Leaves a trace when it is unpickled."""

    def __reduce__(self):
        return LOADED.append, ("unpickled",)


CANARY = pickle.dumps(Canary())
HEADER = CallHeader("task1", "all", "fit", "3.11", {"retries": 2})
OUTCOME = Outcome("task1", "claim1", True, None, None, "42", CANARY)
CALL_BYTES = seal_call(RING, HEADER, CANARY)
OUTCOME_BYTES = seal_outcome(RING, OUTCOME)

texts = st.text(max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)

CHECKPOINT_BYTES = seal_checkpoint(RING, "task1", "claim1", CANARY)
SEALED = {"call": CALL_BYTES, "outcome": OUTCOME_BYTES, "checkpoint": CHECKPOINT_BYTES}


def open_any(data):
    """Tries the bytes as each kind; nothing may come of it."""
    open_both(data)
    with pytest.raises(REFUSALS):
        open_checkpoint(RING, data, task_id="task1")
    assert LOADED == []


def open_both(data):
    """Tries the bytes as either kind; nothing may come of it."""
    with pytest.raises(REFUSALS):
        open_call(RING, data, origin="task1", queue="all")
    with pytest.raises(REFUSALS):
        open_outcome(RING, data, task_id="task1")
    assert LOADED == []


@given(texts, texts, st.dictionaries(texts, json_values, max_size=4), st.binary(max_size=200))
def test_a_call_comes_back_as_it_was_sealed(origin, label, options, payload):
    header = CallHeader(origin, "all", label, "3.11", options, arguments=label, refs=("b1",))
    data = seal_call(RING, header, payload)
    assert open_call(RING, data, origin=origin, queue="all") == (header, payload)


@given(texts, st.none() | texts, st.none() | st.binary(min_size=1, max_size=200))
def test_an_outcome_comes_back_as_it_was_sealed(preview, error, payload):
    outcome = Outcome("task1", "claim1", error is None, error, error, preview, payload)
    assert open_outcome(RING, seal_outcome(RING, outcome), task_id="task1") == outcome


@given(st.data(), st.sampled_from([CALL_BYTES, OUTCOME_BYTES]))
def test_a_changed_bit_is_refused(data, sealed):
    place = data.draw(st.integers(0, 8 * len(sealed) - 1))
    changed = bytearray(sealed)
    changed[place // 8] ^= 1 << place % 8
    open_both(bytes(changed))


@given(st.data(), st.sampled_from([CALL_BYTES, OUTCOME_BYTES]))
def test_cut_or_lengthened_bytes_are_refused(data, sealed):
    open_both(sealed[: data.draw(st.integers(0, len(sealed) - 1))])
    open_both(sealed + data.draw(st.binary(min_size=1, max_size=8)))


@given(st.integers(0, len(CALL_BYTES)))
def test_parts_of_different_envelopes_do_not_fit_together(cut):
    other = seal_call(RING, HEADER._replace(label="fat"), CANARY)
    mixed = CALL_BYTES[:cut] + other[cut:]
    if mixed not in (CALL_BYTES, other):
        open_both(mixed)


@pytest.mark.slow
@settings(max_examples=6_000)
@given(st.data(), st.sampled_from(["call", "outcome", "checkpoint"]))
def test_thousands_of_tampered_pieces_are_refused_and_never_loaded(data, kind):
    """Bits, bytes, cuts, insertions, and parts of two pieces of any kinds put together."""
    sealed = bytearray(SEALED[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        at, end = sorted(data.draw(st.integers(0, len(sealed))) for _ in range(2))
        other = SEALED[data.draw(st.sampled_from(sorted(SEALED)))]
        match data.draw(st.sampled_from(["flip", "cut", "insert", "swap", "repeat"])):
            case "flip" if sealed:
                sealed[at % len(sealed)] ^= data.draw(st.integers(1, 255))
            case "cut":
                del sealed[at:end]
            case "insert":
                sealed[at:at] = data.draw(st.binary(max_size=40) | st.just(CANARY))
            case "swap":
                sealed[at:end] = other[at:end]
            case "repeat":
                sealed[at:at] = sealed[at:end]
    if bytes(sealed) not in SEALED.values():
        open_any(bytes(sealed))


@given(st.binary(max_size=300))
def test_any_other_bytes_are_refused(data):
    open_both(data)
    open_both(b"GNB1" + data)


def test_an_envelope_is_no_outcome_and_an_outcome_no_envelope():
    with pytest.raises(Untrusted, match="a signed outcome was expected"):
        open_outcome(RING, CALL_BYTES, task_id="task1")
    with pytest.raises(Untrusted, match="a signed call was expected"):
        open_call(RING, OUTCOME_BYTES, origin="task1", queue="all")


def test_an_envelope_of_another_task_or_queue_is_refused():
    with pytest.raises(Untrusted, match="'task1', not to 'task2'"):
        open_call(RING, CALL_BYTES, origin="task2", queue="all")
    with pytest.raises(Untrusted, match="queue 'all', not to 'urgent'"):
        open_call(RING, CALL_BYTES, origin="task1", queue="urgent")


def test_an_outcome_of_another_task_or_claim_is_refused():
    with pytest.raises(Untrusted, match="'task1', not to 'task2'"):
        open_outcome(RING, OUTCOME_BYTES, task_id="task2")
    with pytest.raises(Untrusted, match="another claim"):
        open_outcome(RING, OUTCOME_BYTES, task_id="task1", claim="claim2")
    assert open_outcome(RING, OUTCOME_BYTES, task_id="task1", claim="claim1") == OUTCOME


def test_a_checkpoint_of_another_task_and_another_kind_are_refused():
    assert open_checkpoint(RING, CHECKPOINT_BYTES, task_id="task1") == CANARY
    with pytest.raises(Untrusted, match="'task1', not to 'task2'"):
        open_checkpoint(RING, CHECKPOINT_BYTES, task_id="task2")
    with pytest.raises(Untrusted, match="a signed checkpoint was expected"):
        open_checkpoint(RING, OUTCOME_BYTES, task_id="task1")


def test_a_header_that_says_to_be_larger_than_all_there_is_costs_nothing():
    at = CALL_BYTES.index(b'{"origin"') - 4
    for length in (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff"):
        open_any(CALL_BYTES[:at] + length + CALL_BYTES[at + 4 :])


def test_a_key_that_is_not_here_is_named():
    with pytest.raises(KeyMissing, match=RING.current.id):
        open_call(OTHER_RING, CALL_BYTES, origin="task1", queue="all")
    assert key_id_of(CALL_BYTES) == RING.current.id


def test_a_newer_format_asks_for_an_upgrade_and_unknown_fields_are_ignored():
    fields = {**peek(CALL_BYTES), "color": "green"}
    newer = seal(RING, "call", {**fields, "format": 2}, b"")
    with pytest.raises(StoreVersion, match="upgrade"):
        open_call(RING, newer, origin="task1", queue="all")
    with pytest.raises(StoreVersion, match="upgrade"):
        unseal(RING, "call", b"GNB2" + CALL_BYTES[4:])
    same = seal(RING, "call", fields, b"")
    assert open_call(RING, same, origin="task1", queue="all") == (HEADER, b"")


def test_a_header_without_its_fields_is_refused():
    bare = seal(RING, "call", {"format": 1, "origin": "task1"}, b"")
    with pytest.raises(Untrusted, match="lacks label, options, python, queue"):
        open_call(RING, bare, origin="task1", queue="all")
    bare = seal(RING, "outcome", {"format": 1}, b"")
    with pytest.raises(Untrusted, match="lacks claim, ok, task_id"):
        open_outcome(RING, bare, task_id="task1")


def test_a_display_reads_the_header_without_a_key_and_without_the_payload():
    assert peek(CALL_BYTES)["label"] == "fit"
    deep = b"[" * 100_000
    start = CALL_BYTES.index(b'{"origin"')
    with pytest.raises(Untrusted, match="not JSON"):
        peek(CALL_BYTES[: start - 4] + len(deep).to_bytes(4, "big") + deep)
    assert LOADED == []
