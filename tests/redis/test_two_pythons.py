"""A notebook, and workers of its Python and of another one, on one server.

The other Python needs nothing installed: the parts that a worker on a server loads are pure Python,
and it borrows them from this one.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from gator_nb import WAITING, Gator
from gator_nb.definition import PYTHON

from ..cli.conftest import run_here
from ..waiting import look_again
from .hosts import Host
from .servers import RunningServer

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PACKAGES = sysconfig.get_paths()["purelib"]
CHOSEN = "GATOR_NB_TEST_PYTHON"
"""Names the other Python."""

TELL = "import sys; print(sys.implementation.name, '%d.%d' % sys.version_info[:2])"

PUSH = """
import sys
from gator_nb import Gator

def version():
    return sys.version_info[:2]

with Gator(sys.argv[1]) as gator:
    print(gator.options(name="from there").task(version).get(30))
"""


class Python(NamedTuple):
    """Another interpreter."""

    program: str
    version: str


def candidates() -> Iterator[str]:
    if chosen := os.environ.get(CHOSEN):
        yield chosen
        return
    names = [f"python3.{minor}" for minor in range(11, 20)]
    yield from filter(None, map(shutil.which, names))
    managed = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    yield from map(str, sorted(managed.glob("3.*/bin/python")))


def version_of(program: str) -> str | None:
    """Of a CPython; None of anything else."""
    told = subprocess.run([program, "-c", TELL], capture_output=True, text=True, check=False)
    name, _, version = told.stdout.strip().partition(" ")
    return version if told.returncode == 0 and name == "cpython" else None


@pytest.fixture(scope="session")
def other() -> Python:
    """One of another minor version, from 3.11 on."""
    for program in candidates():
        version = version_of(program)
        if version not in (None, PYTHON) and int(version.partition(".")[2]) >= 11:
            return Python(program, version)
    pytest.skip(f"there is no other Python from 3.11 on; ${CHOSEN} may name one")


@pytest.fixture
def gator(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gator]:
    monkeypatch.setenv("GATOR_NB_KEY", "5a" * 32)
    with Gator(server.dsn()) as opened:
        yield opened


@pytest.fixture
def there(tmp_path: Path, other: Python) -> Iterator[Host]:
    """A place with the other Python, and with this one's packages."""
    host = Host(tmp_path, python=(other.program, PACKAGES))
    yield host
    host.close()


def ran_by(python: Python, script: str, address: str) -> str:
    """Has the other Python run a script on the store; answers what it printed."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), PACKAGES))}
    command = [python.program, "-c", script, address]
    return subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=60, check=True
    ).stdout.strip()


def test_each_worker_runs_what_its_python_has_pushed(
    gator: Gator, other: Python, there: Host, here: Host
) -> None:
    """The other one leaves the notebook's task alone, and everybody says what it waits for."""
    address = gator.backend.address
    far = there.worker(address)
    task = gator.task(lambda: sys.version_info[:2])
    with pytest.raises(TimeoutError, match=f"they need Python {PYTHON}; .* gator-nb worker"):
        task.wait(0.5)
    doctor = " ".join(run_here("doctor", address).out.split())
    assert f"Python {other.version}, 1 at a time" in doctor
    assert f"they need Python {PYTHON} start one with gator-nb worker {address}" in doctor
    assert task.status == WAITING

    near = here.worker(address)
    assert task.get(30) == sys.version_info[:2]
    told = ran_by(other, PUSH, address)
    assert told == str(tuple(map(int, other.version.split("."))))
    assert str(gator["from there"].get()) == told
    assert task.handle.record.worker == near.presence_id
    assert gator["from there"].handle.record.worker == far.presence_id


RUN_HERE = """
import sys
from gator_nb import Gator, errors

with Gator(sys.argv[1]) as gator:
    task = gator["from here"]
    for run in (lambda: gator.get(task.task_id), lambda: gator.execute(task), task.debug):
        try:
            run()
        except errors.GatorError as error:
            print(error)
    print(gator.pop())
"""


def test_the_code_of_another_python_is_not_run_by_hand(gator: Gator, other: Python) -> None:
    """Its bytecode would end the process. The task stays where it was."""
    task = gator.options(name="from here").task(lambda: [n * 2 for n in range(3)])
    told = ran_by(other, RUN_HERE, gator.backend.address).splitlines()
    assert len(told) == 4
    for line in told[:3]:
        assert f"was pushed by Python {PYTHON}, and this is {other.version}" in line
        assert f"python{PYTHON} -m gator_nb worker" in line
    assert told[3] == "None"
    look_again()
    assert task.status == WAITING
    assert gator.pop().get(0) == [0, 2, 4]


READ_HERE = """
import sys
from gator_nb import Gator, errors

with Gator(sys.argv[1]) as gator:
    task = gator["gives a function"]
    for read in (lambda: task.func, task.get):
        try:
            read()
        except errors.GatorError as error:
            print(error)
    print(gator["gives a number"].get())
"""


def test_a_function_in_what_another_python_stored_is_refused(gator: Gator, other: Python) -> None:
    """Plain values go between any two."""

    def give() -> object:
        return lambda: 1

    gator.options(name="gives a function").task(give)
    gator.options(name="gives a number").task(pow, 2, 10)
    assert gator.pop() is not None
    assert gator.pop() is not None
    told = ran_by(other, READ_HERE, gator.backend.address).splitlines()
    assert all(f"was made by Python {PYTHON}" in line for line in told[:2])
    assert told[2:] == ["1024"]
