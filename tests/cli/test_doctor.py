"""`gator-nb doctor`: what is in the way of tasks, and the mend."""

import re

import pytest

from gator_nb import Gator, Task, keys
from gator_nb.definition import PYTHON
from gator_nb.record import lane_of

from .conftest import Run, run_here


def states(run: Run, *arguments: str) -> dict[str, dict[str, str]]:
    """The checks by what they looked at; the last of those with one name."""
    return {one["what"]: one for one in run("doctor", "--json", *arguments).objects}


def test_all_is_well(run: Run, gator: Gator) -> None:
    """Each thing that was looked at, and exit code 0."""
    with gator.start_worker(threads=2):
        gator.task(pow, 2, 10).wait()
        told = run("doctor")
        found = states(run)
    assert told.code == 0
    assert gator.conn_string in told.out
    assert found["durability"]["told"] == gator.durability
    assert "mode 600" in found["key"]["told"]
    assert "2 at a time, all" in found["worker"]["told"]
    assert {one["state"] for one in found.values()} <= {"fine", "note"}


def test_tasks_of_a_queue_without_a_worker(run: Run, gator: Gator) -> None:
    """The command that starts one is there to be copied; exit code 1."""
    gator.options(queue="night").map(abs, range(3))
    told = run("doctor")
    assert told.code == 1
    assert "no worker can run 3 tasks of queue 'night': none serves that queue" in told.out
    assert f"gator-nb worker {gator.conn_string}" in told.out


@pytest.mark.parametrize(
    ("lane", "why", "mend"),
    [
        ({"python": "3.9"}, "they need Python 3.9", "python3.9 -m gator_nb worker"),
        ({"key_id": "0badcafe"}, "signed with key 0badcafe", "bring that key"),
        ({"run_in": "process"}, "they ask for run_in='process'", "a worker with processes"),
    ],
    ids=["python", "key", "run_in"],
)
def test_tasks_that_the_workers_there_cannot_run(
    run: Run, gator: Gator, lane: dict[str, str], why: str, mend: str
) -> None:
    """What they lack is named."""
    with gator.start_worker(threads=1):
        task_id = push_into(gator, lane)
        told = run("doctor")
        gator.cancel(task_id)
    assert told.code == 1
    assert why in told.out
    assert mend in told.out


def push_into(gator: Gator, lane: dict[str, str]) -> str:
    """A task whose lane is another one than that of this Python; answers its id."""
    task = Task()
    task.to_call(pow, 2, 10)
    session, ring = gator.client.arrive(), gator.client.keyring
    push = task.definition().to_push(ring, gator.queue_name, session)
    wanted = lane_of(**{"python": PYTHON, "key_id": ring.current.id, **lane})
    gator.backend.put([push._replace(record=push.record._replace(lane=wanted))])
    return task.task_id


def test_a_store_that_cannot_be_reached(run: Run) -> None:
    """All else is looked at."""
    found = states(run, "redis://127.0.0.1:1")
    assert found["store"]["state"] == "wrong"
    assert "127.0.0.1:1" in found["store"]["told"]
    assert found["python"]["state"] == "fine"


def test_a_key_that_others_can_read(run: Run, gator: Gator) -> None:
    """With the command that mends it."""
    keys.load()
    keys.key_file().chmod(0o644)
    found = states(run)
    assert found["key"]["state"] == "wrong"
    assert f"chmod 600 {keys.key_file()}" in found["key"]["told"]


def test_looking_makes_neither_a_store_nor_a_key() -> None:
    """Of somebody who has never pushed a task: nothing is wrong with that."""
    told = run_here("doctor")
    assert told.code == 0
    assert "there is no store at" in told.out
    assert "none yet" in told.out
    assert not keys.key_file().exists()


def test_a_store_that_has_grown_large(gator: Gator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size is told always, and what can be done about it from some gigabytes on."""

    def size() -> dict[str, str]:
        checks = run_here("doctor", "--json", gator.conn_string).objects
        return next(one for one in checks if one["what"] == "size")

    assert size()["state"] == "fine"
    assert re.fullmatch(r"[\d.]+ [KM]B", size()["told"])
    monkeypatch.setattr("gator_nb.cli.checks.LARGE_STORE", 1)
    assert (size()["state"], size()["mend"]) == ("note", f"gator-nb purge {gator.conn_string}")
