"""The short form of `python -m tests.chaos`: every kind of fault once, on each store."""

import subprocess
import sys
from pathlib import Path

import pytest

_LINUX = pytest.mark.skipif("sys.platform != 'linux'")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(330), _LINUX]
_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("store", ["sqlite", "valkey"])
def test_nothing_acknowledged_is_lost_whatever_strikes(store: str) -> None:
    """In a process of its own: what strikes there concerns nobody else."""
    command = [sys.executable, "-m", "tests.chaos", "--minutes", "0", "--round", "8"]
    ran = subprocess.run(
        [*command, "--seed", "1", "--store", store],
        cwd=_ROOT, check=False, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "| of these lost | 0 |" in ran.stdout
