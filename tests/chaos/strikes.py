"""What strikes an arena, one method for each kind of fault."""

import contextlib
import os
import secrets
import signal
import time
from typing import TYPE_CHECKING

from gator_nb.backends.base import Push
from gator_nb.errors import GatorError
from gator_nb.host.places import runtime_folder
from gator_nb.host.process_tree import marked
from gator_nb.record import Record

from ..redis.hosts import RemoteWorker
from .schedule import Fault

if TYPE_CHECKING:
    from .arena import Arena

KEY = "GATOR_NB_KEY"


class Strikes:
    """The faults of one round. `away` are the times, from and to, at which nobody could write to
    the store; `rolled_back` those at which its server may have lost its last two seconds."""

    def __init__(self, arena: "Arena") -> None:
        self._arena = arena
        self.away: list[tuple[float, float]] = []
        self.rolled_back: list[float] = []
        self.garbage: list[str] = []
        """Tasks that somebody without a key has put into the store."""

    def strike(self, fault: Fault) -> None:
        getattr(self, "_" + fault.kind.replace(" ", "_"))(fault)

    @contextlib.contextmanager
    def _store_away(self):
        began = time.time()
        try:
            yield
        finally:
            self.away.append((began, time.time()))

    # -- workers ------------------------------------------------------------------------------

    def _kill_worker(self, fault: Fault) -> None:
        arena = self._arena
        line = (arena.threads, arena.processes)[fault.which % 2]
        place = fault.which // 2 % len(line)
        arena.note_death("worker", [line[place].presence_id])
        line[place].kill()
        arena.look_for(1.0)  # a new one takes its time to come up
        arena.renew_worker(line, place)

    def _stop_worker(self, fault: Fault) -> None:
        with self._some_worker(fault).paused():
            self._arena.look_for(fault.seconds + 2.0)  # longer than its lease

    def _move_clock(self, fault: Fault) -> None:
        worker = self._some_worker(fault)
        worker.move_clock()
        self._arena.look_for(fault.seconds)
        if worker.process.poll() is None:
            worker.move_clock()

    def _some_worker(self, fault: Fault) -> RemoteWorker:
        every = self._arena.threads + self._arena.processes
        return every[fault.which % len(every)]

    def _children(self, fault: Fault) -> tuple[RemoteWorker, list[int]]:
        workers = self._arena.processes
        worker = workers[fault.which % len(workers)]
        return worker, marked(f"{worker.presence_id}:")

    def _kill_child(self, fault: Fault) -> None:
        worker, children = self._children(fault)
        if children:
            self._arena.note_death("child", [worker.presence_id])
            with contextlib.suppress(ProcessLookupError):
                os.kill(children[fault.which % len(children)], signal.SIGKILL)

    def _stop_child(self, fault: Fault) -> None:
        _, children = self._children(fault)
        if children:
            child = children[fault.which % len(children)]
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGSTOP)
                self._arena.look_for(fault.seconds)
                os.kill(child, signal.SIGCONT)

    # -- clients ------------------------------------------------------------------------------

    def _kill_driver(self, fault: Fault) -> None:
        drivers = self._arena.drivers
        driver = drivers.pop(fault.which % len(drivers))
        driver.kill()
        driver.wait()
        self._arena.drive()

    def _kill_kernel(self, _: Fault) -> None:
        arena = self._arena
        assert arena.kernel is not None
        with contextlib.suppress(GatorError):
            there = arena.gator.backend.presences()
            arena.note_death("kernel", [one.id for one in there if one.pid == arena.kernel.pid])
        arena.renew_kernel()

    def _stop_kernel(self, fault: Fault) -> None:
        """A lid that closes over a notebook: its lock is held, so its threads keep their tasks."""
        kernel = self._arena.kernel
        assert kernel is not None
        with kernel.paused():
            self._arena.look_for(fault.seconds)

    # -- keys and bytes -----------------------------------------------------------------------

    def _wrong_key(self, fault: Fault) -> None:
        """A worker with another key: it serves other lanes, and nothing of ours."""
        right = os.environ[KEY]
        os.environ[KEY] = "ab" * 32
        try:
            stranger = self._arena.worker(threads=2)
        finally:
            os.environ[KEY] = right
        self._arena.look_for(fault.seconds)
        stranger.kill()

    def _rotate_key(self, fault: Fault) -> None:
        """New clients sign with a new key; one worker of each kind is started with both."""
        arena = self._arena
        os.environ[KEY] = f"{secrets.token_hex(32)},{os.environ[KEY]}"
        for line in (arena.threads, arena.processes):
            arena.end_worker(line[0])
            arena.renew_worker(line, 0)
        self._kill_driver(fault)

    def _garbage(self, _: Fault) -> None:
        """Somebody who can write to the store, and has no key; and files that are nobody's."""
        backend, lane = self._arena.gator.backend, self._arena.gator.client.lanes(None)[0]
        for data in (secrets.token_bytes(300), b"", b"GNB1" + secrets.token_bytes(300)):
            task_id = secrets.token_hex(16)
            record = Record(task_id, "all", lane=lane, origin=task_id, label="garbage")
            with contextlib.suppress(GatorError):
                backend.put([Push(record, data)])
                self.garbage.append(task_id)
        for folder in ("alive", "wake"):
            path = runtime_folder() / folder
            if path.exists():
                (path / f"garbage-{secrets.token_hex(8)}").write_bytes(secrets.token_bytes(100))

    # -- the store and the way there ----------------------------------------------------------

    def _disk_full(self, fault: Fault) -> None:
        arena = self._arena
        if arena.skipped:
            return
        ballast = arena.disk / "ballast"
        with self._store_away():
            with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 65536)
            arena.look_for(fault.seconds)
            ballast.unlink()

    def _kill_server(self, fault: Fault) -> None:
        arena = self._arena
        assert arena.server is not None
        with self._store_away():
            arena.server.kill()
            if arena.persistence != "always":
                self.rolled_back.append(time.time())
            time.sleep(fault.seconds / 3)
            if arena.persistence == "none":
                arena.follower.rolled_back(None)
            elif arena.persistence == "everysec":
                arena.follower.rolled_back_by_a_lagging_disk()
            arena.server.start()
            arena.follower.restarts.append(time.time())

    def _pause_server(self, fault: Fault) -> None:
        assert self._arena.server is not None
        with self._store_away(), self._arena.server.paused():
            time.sleep(fault.seconds)

    def _lose_replies(self, fault: Fault) -> None:
        self._arena.proxy.lose_one_in = 5
        self._arena.look_for(fault.seconds)
        self._arena.proxy.lose_one_in = 0

    def _repeat(self, fault: Fault) -> None:
        self._arena.proxy.repeat_one_in = 4
        self._arena.look_for(fault.seconds)
        self._arena.proxy.repeat_one_in = 0

    def _delay(self, fault: Fault) -> None:
        self._arena.proxy.delay = 0.3
        self._arena.look_for(fault.seconds)
        self._arena.proxy.delay = 0.0

    def _cut(self, fault: Fault) -> None:
        with self._store_away():
            self._arena.proxy.is_cut = True
            self._arena.look_for(fault.seconds)
            self._arena.proxy.is_cut = False
