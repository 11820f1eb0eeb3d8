"""Fixtures for every test."""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from . import leftovers

_QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("fast", derandomize=True, database=None, print_blob=True, **_QUIET)
settings.register_profile("thorough", max_examples=1000, database=None, print_blob=True, **_QUIET)
settings.load_profile(os.environ.get("GATOR_NB_TEST_PROFILE", "fast"))

_PROOFS = ("chaos", "contract", "failpoints", "mutations", "upgrade")
"""Rooms that show that nothing is lost: one failure there is a finding, and no second run undoes
it. CI runs any other test that fails once more, and names it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Proofs run once, whatever the command line says."""
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).parts[0] in _PROOFS:
            item.add_marker(pytest.mark.flaky(reruns=0))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was run once more is told in full, for it may be a fault that seldom shows."""
    for report in terminalreporter.stats.get("rerun", ()):
        terminalreporter.write_sep("_", f"{report.nodeid} failed the first time")
        terminalreporter.write_line(report.longreprtext)


def pytest_sessionfinish() -> None:
    """No server outlives the run, nor one of its workers."""
    servers = sys.modules.get("tests.redis.servers")
    if servers is not None:
        servers.stop_shared_server()


@pytest.fixture(scope="session", autouse=True)
def own_temporary_folder() -> Iterator[None]:
    """Locks and sockets of this run are its own: another run does not see or remove them."""
    patch = pytest.MonkeyPatch()
    with tempfile.TemporaryDirectory(prefix="gnb-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # some tests give up root inside of it
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", None)
        yield
        patch.undo()


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """A shell starts what runs in its background with SIGINT ignored; Python then installs no
    handler, and no test could interrupt anything."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the files of the person who runs it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    for name in ("GATOR_NB_CONN", "GATOR_NB_KEY", "GATOR_NB_QUEUE", "SLURM_TMPDIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def nothing_left(own_folders: None) -> Iterator[None]:
    """After each test: no thread, child, open store, socket or lock that was not there before."""
    before = {kind: kind() for kind in leftovers.KINDS}
    yield
    for kind, known in before.items():
        deadline = time.monotonic() + 5.0
        while kind() - known and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not kind() - known, f"left behind: {kind.__name__}"
