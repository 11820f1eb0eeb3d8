"""Two network namespaces with a cable between them that can be pulled and put back."""

import contextlib
import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import redis

from ..waiting import until
from .servers import RunningServer

SERVER, WORKER = "10.77.0.1", "10.77.0.2"

_AS_ROOT = os.geteuid() == 0
_PROGRAMS = ("unshare", "nsenter", "ip", "sleep")


def missing() -> str:
    """Why there can be no cable here; empty when there can."""
    absent = [name for name in _PROGRAMS if which(name) is None]
    if absent:
        return f"there is no {absent[0]} here"
    tried = subprocess.run([*_unshare(), "true"], check=False, capture_output=True, text=True)
    return tried.stderr.strip() if tried.returncode else ""


class Namespace:
    """A network of its own, there as long as a process that sleeps in it."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen([*command, "sleep", "infinity"])
        until(self._is_apart)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def enter(self) -> list[str]:
        """What a command line starts with to run in it."""
        user = [] if _AS_ROOT else ["--user", "--preserve-credentials"]
        return ["nsenter", "--target", str(self.pid), *user, "--net", "--"]

    def run(self, *command: str) -> None:
        subprocess.run([*self.enter, *command], check=True, capture_output=True)

    def _is_apart(self) -> bool:
        ours, its = (Path(f"/proc/{pid}/ns/net").readlink() for pid in ("self", self.pid))
        asleep = Path(f"/proc/{self.pid}/comm").read_text().strip() == "sleep"
        return asleep and ours != its

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


class Cable:
    """Joins a namespace for a server and one for a worker."""

    def __init__(self, server: Namespace, worker: Namespace) -> None:
        self.server, self.worker = server, worker
        peer = ("peer", "name", "plug", "netns", str(worker.pid))
        server.run("ip", "link", "add", "cable", "type", "veth", *peer)
        for space, end, address in ((server, "cable", SERVER), (worker, "plug", WORKER)):
            space.run("ip", "address", "add", f"{address}/24", "dev", end)
            space.run("ip", "link", "set", "lo", "up")
            space.run("ip", "link", "set", end, "up")

    def pull(self) -> None:
        self.server.run("ip", "link", "set", "cable", "down")

    def put_back(self) -> None:
        self.server.run("ip", "link", "set", "cable", "up")


class ServerAtTheCable(RunningServer):
    """A server in a namespace; everybody on this host reaches it by its socket all the while."""

    def __init__(self, space: Namespace) -> None:
        self._space = space
        super().__init__("--appendonly", "yes", "--bind", "*", "--protected-mode", "no")

    def _spawn(self, *more: str) -> "subprocess.Popen[bytes]":
        command = [*self._space.enter, self._program, *self._arguments(), *more]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _await_answer(self) -> None:
        def answers() -> bool:
            with contextlib.suppress(redis.ConnectionError):
                client = redis.Redis(unix_socket_path=str(self.socket))
                try:
                    return bool(client.ping())
                finally:
                    client.close()
            return False

        until(answers, 20)

    def dsns(self) -> tuple[str, str]:
        """Its address for this host, and at the other end of the cable: of one store."""
        store = f"t{secrets.token_hex(6)}"
        far = f"redis://{SERVER}:{self.port}/0?store={store}&insecure=1"
        return f"unix://{self.socket}?store={store}", far


@contextlib.contextmanager
def cable() -> Iterator[Cable]:
    """A cable for one test."""
    with contextlib.ExitStack() as stack:
        server = Namespace(_unshare())
        stack.callback(server.close)
        worker = Namespace([*server.enter, "unshare", "--net"])
        stack.callback(worker.close)
        yield Cable(server, worker)


def _unshare() -> list[str]:
    user = [] if _AS_ROOT else ["--user", "--map-root-user"]
    return ["unshare", *user, "--net"]
