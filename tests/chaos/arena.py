"""One round: a store, its workers and clients, and what strikes them."""

import contextlib
import os
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
from .following import Death, Follower, goings_on, recoveries
from .kernel import KernelClient
from .leaks import leaks
from .oracle import Forgiving, Verdict, judge, read
from .schedule import Fault, schedule
from .strikes import KEY, Strikes

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
        self._key = os.environ[KEY]
        (folder / "ledger").touch()
        (folder / "acknowledged").touch()
        self._stack = contextlib.ExitStack()
        self.follower = Follower()
        self.strikes = Strikes(self)
        self._pushed = 0
        self._fenced = 0
        self.kernel: KernelClient | None = None
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
        self._direct = direct
        self.host = Host(self.folder)
        self._stack.callback(self.host.close)
        self.threads = [self.worker(threads=2) for _ in range(2)]
        self.processes = [self.worker(processes=2) for _ in range(2)]
        self.drivers: list[subprocess.Popen[bytes]] = []
        self._stack.callback(self._end_drivers)
        for _ in range(_DRIVERS):
            self.drive()
        self.renew_kernel()

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

    def worker(self, **slots: int) -> RemoteWorker:
        """One more."""
        return self.host.worker(self.address, lease=2.0, **slots)

    def renew_worker(self, line: list[RemoteWorker], place: int) -> None:
        """Another one where that one has gone."""
        line[place] = self.worker(**({"threads": 2} if line is self.threads else {"processes": 2}))

    def renew_kernel(self) -> None:
        """Kill the kernel, and start another."""
        if self.kernel is not None:
            self.kernel.kill()
        self.kernel = KernelClient(self.address, self.folder, self._next_seed())

    def _next_seed(self) -> str:
        self._pushed += 1
        return f"{self.seed}-{self._pushed}"

    def drive(self) -> None:
        """One more client."""
        seed = self._next_seed()
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
        self.drivers.clear()
        if self.kernel is not None:
            self.kernel.kill()
            self.kernel = None

    # -- what strikes -------------------------------------------------------------------------

    def play(self, faults: list[Fault], told: Callable[[str], None]) -> None:
        """Let each strike in its turn."""
        for fault in faults:
            self.look_for(fault.after)
            told(f"{fault.kind} ({fault.seconds:.1f} s)")
            self.strikes.strike(fault)

    def look_for(self, seconds: float) -> None:
        """Follow the store for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(GatorError):
                self.follower.look(self.gator.backend)
            time.sleep(0.05)

    def note_death(self, kind: str, presences: list[str]) -> None:
        """What had begun and is about to die; it is to begin again elsewhere."""
        with contextlib.suppress(GatorError):
            held = dict(pair for one in presences for pair in self.gator.backend.held(one))
            self.follower.watch(Death(kind, time.time(), held))

    # -- the end ------------------------------------------------------------------------------

    def settle_down(self) -> Verdict:
        """No more pushes; what is there is worked off, then judged."""
        self._end_drivers()
        Gator(self._direct).close()  # a store that is gone waits for somebody to open it anew

        def calm() -> bool:
            self.look_for(0.1)
            backend = self.gator.backend
            return all(set(statuses) <= TERMINAL for statuses in backend.counts().values())

        with contextlib.suppress(AssertionError):  # the judge names what has not ended
            until(calm, 60)
        forgiving = Forgiving(
            everything=self.persistence == "none" and self.server is not None,
            recent=self.strikes.rolled_back,
            garbage=self.strikes.garbage,
        )
        verdict = judge(self.gator.backend, self.folder, self.follower, forgiving)
        ledger, follower = read(self.folder / "ledger"), self.follower
        verdict.recoveries = recoveries(follower.deaths, ledger, self.strikes.away)
        if follower.restarts:
            going_on = goings_on(follower.restarts, ledger)
            verdict.recoveries["server killed: the next task begun after its restart"] = going_on
        for worker in self.threads + self.processes:
            verdict.faults += self.end_worker(worker)
        verdict.fenced = self._fenced
        for worker in self.host.workers:
            if left := marked(f"{worker.presence_id}:"):
                verdict.faults.append(f"orphans of {worker.presence_id}: {left}")
        verdict.faults += leaks(self.gator, self.server, self.folder, os.environ[KEY])
        return verdict

    def end_worker(self, worker: RemoteWorker) -> list[str]:
        """It ends cleanly, and tells how many results it has dropped."""
        presence = worker.presence_id
        code, fenced = worker.end()
        self._fenced += fenced
        return [f"worker {presence} ended with {code}: {worker.output()[-2000:]}"] if code else []

    def close(self) -> None:
        self._stack.close()
        os.environ[KEY] = self._key


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
