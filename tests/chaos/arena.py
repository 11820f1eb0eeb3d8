"""One round: a store, its workers and clients, and what strikes them."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from gator_nb import Gator
from gator_nb.errors import GatorError
from gator_nb.host.process_tree import marked
from gator_nb.states import TERMINAL

from ..redis.hosts import Host, RemoteWorker
from ..redis.proxy import Proxy
from ..redis.servers import RunningServer
from ..waiting import until
from .oracle import Follower, Verdict, judge, read
from .schedule import Fault, schedule

_ROOT = Path(__file__).parents[2]
_DRIVERS = 2
PERSISTENCE = {
    "always": ("--appendonly", "yes", "--appendfsync", "always"),
    "everysec": ("--appendonly", "yes", "--appendfsync", "everysec"),
    "none": (),
}


class Arena:
    """What one round plays in. `close` ends all that was started."""

    def __init__(self, folder: Path, store: str, seed: str, persistence: str) -> None:
        self.folder, self.seed, self.persistence = folder, seed, persistence
        (folder / "ledger").touch()
        (folder / "acknowledged").touch()
        self._stack = contextlib.ExitStack()
        self._follower = Follower()
        self._pushed = 0
        self._deaths: list[tuple[str, float, set[str]]] = []
        self.skipped: list[str] = []
        self.server: RunningServer | None = None
        try:
            self._open(store)
        except BaseException:
            self.close()
            raise

    def _open(self, store: str) -> None:
        if store == "valkey":
            self.server = RunningServer(*PERSISTENCE[self.persistence])
            self._stack.callback(self.server.stop)
            self.proxy = Proxy(self.server.port)
            self._stack.callback(self.proxy.close)
            self.address = f"redis://127.0.0.1:{self.proxy.port}/0?store=chaos"
            direct = self.server.dsn(store="chaos")
        else:
            self.disk = self._small_disk()
            self.address = direct = f"sqlite:///{self.disk}/tasks.sqlite"
        self.gator = self._stack.enter_context(Gator(direct))
        self.host = Host(self.folder)
        self._stack.callback(self.host.close)
        self.threads = [self._worker(threads=2) for _ in range(2)]
        self.processes = [self._worker(processes=2) for _ in range(2)]
        self.drivers: list[subprocess.Popen[bytes]] = []
        self._stack.callback(self._end_drivers)
        for _ in range(_DRIVERS):
            self._drive()

    def _small_disk(self) -> Path:
        disk = self.folder / "disk"
        disk.mkdir()
        if os.geteuid() == 0:
            made = ["mount", "-t", "tmpfs", "-o", "size=256m,mode=700", "tmpfs", str(disk)]
            if subprocess.run(made, check=False, capture_output=True).returncode == 0:
                self._stack.callback(subprocess.run, ["umount", "-l", str(disk)], check=True)
                return disk
        self.skipped.append("disk full: a tmpfs can be mounted by root alone")
        return disk

    def _worker(self, **slots: int) -> RemoteWorker:
        return self.host.worker(self.address, lease=2.0, **slots)

    def _drive(self) -> None:
        self._pushed += 1
        seed = f"{self.seed}-{self._pushed}"
        with (self.folder / "drivers.txt").open("ab") as output:
            command = [sys.executable, "-m", "tests.chaos.driver", self.address, str(self.folder)]
            driver = subprocess.Popen(
                [*command, seed], cwd=_ROOT, stdout=output, stderr=subprocess.STDOUT
            )
        self.drivers.append(driver)

    def _end_drivers(self) -> None:
        for driver in self.drivers:
            driver.kill()
            driver.wait()

    # -- faults -------------------------------------------------------------------------------

    def play(self, faults: list[Fault], told: Callable[[str], None]) -> None:
        """Let each strike in its turn."""
        for fault in faults:
            self._look_for(fault.after)
            told(f"{fault.kind} ({fault.seconds:.1f} s)")
            getattr(self, "_" + fault.kind.replace(" ", "_"))(fault)

    def _look_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(GatorError):
                self._follower.look(self.gator.backend)
            time.sleep(0.05)

    def _kill_worker(self, fault: Fault) -> None:
        line = (self.threads, self.processes)[fault.which % 2]
        place = fault.which // 2 % len(line)
        self._note_death("worker", [line[place].presence_id])
        line[place].kill()
        line[place] = self._worker(**({"threads": 2} if line is self.threads else {"processes": 2}))

    def _note_death(self, kind: str, presences: list[str]) -> None:
        """What had begun and is about to die; it is to begin again elsewhere."""
        with contextlib.suppress(GatorError):
            held = {claim for one in presences for _, claim in self.gator.backend.held(one)}
            self._deaths.append((kind, time.time(), held))

    def _stop_worker(self, fault: Fault) -> None:
        every = self.threads + self.processes
        with every[fault.which % len(every)].paused():
            self._look_for(fault.seconds + 2.0)  # longer than its lease

    def _children(self, fault: Fault) -> tuple[RemoteWorker, list[int]]:
        worker = self.processes[fault.which % len(self.processes)]
        return worker, marked(f"{worker.presence_id}:")

    def _kill_child(self, fault: Fault) -> None:
        worker, children = self._children(fault)
        if children:
            self._note_death("child", [worker.presence_id])
            with contextlib.suppress(ProcessLookupError):
                os.kill(children[fault.which % len(children)], signal.SIGKILL)

    def _stop_child(self, fault: Fault) -> None:
        _, children = self._children(fault)
        if children:
            child = children[fault.which % len(children)]
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGSTOP)
                self._look_for(fault.seconds)
                os.kill(child, signal.SIGCONT)

    def _kill_driver(self, fault: Fault) -> None:
        driver = self.drivers.pop(fault.which % len(self.drivers))
        driver.kill()
        driver.wait()
        self._drive()

    def _wrong_key(self, fault: Fault) -> None:
        """A worker with another key: it serves other lanes, and nothing of ours."""
        right = os.environ["GATOR_NB_KEY"]
        os.environ["GATOR_NB_KEY"] = "ab" * 32
        try:
            stranger = self._worker(threads=2)
        finally:
            os.environ["GATOR_NB_KEY"] = right
        self._look_for(fault.seconds)
        stranger.kill()

    def _disk_full(self, fault: Fault) -> None:
        if self.skipped:
            return
        ballast = self.disk / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 65536)
        self._look_for(fault.seconds)
        ballast.unlink()

    def _kill_server(self, fault: Fault) -> None:
        assert self.server is not None
        self.server.kill()
        time.sleep(fault.seconds / 3)
        if self.persistence == "none":
            self._follower.start_again()
        self.server.start()

    def _pause_server(self, fault: Fault) -> None:
        assert self.server is not None
        with self.server.paused():
            time.sleep(fault.seconds)

    def _lose_replies(self, fault: Fault) -> None:
        self.proxy.lose_one_in = 5
        self._look_for(fault.seconds)
        self.proxy.lose_one_in = 0

    def _cut(self, fault: Fault) -> None:
        self.proxy.is_cut = True
        self._look_for(fault.seconds)
        self.proxy.is_cut = False

    # -- the end ------------------------------------------------------------------------------

    def settle_down(self) -> Verdict:
        """No more pushes; what is there is worked off, then judged."""
        self._end_drivers()
        self.drivers.clear()

        def calm() -> bool:
            self._look_for(0.1)
            backend = self.gator.backend
            return all(set(statuses) <= TERMINAL for statuses in backend.counts().values())

        with contextlib.suppress(AssertionError):  # the judge names what has not ended
            until(calm, 60)
        may_lose = self.persistence == "none" and self.server is not None
        verdict = judge(self.gator.backend, self.folder, self._follower, may_lose=may_lose)
        verdict.recoveries = self._recoveries()
        verdict.faults += self._end_workers()
        return verdict

    def _recoveries(self) -> dict[str, list[float]]:
        lines = read(self.folder / "ledger")
        found: dict[str, list[float]] = {}
        for kind, at, claims in self._deaths:
            for runs in lines.values():
                cut = any(line.claim in claims for line in runs) and not any(
                    line.claim in claims and line.word == "end" for line in runs
                )
                later = [line.at for line in runs if line.word == "start" and line.at > at]
                if cut and later:
                    found.setdefault(kind, []).append(min(later) - at)
        return found

    def _end_workers(self) -> list[str]:
        """Each ends cleanly, and leaves no process behind."""
        faults = []
        for worker in self.threads + self.processes:
            presence = worker.presence_id
            code, _ = worker.end()
            if code:
                faults.append(f"worker {presence} ended with {code}: {worker.output()[-2000:]}")
        for worker in self.host.workers:
            left = marked(f"{worker.presence_id}:")
            if left:
                faults.append(f"orphans of {worker.presence_id}: {left}")
        return faults

    def close(self) -> None:
        self._stack.close()


def play_round(
    folder: Path,
    store: str,
    seed: str,
    seconds: float,
    persistence: str,
    told: Callable[[str], None],
) -> tuple[Verdict, list[Fault], list[str]]:
    """Play one round and judge it."""
    faults = schedule(seed, store, seconds)
    arena = Arena(folder, store, seed, persistence)
    try:
        arena.play(faults, told)
        return arena.settle_down(), faults, arena.skipped
    finally:
        arena.close()
