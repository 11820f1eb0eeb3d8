"""Workers as processes of their own, on this host or on what they take for another one."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..standing_still import standing_still
from ..waiting import until

_ROOT = Path(__file__).parents[2]

_SOURCE = """
    import signal, sys, threading, time
    from pathlib import Path

    real, ahead = time.time, 0.0

    def move_clock(*_):
        global ahead
        ahead = 0.0 if ahead else 86_400.0

    time.time = lambda: real() + ahead
    signal.signal(signal.SIGUSR2, move_clock)

    from gator_nb import Gator, Worker
    from gator_nb.client import client
    from gator_nb.host import liveness
    from gator_nb.workers import supervisor

    address, boot, lease, kind, slots, name = sys.argv[1:]
    if boot:  # another boot is another host: locks tell nothing about it there
        liveness._BOOT_ID = Path(boot)
    if lease:
        client.THREAD_LEASE = float(lease)
        supervisor.RENEW_EVERY = float(lease) / 3
    gator = Gator(address)
    worker = Worker(gator, to_consume="*", name=name or None, **{kind: int(slots)})

    def tell():
        worker.registered.wait()
        print("ready", worker.id, flush=True)

    threading.Thread(target=tell, daemon=True).start()
    code = worker.run_forever()
    print("fenced", worker.fenced, flush=True)
    sys.exit(code)
"""


class Host:
    """A place where workers run.

    Args:
        folder: for what it writes.
        elsewhere: it is another host to everybody, so that leases decide about its workers.
        enter: what a command line starts with to run there.
        python: its interpreter, with the folders where that finds packages of others.
    """

    def __init__(
        self,
        folder: Path,
        *,
        elsewhere: bool = False,
        enter: Sequence[str] = (),
        python: Sequence[str] = (sys.executable,),
    ) -> None:
        self._folder = folder / f"host-{secrets.token_hex(4)}"
        self._folder.mkdir()
        self._enter = list(enter)
        self._program, *self._path = python
        self._boot = self._folder / "boot_id" if elsewhere else None
        if self._boot is not None:
            self._boot.write_text(secrets.token_hex(16))
        self.workers: list[RemoteWorker] = []

    def worker(
        self,
        address: str,
        *,
        threads: int = 1,
        processes: int = 0,
        lease: float | None = None,
        name: str = "",
    ) -> "RemoteWorker":
        """Start a worker for every queue, and wait until the store knows it."""
        kind, slots = ("processes", processes) if processes else ("threads", threads)
        boot, period = str(self._boot or ""), "" if lease is None else str(lease)
        output = self._folder / f"worker-{len(self.workers)}.txt"
        code = ("-W", "error", "-c", textwrap.dedent(_SOURCE))
        arguments = (address, boot, period, kind, str(slots), name)
        command = [*self._enter, self._program, *code, *arguments]
        one = RemoteWorker(command, output, [str(_ROOT), *self._path])
        self.workers.append(one)
        until(lambda: "ready" in one.output() or one.process.poll() is not None, 60)
        assert one.process.poll() is None, one.output()
        return one

    def close(self) -> None:
        for one in self.workers:
            one.kill()


class RemoteWorker:
    """A process that is a worker until it is told to stop."""

    def __init__(self, command: Sequence[str], output: Path, path: Sequence[str]) -> None:
        self._output = output
        with output.open("w") as file:
            self.process = subprocess.Popen(
                command,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(path)},
                start_new_session=True,
            )

    def output(self) -> str:
        """What it has said so far."""
        return self._output.read_text()

    @property
    def presence_id(self) -> str:
        return self.output().partition("ready ")[2].split()[0]

    def kill(self) -> float:
        """SIGKILL; answers when."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        at = time.monotonic()
        self.process.wait()
        return at

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Alive, and silent."""
        with standing_still(self.process.pid):
            yield

    def move_clock(self) -> None:
        """Its `time.time` is a day ahead from now on, or right again; that of the system is not."""
        self.process.send_signal(signal.SIGUSR2)

    def end(self) -> tuple[int, int]:
        """Ask it to stop; answers its exit code and how many results it dropped."""
        self.process.terminate()
        code = self.process.wait(60)
        return code, int(self.output().partition("fenced ")[2].split()[0])
