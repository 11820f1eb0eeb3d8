"""Functions as people write them are pushed by one process and run in another, elsewhere."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gator_nb import Gator

ROOT = Path(__file__).parents[2]

LAB = {
    "__init__.py": """
        import threading
        from enum import Enum
        from .sensors import Sensor
        from .signals import smooth

        lock = threading.Lock()

        class Kind(Enum):
            SQUARE = 1

        def scaler(factor):
            def scale(x):
                with lock:
                    return x * factor
            return scale

        def loud(func):
            def wrapper(*args):
                return str(func(*args)) + "!"
            return wrapper
    """,
    "sensors.py": """
        from __future__ import annotations
        from dataclasses import dataclass

        @dataclass
        class Sensor:
            name: str
            values: list[float]

            def mean(self) -> float:
                from . import signals
                return signals.average(self.values)
    """,
    "signals.py": """
        import numpy as np
        _memo = {}

        def average(values):
            return float(np.mean(values))

        def smooth(values):
            _memo[len(values)] = True
            return [average(values[max(0, i - 1) : i + 2]) for i in range(len(values))]
    """,
    "deep/__init__.py": "",
    "deep/shapes.py": """
        from .. import Kind
        def area(kind, side):
            return side ** 2 if kind is Kind.SQUARE else None
    """,
    "lazily.py": """
        def helper():
            import lab.signals
            return lab.signals.average([1, 2])
    """,
}


@pytest.fixture
def project(tmp_path):
    """A folder with a package of one's own in it, where the notebook is."""
    for name, source in LAB.items():
        file = tmp_path / "project" / "lab" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(source))
    return tmp_path / "project"


@pytest.mark.slow
def test_everyday_functions_run_in_a_fresh_process(project, tmp_path):
    """The worker has neither the notebook nor its package; results are compared as text."""
    dsn, expected = f"sqlite:///{tmp_path}/tasks.sqlite", tmp_path / "expected.json"
    (tmp_path / "elsewhere").mkdir()

    def python(*arguments, cwd, path=""):
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), path)))}
        run = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=cwd, env=env, capture_output=True, text=True, timeout=150,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout + run.stderr

    notebook = Path(__file__).with_name("everyday.py")
    python(notebook, dsn, expected, cwd=project, path=str(project))
    project.rename(tmp_path / "gone")
    python(
        "-m", "gator_nb", "worker", dsn, "--threads", 2, "--idle-exit", "1s",
        cwd=tmp_path / "elsewhere",
    )  # fmt: skip

    results = json.loads(expected.read_text())
    assert len(results) >= 50
    wrong = {}
    with Gator(dsn) as gator:
        for name, here in results.items():
            task = gator[name]
            told = repr(task.result) if task.done() and task.error is None else task.error
            if told != here:
                wrong[name] = f"{told} instead of {here}\n{task.traceback}"
    assert not wrong, "\n".join(f"{name}: {told}" for name, told in wrong.items())
