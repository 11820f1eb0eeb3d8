"""Fixtures for every test."""

import os

import pytest
from hypothesis import HealthCheck, settings

_QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("fast", derandomize=True, database=None, print_blob=True, **_QUIET)
settings.register_profile("thorough", max_examples=1000, database=None, print_blob=True, **_QUIET)
settings.load_profile(os.environ.get("GATOR_NB_TEST_PROFILE", "fast"))


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the files of the person who runs it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    for name in ("GATOR_NB_CONN", "GATOR_NB_KEY", "GATOR_NB_QUEUE", "SLURM_TMPDIR"):
        monkeypatch.delenv(name, raising=False)
