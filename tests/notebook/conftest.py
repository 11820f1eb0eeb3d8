"""A real kernel, driven cell by cell."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

PATIENCE = 60.0


class Kernel:
    """An ipykernel in a process of its own; `run` executes a cell and answers what it printed."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(env=env, cwd=str(folder))
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.late: list[str] = []
        """Text that arrived for an earlier cell than the one that was run."""

    @property
    def pid(self) -> int:
        return self.manager.provisioner.pid

    def run(self, code: str) -> str:
        """Execute a cell; its text, and the value of its last line.

        Raises:
            AssertionError: the cell raised.
        """
        texts: list[str] = []
        errors: list[str] = []

        def take(message: dict[str, Any]) -> None:
            content = message["content"]
            mine = message["parent_header"].get("msg_id") == self.request
            if message["msg_type"] == "stream":
                (texts if mine else self.late).append(content["text"])
            elif message["msg_type"] in ("execute_result", "display_data"):
                texts.append(content["data"].get("text/plain", ""))
            elif message["msg_type"] == "error":
                errors.append("\n".join(content["traceback"]))

        self.request = self.client.execute(code)
        idle = False
        while not idle:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            take(message)
            idle = (
                message["msg_type"] == "status"
                and message["content"]["execution_state"] == "idle"
                and message["parent_header"].get("msg_id") == self.request
            )
        reply = self.client.get_shell_msg(timeout=PATIENCE)
        while reply["parent_header"].get("msg_id") != self.request:
            reply = self.client.get_shell_msg(timeout=PATIENCE)
        # A group of exceptions is printed, and only the reply says that the cell failed.
        assert reply["content"]["status"] == "ok", "".join(errors or texts)
        return "".join(texts)

    def offered(self, line: str) -> list[str]:
        """What Tab offers at the end of a line."""
        reply = self.client.complete(line, reply=True, timeout=PATIENCE)
        return list(reply["content"]["matches"])

    def until(self, condition: str) -> None:
        """Wait until an expression holds in the kernel."""
        deadline = time.monotonic() + PATIENCE
        while self.run(f"print(bool({condition}))").strip() != "True":
            assert time.monotonic() < deadline, condition
            time.sleep(0.05)

    def kill(self) -> None:
        """kill -9."""
        os.kill(self.pid, signal.SIGKILL)
        self.close()

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()
        self.manager.context.destroy(linger=0)


@pytest.fixture
def kernel_env(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has just installed gator_nb."""
    ours = ("JPY_", "PYTEST_")  # with one of these a kernel leaves its own output alone
    env = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return env | {
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "GATOR_NB_QUEUE": "my-notebook",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }


@pytest.fixture
def start_kernel(kernel_env: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Kernel]]:
    """Starts kernels of one person; those that still run are ended after the test."""
    started: list[Kernel] = []

    def start(**env: str | None) -> Kernel:
        given = {key: value for key, value in (kernel_env | env).items() if value is not None}
        started.append(Kernel(given, tmp_path))
        return started[-1]

    yield start
    for kernel in started:
        if kernel.manager.has_kernel:
            kernel.close()


@pytest.fixture
def kernel(start_kernel: Callable[..., Kernel]) -> Kernel:
    """A kernel in which the extension is loaded."""
    one = start_kernel()
    assert one.run("%load_ext gator_nb") == ""
    return one
