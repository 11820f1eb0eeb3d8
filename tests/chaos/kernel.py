"""A client in a notebook's kernel, whose threads run tasks as well; it is killed as kernels are."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from jupyter_client.manager import KernelManager

from ..standing_still import standing_still

_ROOT = Path(__file__).parents[2]
_CELL = """
import random, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from gator_nb import Gator
from tests.chaos.driver import drive
gator = Gator({address!r})
gator.start_worker(threads=1)
drive(gator, Path({folder!r}), random.Random({seed!r}))
"""


class KernelClient:
    """A kernel that runs the cell of a client until it is killed."""

    def __init__(self, address: str, folder: Path, seed: str) -> None:
        self._manager = KernelManager()
        with (folder / "kernels.txt").open("ab") as output:
            self._manager.start_kernel(cwd=str(folder), stdout=output, stderr=output)
        self._client = self._manager.client()
        self._client.start_channels()
        cell = _CELL.format(root=str(_ROOT), address=address, folder=str(folder), seed=seed)
        self._client.execute(cell, silent=True)

    @property
    def pid(self) -> int:
        return int(self._manager.provisioner.pid)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Alive, and silent."""
        with standing_still(self.pid):
            yield

    def kill(self) -> None:
        """SIGKILL, and nobody starts it again."""
        self._client.stop_channels()
        os.kill(self.pid, signal.SIGKILL)
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()
