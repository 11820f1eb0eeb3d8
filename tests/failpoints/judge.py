"""What must hold once somebody else has finished the work of a process that died."""

import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from gator_nb import Gator, Worker
from gator_nb.backends.base import Backend
from gator_nb.host.process_tree import marked
from gator_nb.record import Reason, Record
from gator_nb.states import CANCELED, FAILED, SUCCESS, TERMINAL

from ..chaos.oracle import everything
from ..waiting import until

_LATER = 3 * 3600.0
"""Seconds that the clock of the survivor is ahead: what was delayed is due, and a batch that nobody
goes on with has been silent for long enough."""
_COMES_UP = 10.0
"""Seconds within which an interpreter has started, whatever else the machine does."""


def note_worker(folder: Path, worker: Worker) -> None:
    """Its children are to be gone with it."""
    with (folder / "workers").open("a") as file:
        file.write(f"{worker.id}\n")


def finish_and_judge(address: str, folder: Path) -> list[str]:
    """Take over from who died, work off what is there, and say what does not hold."""
    with Gator(address) as gator:
        backend = gator.backend
        gator.client.reap()
        gator.resume()  # it may have died between its pause and its going on
        later = backend.now() + _LATER
        backend.clock = lambda: later
        gator.client.reap()
        _work_off(gator, folder)
        return list(_faults(gator, folder))


def _work_off(gator: Gator, folder: Path) -> None:
    """With threads and, where there is something for them, processes."""
    slots = [{"threads": 2}]
    if any("/process/" in lane for lane in gator.backend.lanes(None)):
        slots.append({"processes": 1})
    workers = [Worker(gator, to_consume="*", nap_time=0.02, **one) for one in slots]
    for one in workers:
        note_worker(folder, one)
        one.start()
    try:
        until(lambda: not _open(gator.backend), 20)
    finally:
        for one in workers:
            one.stop()


def _open(backend: Backend) -> bool:
    return any(set(row) - TERMINAL for row in backend.counts().values())


def _faults(gator: Gator, folder: Path) -> Iterator[str]:
    records = everything(gator.backend)
    ran = _read(folder / "ledger")
    for word, *ids in _lines(folder / "promises"):
        if word in ("push", "map", "cancel") and (lost := set(ids) - records.keys()):
            yield f"acknowledged and lost: {lost}"
        elif word == "cancel" and records[ids[0]].status is not CANCELED:
            yield f"a cancel was acknowledged: {records[ids[0]]}"
        elif word == "settled" and records[ids[0]].settled != ids[1]:
            yield f"settled by {ids[1]}, and again: {records[ids[0]]}"
    for record in records.values():
        yield from _faults_of(gator, record, ran[record.id])
    batches: dict[str, int] = defaultdict(int)
    for record in records.values():
        if record.group is not None:
            batches[record.group] += 1
    for group, number in batches.items():
        if number != 3:
            yield f"group {group} has {number} tasks of three"
    yield from (f"verify: {one}" for one in gator.backend.verify())
    for (worker,) in _lines(folder / "workers"):
        if left := _left_of(worker):
            yield f"processes of worker {worker} are left: {left}"


def _left_of(worker: str) -> list[int]:
    """Its processes, once they have had the time to end: a child that was being started as its
    worker died sees that when it has come up."""
    until = time.monotonic() + _COMES_UP
    while (left := marked(f"{worker}:")) and time.monotonic() < until:
        time.sleep(0.02)
    return sorted(left)


def _faults_of(gator: Gator, record: Record, ran: list[tuple[str, str]]) -> Iterator[str]:
    if record.status not in TERMINAL:
        yield f"never ended: {record}"
        return
    if record.losses > 1:
        yield f"one death, and {record.losses} losses: {record}"
    ended = {claim for word, claim in ran if word == "end"}
    outcome = gator.client.outcome(record)
    if record.status is SUCCESS:
        if record.settled not in ended:
            yield f"succeeded by a claim that never ran to its end: {record}"
        if outcome is None or not outcome.ok or outcome.claim != record.settled:
            yield f"its outcome is not that of its claim: {record}"
    elif record.status is FAILED and "always" not in (record.error or ""):
        yield f"failed, and nothing in it fails: {record}"
    elif record.status is CANCELED and record.reason not in (Reason.CANCELED, Reason.UNCONFIRMED):
        yield f"canceled by nobody: {record}"
    runs, tries = len({claim for _, claim in ran}), 1 + (record.label == "twice")
    if runs > tries + 1:
        yield f"one death, {tries} tries of its own, and {runs} runs: {record}"


def _read(path: Path) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for word, task_id, claim in _lines(path):
        found[task_id].append((word, claim))
    return found


def _lines(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text().splitlines()]
