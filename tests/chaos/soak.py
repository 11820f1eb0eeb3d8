"""`python -m tests.chaos.soak --minutes N [--store sqlite|valkey] [--report PATH]`

Mixed load without any fault: short and long tasks in threads and processes, results and captured
values that are large, failures with retries, cancels, checkpoints, figures of progress. What was
pushed is removed some time after it has ended, so that whatever grows, grows by a leak. Ends with 1
when something did.
"""

import argparse
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import redis

from gator_nb import Gator
from gator_nb.backends import open_backend
from gator_nb.host.process_tree import descendants

from ..redis.hosts import Host
from ..redis.servers import RunningServer

_LARGE = 1 << 20
_WAL_MOST = 32 << 20
"""Bytes: SQLite moves the log into the file at each 4000 pages, 16 MiB, and after a step."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--store", choices=["sqlite", "valkey"], default="sqlite")
    parser.add_argument("--report", type=Path)
    wanted = parser.parse_args()
    os.environ["GATOR_NB_KEY"] = secrets.token_hex(32)
    with tempfile.TemporaryDirectory(prefix="gnb-", ignore_cleanup_errors=True) as name:
        os.environ.update(TMPDIR=name, HOME=name)
        tempfile.tempdir = None
        samples, tasks = soak(Path(name), wanted.store, wanted.minutes * 60)
    text, grown = verdict(wanted.store, samples, tasks)
    print(text)
    if wanted.report is not None:
        wanted.report.write_text(text)
    return 1 if grown else 0


def soak(folder: Path, store: str, seconds: float) -> tuple[list[dict[str, float]], int]:
    """Samples of all that could grow, and how many tasks there were."""
    with ExitStack() as stack:
        server = None
        if store == "valkey":
            server = RunningServer("--appendonly", "yes")
            stack.callback(server.stop)
        address = server.dsn(store="soak") if server else f"sqlite:///{folder}/tasks.sqlite"
        gator = stack.enter_context(Gator(address))
        host = Host(folder)
        stack.callback(host.close)
        workers = [host.worker(address, threads=2), host.worker(address, processes=2)]
        samples: list[dict[str, float]] = []
        began, tasks, step = time.monotonic(), 0, max(0.5, seconds / 60)
        load = mixed_load(gator)
        while (now := time.monotonic() - began) < seconds:
            tasks += next(load)
            if now >= step * (len(samples) + 1):
                samples.append(sample(folder, server, [one.process.pid for one in workers]))
        for one in workers:
            code, fenced = one.end()
            assert code == 0, one.output()[-2000:]
            assert fenced == 0, f"{fenced} results dropped, as their claim had gone"
        assert gator.verify() == []
    return samples, tasks


def mixed_load(gator: Gator) -> Iterator[int]:
    """Answers how many tasks each turn has pushed; what they were is gone two turns later."""

    def short(number: int) -> int:
        print("a line of output", number)
        return number

    def fails_once() -> int:
        from gator_nb import current_task

        if current_task().retries:
            raise ValueError("once")
        return 1

    def tells(number: int) -> int:
        from gator_nb import checkpoint, progress

        for step in range(number):
            progress(step, number, loss=1.0 / (step + 1))
            checkpoint(step)
        return number

    def large(data: bytes) -> bytes:
        return data[::-1]

    def endless() -> None:
        import time

        from gator_nb import progress

        while True:
            progress(1, 2)
            time.sleep(0.01)

    # A worker keeps large values up to a good part of the memory: so there are only some of them.
    values = [secrets.token_bytes(_LARGE) for _ in range(4)]
    turn = 0
    while True:
        turn += 1
        plain = gator.options(queue=f"turn-{turn}")
        far = gator.options(queue=f"turn-{turn}", run_in="process")
        doomed = (plain, far)[turn % 2].task(endless)  # one: it takes a slot until the end
        waited: list[Any] = [*plain.map(short, range(20)), *far.map(short, range(5))]
        waited += [gator.options(queue=f"turn-{turn}", retries=1).task(fails_once)]
        waited += [far.task(tells, 5)]
        waited += [one.task(large, values[turn % len(values)]) for one in (plain, far)]
        for task in waited:
            task.get(timeout=60)
        doomed.cancel().wait(timeout=60)
        gator.backend.drop_all(f"turn-{turn - 1}")
        _forget_large_values(gator.backend.address)
        yield len(waited) + 1


def _forget_large_values(address: str) -> None:
    """As if a day had passed: what no task owns goes. Through a store of its own, so that nobody
    else in this process goes by that clock."""
    backend: Any = open_backend(address)
    try:
        later = backend.now() + 2 * 86_400
        backend.clock = lambda: later
        backend.blobs.forget()
    finally:
        backend.close()


def sample(folder: Path, server: RunningServer | None, workers: list[int]) -> dict[str, float]:
    """What could grow, each as one number."""
    ours = {"client": [os.getpid()]}
    ours |= {f"worker {number}": [pid] for number, pid in enumerate(workers)}
    found: dict[str, float] = {}
    for name, pids in ours.items():
        found[f"{name}: resident MB"] = sum(map(_resident, pids)) / 1e6
        found[f"{name}: open files"] = sum(_entries(pid, "fd") for pid in pids)
        found[f"{name}: threads"] = sum(_entries(pid, "task") for pid in pids)
    found["processes below the workers"] = sum(len(descendants(pid)) for pid in workers)
    files = sum(path.is_file() for path in folder.rglob("*"))
    found["files in the temporary folder"] = files
    if server is None:
        found["store MB"] = (folder / "tasks.sqlite").stat().st_size / 1e6
        found["WAL MB"] = (folder / "tasks.sqlite-wal").stat().st_size / 1e6
    else:
        with redis.Redis(port=server.port) as plain:
            found["keys on the server"] = plain.dbsize()
            found["server MB"] = plain.info("memory")["used_memory"] / 1e6
            found["connections to the server"] = plain.info("clients")["connected_clients"]
    return found


def _entries(pid: int, folder: str) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/{folder}").iterdir())


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


_SLACK = {"MB": (1.15, 12.0), "": (1.1, 4.0)}
"""How much more than in the second quarter the last one may have: a factor, and an amount."""


def verdict(store: str, samples: list[dict[str, float]], tasks: int) -> tuple[str, list[str]]:
    """A table of the medians of each quarter and the most, and what has grown since the second."""
    rows, grown = [], []
    for name in samples[0]:
        values = [one[name] for one in samples]
        medians = [statistics.median(part) for part in _quarters(values)]
        factor, amount = _SLACK["MB" if name.endswith("MB") else ""]
        late, bound = medians[3], max(medians[1] * factor, medians[1] + amount)
        if name == "WAL MB":
            late, bound = max(values), _WAL_MOST / 1e6
        if late > bound:
            grown.append(name)
        rows.append(f"| {name} | " + " | ".join(f"{one:.1f}" for one in (*medians, max(values))))
    head = [f"| {store}, {tasks} tasks | 1st quarter | 2nd | 3rd | 4th | most |", "|---" * 6 + "|"]
    told = [f"GROWN: {name}" for name in grown]
    return "\n".join([*head, *(f"{row} |" for row in rows), "", *told]) + "\n", grown


def _quarters(values: list[float]) -> list[list[float]]:
    """Each with at least one."""
    count = len(values)
    return [values[count * n // 4 : count * (n + 1) // 4] or values for n in range(4)]


if __name__ == "__main__":
    sys.exit(main())
