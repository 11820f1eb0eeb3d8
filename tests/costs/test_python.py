"""Calls of Python functions, where what is done does not hang on other threads.

The numbers are those of Python 3.11, and a tenth more: newer ones call fewer functions for the
same, other versions of libraries a few more.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

MOST = {
    "memory": {"push": 225, "map": 145, "pop": 280, "get": 75, "get again": 25, "group": 65},
    "sqlite": {"push": 260, "map": 155, "pop": 345, "get": 110, "get again": 25, "group": 70},
}


@pytest.mark.slow
def test_a_verb_calls_no_more_functions_than_it_did(tmp_path: Path) -> None:
    """A push (snapshot, key, signature, place in the store), each further call of a map, a task
    that is run here (claimed, verified, loaded, run, signed, settled), results."""
    stores = ["memory://", f"sqlite:///{tmp_path}/tasks.sqlite"]
    command = [sys.executable, "-m", "tests.costs.calls", *stores]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    for counted, most in zip(json.loads(done.stdout), MOST.values(), strict=True):
        assert counted.keys() == most.keys()
        assert {name: number for name, number in counted.items() if number > most[name]} == {}
