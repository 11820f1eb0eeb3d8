"""`python -m tests.failpoints [--scene WHO] [--store sqlite|valkey] [--server] [--every N]`

Lets a process die at its first point, then a fresh one at its second, and so on until one comes to
its end alive; after each death somebody else finishes the work, and what is there is judged. With
`--server` it is the server that dies at each request, is started again, and is got over. Ends with
1 when something did not hold. This process stays without threads: it is forked for each.
"""

import argparse
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

from ..redis.servers import RunningServer
from .judge import finish_and_judge
from .points import SERVER, STRUCK
from .scenes import SCENES

_KEEPING = ("--appendonly", "yes", "--appendfsync", "always")
_LONGEST = 60.0
"""Seconds that one forked process may take."""


class Stores:
    """A new store for each death; where it is the server that dies, a new one of these too, so that
    what it loads when it is back does not grow from death to death."""

    def __init__(self, kind: str, folder: Path, *, own_servers: bool) -> None:
        self._folder, self._own_servers = folder, own_servers
        self._server = RunningServer(*_KEEPING) if kind == "valkey" else None

    def address(self, number: int) -> str:
        if self._server is None:
            return f"sqlite:///{self._folder}/{number}/tasks.sqlite"
        if self._own_servers:
            self._server.stop()
            self._server = RunningServer(*_KEEPING)
        return self._server.dsn(store=f"s{number}")

    @property
    def server_id(self) -> int:
        """Of its process."""
        return self._server._pid if self._server is not None else 0

    def tend(self) -> None:
        """Start a server again that has died."""
        server = self._server
        process = server._process if server is not None else None
        if server is not None and process is not None and process.poll() is not None:
            server.start()

    def recover(self, died: int) -> None:
        """The same, for one whose last client has gone; `died` is the id of its process."""
        if self._server is not None and self._server._process is not None:
            if self.server_id == died:
                self._server._process.wait()
            self.tend()

    def close(self) -> None:
        if self._server is not None:
            self._server.stop()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.failpoints", description=__doc__)
    parser.add_argument("--scene", choices=[*SCENES], help="who dies; each in its turn if not told")
    parser.add_argument("--store", choices=["sqlite", "valkey"], default="sqlite")
    parser.add_argument("--server", action="store_true", help="it is the server of them that dies")
    parser.add_argument("--every", type=int, default=1, help="only each Nth point")
    parser.add_argument("--first", type=int, default=1, help="the first point")
    parser.add_argument("--report", type=Path)
    wanted = parser.parse_args()
    os.environ["GATOR_NB_KEY"] = secrets.token_hex(32)
    rows, sound = [], True
    for scene in [wanted.scene] if wanted.scene else SCENES:
        with _own_folder() as folder:
            deaths, faults, seconds = _play(wanted, scene, folder)
        sound &= not faults
        who = f"server of the {scene}" if wanted.server else scene
        rows.append(f"| {wanted.store} | {who} | {deaths} | {faults} | {seconds:.0f} s |")
    text = "\n".join(
        ["| store | who dies | deaths, each at a point of its own | violations | took |",
         "|---|---|---|---|---|", *rows, ""]
    )  # fmt: skip
    print(text)
    if wanted.report is not None:
        wanted.report.write_text(text)
    return 0 if sound else 1


@contextmanager
def _own_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gnb-", ignore_cleanup_errors=True) as name:
        os.environ.update(TMPDIR=name, HOME=name)
        tempfile.tempdir = None
        yield Path(name)
    tempfile.tempdir = None
    os.environ.pop("TMPDIR")


def _play(wanted: argparse.Namespace, scene: str, folder: Path) -> tuple[int, int, float]:
    """Deaths, violations and seconds of one scene."""
    began, deaths, violations = time.monotonic(), 0, 0
    stores = Stores(wanted.store, folder, own_servers=wanted.server)
    try:
        for deadly in count(wanted.first, wanted.every):
            where, address = folder / str(deadly), stores.address(deadly)
            server = stores.server_id if wanted.server else None
            _prepare(where, server)
            scene_played = partial(SCENES[scene], address, where, deadly)
            got_over = _forked(scene_played, where / "victim.txt", stores.tend)
            struck = (where / STRUCK).read_text() if (where / STRUCK).exists() else None
            if struck is not None and server is not None:
                stores.recover(server)
            faults = _judged(address, where)
            if not got_over and (struck is None or wanted.server):
                faults.append(f"it ended badly: {(where / 'victim.txt').read_text()[-3000:]}")
            deaths += struck is not None
            violations += len(faults)
            for fault in faults:
                print(f"VIOLATION {scene} {deadly}, {struck}: {fault}", flush=True)
            if struck is None:
                break
            shutil.rmtree(where)
    finally:
        stores.close()
    return deaths, violations, time.monotonic() - began


def _prepare(folder: Path, server: int | None) -> None:
    folder.mkdir()
    (folder / "ledger").touch()
    (folder / "promises").touch()
    (folder / "workers").touch()
    if server is not None:
        (folder / SERVER).write_text(str(server))


def _judged(address: str, folder: Path) -> list[str]:
    verdict, output = folder / "verdict", folder / "survivor.txt"

    def judge() -> None:
        verdict.write_text("\n".join(finish_and_judge(address, folder)))

    if not _forked(judge, output):
        return [f"who came after it did not end well: {output.read_text()[-2000:]}"]
    return verdict.read_text().splitlines()


def _forked(
    play: Callable[[], object], output: Path, meanwhile: Callable[[], None] = lambda: None
) -> bool:
    """Do something in a copy of this process, and wait until that has ended; whether it did so by
    itself and cleanly."""
    pid = os.fork()
    if pid == 0:
        fd = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(fd, 1)
        os.dup2(fd, 2)
        try:
            play()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(1)
    until = time.monotonic() + _LONGEST
    while (ended := os.waitpid(pid, os.WNOHANG)) == (0, 0):
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return False
        meanwhile()
        time.sleep(0.002)
    return ended[1] == 0


if __name__ == "__main__":
    sys.exit(main())
