"""Whoever can write to the store, and has no key, gets nothing executed: not by a worker, not by a
handle, not by a listing, not by a page."""

import os
import pickle
import random
from pathlib import Path

import apsw
import pytest

from gator_nb import Gator, Status, Worker, errors, keys
from gator_nb.payload import (
    CallHeader,
    key_id_of,
    open_checkpoint,
    outcome_of_value,
    seal_call,
    seal_checkpoint,
    seal_outcome,
)
from gator_nb.payload.sealing import peek

from ..waiting import until

ATTACKER = keys.Keyring([keys.key_of(b"a" * 32)])


class Canary:
    """Leaves a file when it is unpickled, whoever does it."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return os.mkdir, (str(self.file),)


@pytest.fixture
def canary(tmp_path):
    """The bytes of one; afterwards it must not have run."""
    file = tmp_path / "executed"
    yield pickle.dumps(Canary(file))
    assert not file.exists()


@pytest.fixture
def gator(tmp_path):
    with Gator(f"sqlite:///{tmp_path}/tasks.sqlite") as opened:
        yield opened


def seq_of(db, task):
    return db.execute("SELECT seq FROM task WHERE id = ?", (task.task_id,)).get


def stored(gator, table, task):
    with apsw.Connection(str(store_file(gator))) as db:
        query = f"SELECT data FROM {table} WHERE seq = ?"
        return db.execute(query, (seq_of(db, task),)).get


def overwrite(gator, table, task, data):
    """What somebody does who can write to the store's file."""
    with apsw.Connection(str(store_file(gator))) as db:
        db.set_busy_timeout(15_000)
        db.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", (seq_of(db, task), data))


def store_file(gator):
    return Path(gator.conn_string.removeprefix("sqlite:///"))


def forged_call(envelope, canary):
    """The header of a real envelope round another payload, signed by the attacker."""
    header = CallHeader(**peek(envelope))
    return seal_call(ATTACKER, header, canary)


def as_if_signed_here(data, envelope):
    """With the id of the right key in place of the attacker's."""
    return data.replace(key_id_of(data).encode(), key_id_of(envelope).encode(), 1)


def tampered(envelope, other, canary, source):
    """One of the things that can be done to an envelope."""
    header = envelope[: envelope.index(b"}\x80") + 1] if b"}\x80" in envelope else envelope[:200]
    forged = as_if_signed_here(forged_call(envelope, canary), envelope)
    flipped = bytearray(envelope)
    flipped[source.randrange(len(flipped))] ^= 1 << source.randrange(8)
    return source.choice(
        [
            forged,
            header + canary,
            envelope[: -len(canary)] + canary,
            canary,
            bytes(flipped),
            envelope[: source.randrange(len(envelope))],
            envelope + canary,
            other,
            envelope[:50] + other[50:],
        ]
    )


def test_no_worker_runs_what_was_tampered_with(gator, canary):
    source = random.Random(6)
    tasks = [gator.task(pow, number, 2) for number in range(60)]
    honest = gator.task(pow, 2, 10)
    for task in tasks:
        envelope = stored(gator, "envelope", task)
        other = stored(gator, "envelope", honest)
        overwrite(gator, "envelope", task, tampered(envelope, other, canary, source))
    with Worker(gator, threads=2):
        assert honest.get(30) == 1024
        until(lambda: all(task.done() for task in tasks))
    for task in tasks:
        assert task.status is Status.FAILED
        with pytest.raises((errors.Untrusted, errors.StoreVersion, errors.KeyMissing)):
            task.get(5)


def test_no_child_process_runs_it_either(gator, canary):
    task = gator.task(pow, 2, 10)
    envelope = stored(gator, "envelope", task)
    forged = as_if_signed_here(forged_call(envelope, canary), envelope)
    overwrite(gator, "envelope", task, forged)
    with Worker(gator, processes=1), pytest.raises(errors.Untrusted):
        task.get(60)


def test_no_handle_nor_listing_nor_card_loads_it(gator, canary):
    with Worker(gator, threads=1):
        task = gator.task(pow, 2, 10).wait(30)
    envelope, outcome = stored(gator, "envelope", task), stored(gator, "outcome", task)
    forged = seal_outcome(ATTACKER, outcome_of_value(task.task_id, "c", 1)._replace(payload=canary))
    overwrite(gator, "outcome", task, as_if_signed_here(forged, outcome))
    call = as_if_signed_here(forged_call(envelope, canary), envelope)
    overwrite(gator, "envelope", task, call)
    seen = gator[task.task_id]
    for read in (
        lambda: seen.result,
        lambda: seen.get(5),
        lambda: seen.func,
        lambda: seen.func_args,
    ):
        with pytest.raises(errors.Untrusted, match="does not fit key"):
            read()
    assert seen.task_id[:8] in repr(seen)
    assert len(gator.tasks()) == 1
    assert gator.tasks().counts() == {Status.SUCCESS: 1}


def test_a_result_that_was_moved_to_another_task_is_refused(gator):
    with Worker(gator, threads=1):
        first, second = gator.task(pow, 2, 10).wait(30), gator.task(pow, 3, 2).wait(30)
    overwrite(gator, "outcome", second, stored(gator, "outcome", first))
    with pytest.raises(errors.Untrusted, match="belongs to task"):
        gator[second.task_id].result


def test_a_forged_checkpoint_is_refused(gator, canary):
    task = gator.task(pow, 2, 10)
    data = seal_checkpoint(ATTACKER, task.task_id, "claim", canary)
    envelope = stored(gator, "envelope", task)
    with pytest.raises(errors.Untrusted):
        open_checkpoint(
            gator.client.keyring, as_if_signed_here(data, envelope), task_id=task.task_id
        )
