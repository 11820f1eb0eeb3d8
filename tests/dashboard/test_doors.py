"""The doors: what may be shown, to whom, and how serving ends."""

import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gator_nb.dashboard.app import create_app
from gator_nb.dashboard.store import open_shared
from gator_nb.errors import StoreUnavailable
from gator_nb.masking import masked
from gator_nb.profiles import as_typed

pytestmark = pytest.mark.slow


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_importing_the_package_or_the_command_loads_no_panel():
    """Only who opens a dashboard pays for it."""
    told = run("-c", "import sys, gator_nb.cli; print([m for m in sys.modules if m == 'panel'])")
    assert told.stdout.strip() == "[]", told.stderr


def test_a_store_in_memory_is_refused_with_the_reason():
    """A page of another process would show an empty queue where there is a full one."""
    with pytest.raises(StoreUnavailable, match="another process"):
        open_shared("memory://")


def test_a_store_in_memory_is_refused_on_the_page():
    """Panel's own door has no terminal to say it in."""
    (only,) = create_app("memory://").main
    assert "lives inside the process that made it" in only.notes[0]["text"]


def test_the_command_tells_what_is_wrong_in_a_line(tmp_path: Path):
    """No traceback; exit code 2."""
    told = run("-m", "gator_nb", "dashboard", "memory://", "--no-show")
    assert told.returncode == 2
    assert told.stderr.startswith("gator-nb: memory:// lives inside")
    assert "Traceback" not in told.stderr


def test_a_password_in_the_address_is_not_shown():
    """Not by the bar, and not by the commands that it gives."""
    address = "redis://me:secret@lab:6379/0?password=also"
    assert masked(address) == "redis://me:***@lab:6379/0?password=***"
    assert as_typed(address) == "DSN"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_serving_cleanly(dsn: str, number: signal.Signals):
    """The URL is told first; then Ctrl-C, or being told to end, leaves no noise behind."""
    command = [sys.executable, "-u", "-m", "gator_nb", "dashboard", dsn, "--port", "0", "--no-show"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stdout is not None
        assert serving.stdout.readline().startswith("Gator queue: http://127.0.0.1:")
        serving.stdout.readline()
        serving.send_signal(number)
        _, noise = serving.communicate(timeout=20)
    assert (serving.returncode, noise) == (0, "")


def test_it_listens_on_a_socket_that_is_its_owners_alone(dsn: str, tmp_path: Path):
    """For a proxy of the same user: no port is opened, and nothing is left of it at the end."""
    path = tmp_path / "page"
    command = [sys.executable, "-u", "-m", "gator_nb", "dashboard", dsn, "--unix-socket", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        assert serving.stdout.readline() == f"Gator queue: unix:{path}\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with socket.socket(socket.AF_UNIX) as browser:
            browser.connect(str(path))
            browser.sendall(b"GET / HTTP/1.0\r\nHost: lab.example.org\r\n\r\n")
            assert b"200 OK" in browser.recv(1000)
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(20) == 0
    assert not path.exists()


def test_no_file_gives_way_to_a_socket(dsn: str, tmp_path: Path):
    """What is there is not a socket, and stays."""
    path = tmp_path / "results.csv"
    path.write_text("1,2")
    told = run("-m", "gator_nb", "dashboard", dsn, "--unix-socket", str(path))
    assert (told.returncode, path.read_text()) == (2, "1,2")
    assert "is no socket" in told.stderr
