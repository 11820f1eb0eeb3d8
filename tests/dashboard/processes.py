"""Other processes: a dashboard that is served for real, a worker, somebody who pushes."""

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gator_nb

from ..waiting import until

KEY = {"GATOR_NB_KEY": "c0" * 32}
"""The key of everybody here: a dashboard shows what it can verify."""

APP = Path(gator_nb.__file__).parent / "dashboard" / "app.py"

_WORKER = """
from gator_nb import Gator, Worker
with Gator({dsn!r}) as gator:
    Worker(gator, to_consume="*", threads=2).run_forever()
"""

_PUSH = """
from gator_nb import Gator
with Gator({dsn!r}, {queue!r}) as gator:
    for name in {names!r}:
        gator.options(name=name).task(pow, 2, 10)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served_by_cli(dsn: str, port: int | None = None) -> Iterator[str]:
    """`gator-nb dashboard DSN`; the URL of the page."""
    port = port or free_port()
    command = ["-m", "gator_nb", "dashboard", dsn, "--port", str(port), "--no-show"]
    with running(*command), answering(f"http://127.0.0.1:{port}/") as url:
        yield url


@contextmanager
def served_by_panel(dsn: str) -> Iterator[str]:
    """`panel serve gator_nb/dashboard/app.py --args DSN`; the URL of the page."""
    port = free_port()
    options = ["--address", "127.0.0.1", "--port", str(port)]
    origin = ["--allow-websocket-origin", f"127.0.0.1:{port}"]
    command = ["-m", "panel", "serve", str(APP), *options, *origin, "--args", dsn]
    with running(*command), answering(f"http://127.0.0.1:{port}/app") as url:
        yield url


@contextmanager
def worker(dsn: str) -> Iterator[None]:
    """A worker process for every queue of the store."""
    with running("-c", _WORKER.format(dsn=dsn)):
        yield


def push_elsewhere(dsn: str, queue: str, names: list[str]) -> None:
    """Push tasks of these names from another process."""
    program = _PUSH.format(dsn=dsn, queue=queue, names=names)
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process that ends with the block."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **KEY},
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def answering(url: str) -> Iterator[str]:
    until(lambda: _answers(url), 120)
    yield url


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status == 200
    except urllib.error.URLError:
        return False
