"""The short form of `python -m tests.chaos.soak`: what leaks at each task shows in seconds."""

import subprocess
import sys
from pathlib import Path

import pytest

_LINUX = pytest.mark.skipif("sys.platform != 'linux'")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(330), _LINUX]
_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("store", ["sqlite", "valkey"])
def test_nothing_grows_under_mixed_load(store: str) -> None:
    command = [sys.executable, "-m", "tests.chaos.soak", "--minutes", "0.2", "--store", store]
    ran = subprocess.run(
        command, cwd=_ROOT, check=False, capture_output=True, text=True, timeout=300
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
