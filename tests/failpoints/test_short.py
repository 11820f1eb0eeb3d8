"""The short form of `python -m tests.failpoints`: some points of each scene."""

import subprocess
import sys
from pathlib import Path

import pytest

_LINUX = pytest.mark.skipif("sys.platform != 'linux'")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(330), _LINUX]
_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("scene", "store", "every"),
    [
        ("client", "sqlite", 23),
        ("client", "valkey", 17),
        ("worker", "sqlite", 61),
        ("worker", "valkey", 41),
        ("supervisor", "sqlite", 131),
        ("child", "valkey", 61),
    ],
)
def test_who_dies_at_a_step_loses_nothing(scene: str, store: str, every: int) -> None:
    """A process that forks must have no threads, so it is one of its own."""
    command = [sys.executable, "-m", "tests.failpoints", "--scene", scene, "--store", store]
    ran = subprocess.run(
        [*command, "--every", str(every), "--first", "7"],
        cwd=_ROOT, check=False, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"| {store} | {scene} | 0 |" not in ran.stdout, "nobody died"


def test_a_server_that_dies_at_a_request_is_got_over() -> None:
    """Where it keeps all that it has acknowledged, whoever waits for an answer has it later."""
    command = [sys.executable, "-m", "tests.failpoints", "--scene", "client", "--store", "valkey"]
    ran = subprocess.run(
        [*command, "--server", "--every", "19", "--first", "9"],
        cwd=_ROOT, check=False, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "| valkey | server of the client | 0 |" not in ran.stdout, "it never died"
