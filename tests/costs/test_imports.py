"""What is loaded, and when: an import that nobody asked for is what a cold start waits for."""

import os
import subprocess
import sys
from pathlib import Path

HEAVY = (
    "IPython", "apsw", "cloudpickle", "distributed", "ipywidgets", "joblib", "numpy", "pandas",
    "panel", "prometheus_client", "redis", "rich", "tomlkit", "typer",
)  # fmt: skip


def loaded_by(code: str, tmp_path: Path) -> set[str]:
    """Which of them a new interpreter has loaded after `code`, and how many modules in all."""
    code = f"import sys; before = set(sys.modules); {code}; print(*(set(sys.modules) - before))"
    environment = os.environ | {"GATOR_NB_CONN": f"sqlite:///{tmp_path}/tasks.sqlite"}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment,
        timeout=120,
    )  # fmt: skip
    return set(done.stdout.split())


def test_the_package_alone(tmp_path: Path) -> None:
    """Nothing but itself and the standard library."""
    loaded = loaded_by("import gator_nb", tmp_path)
    assert not loaded & {*HEAVY}
    assert len(loaded) <= 300


def test_a_store_loads_what_it_is_made_of(tmp_path: Path) -> None:
    """A task that is pushed, run and fetched takes two packages."""
    code = (
        "from gator_nb import Gator; gator = Gator(); gator.start_worker(threads=1); "
        "gator.task(abs, -1).get(); gator.close()"
    )
    loaded = loaded_by(code, tmp_path)
    assert loaded & {*HEAVY} == {"apsw", "cloudpickle"}
    assert len(loaded) <= 330
