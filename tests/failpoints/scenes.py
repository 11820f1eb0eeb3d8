"""What a process does before it dies, and what it was promised until then."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gator_nb import Gator, Task, Worker
from gator_nb.backends.base import Answer
from gator_nb.executors import child_process
from gator_nb.states import TERMINAL

from .calls import LARGE, calls
from .judge import note_worker
from .points import (
    Points,
    around_clients,
    around_nurseries,
    around_stores,
    around_workers,
)

CHILD = "GATOR_NB_TEST_FAILPOINT"
"""Tells a child process at which of its points to die, and in which folder that is noted."""


class Promises:
    """A file with a line for each answer that the process was given."""

    def __init__(self, folder: Path) -> None:
        self._fd = os.open(folder / "promises", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, *words: object) -> None:
        os.write(self._fd, " ".join(map(str, words)).encode() + b"\n")

    def of_settling(self, backend: Any) -> None:
        """Note every end that the store has taken."""
        settle = backend.settle

        def noted(ends: Any) -> list[Answer]:
            answers = settle(ends)
            for end, answer in zip(ends, answers, strict=True):
                if answer is Answer.DONE and end.status in TERMINAL and not end.lost:
                    self.note("settled", end.task_id, end.claim)
            return answers

        backend.settle = noted


def client(address: str, folder: Path, deadly: int) -> None:
    """Pushes one, several, a chain, a large value; cancels, pauses, runs one here, retries it."""
    points = Points(folder, deadly)
    around_stores(points)
    around_clients(points)
    promises = Promises(folder)
    does = calls(str(folder / "ledger"))
    points.armed = True
    with Gator(address) as gator:
        promises.of_settling(gator.backend)
        first = gator.task(does["plain"], 1)
        promises.note("push", first.task_id)
        many = gator.map(does["plain"], range(3))
        promises.note("map", *(task.task_id for task in many))
        after = gator.options(depends_on=first).task(does["plain"], many[0])
        promises.note("push", after.task_id)
        promises.note("push", gator.task(does["large"], b"ab" * (LARGE // 2)).task_id)
        gator.pause()
        gator.resume()
        held = gator.options(delay_by=3600).task(does["plain"], 5)
        promises.note("push", held.task_id)
        gator.cancel(held.task_id)
        promises.note("cancel", held.task_id)
        with gator.options(name="here"):
            gator.push(Task("here"), does["plain"], 6)
        promises.note("push", "here")
        gator.get("here")
        again = gator["here"].retry()
        promises.note("push", again.task_id)
        gator.close()


def worker(address: str, folder: Path, deadly: int) -> None:
    """Runs what is there in a thread."""
    points = Points(folder, deadly)
    around_stores(points)
    around_workers(points)
    _serve(address, folder, points, threads=1)


def supervisor(address: str, folder: Path, deadly: int) -> None:
    """Runs what is there in a process of its own, and dies beside it."""
    points = Points(folder, deadly)
    around_stores(points)
    around_nurseries(points)
    _serve(address, folder, points, processes=1)


def child(address: str, folder: Path, deadly: int) -> None:
    """The same, and the process of its own is what dies."""
    started = subprocess.Popen

    def start(command: list[str], **more: Any) -> Any:
        command = [
            one.replace("gator_nb.executors.child", f"{__package__}.child") for one in command
        ]
        more["env"] = {**more["env"], CHILD: f"{deadly}:{folder}"}
        return started(command, **more)

    child_process.subprocess = type("subprocess", (), {**vars(subprocess), "Popen": start})
    _serve(address, folder, Points(folder, 0), processes=1)


def _serve(address: str, folder: Path, points: Points, **slots: int) -> None:
    with Gator(address) as gator:
        pushed = _push_all(gator, folder, in_process="processes" in slots, address=address)
        promises = Promises(folder)
        for task in pushed:
            promises.note("push", task.task_id)
        promises.of_settling(gator.backend)
        one = Worker(gator, nap_time=0.02, **slots)
        note_worker(folder, one)
        points.armed = True
        one.start()
        _until_ended(gator)
        one.stop()


def _push_all(gator: Gator, folder: Path, *, in_process: bool, address: str) -> list[Task]:
    does = calls(str(folder / "ledger"))
    where = {"run_in": "process"} if in_process else {}
    options = gator.options(on_lost="retry", **where)
    plain = options.task(does["plain"], 1)
    pushed = [
        plain,
        options.task(does["plain"], plain),
        options.task(does["kept"]),
        gator.options(on_lost="retry", retries=1, **where).task(does["twice"], 2),
    ]
    if not in_process:
        pushed += [
            options.task(does["fails"]),
            options.task(does["large"], b"ab" * (LARGE // 2)),
            options.task(does["stopped"], address),
        ]
    return pushed


def _until_ended(gator: Gator) -> None:
    listener = gator.backend.listen(["news"])
    while any(set(row) - TERMINAL for row in gator.backend.counts().values()):
        listener.wait(0.05)
    listener.close()


SCENES: dict[str, Callable[[str, Path, int], None]] = {
    "client": client, "worker": worker, "supervisor": supervisor, "child": child,
}  # fmt: skip
"""Who dies: plays the scene on the store at an address, and dies at the point of that number."""
