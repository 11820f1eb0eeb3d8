"""A list and a sheet say of what waits that no worker there can run it, and what helps."""

import pytest

from gator_nb import Gator

from .conftest import Run
from .test_doctor import push_into


@pytest.mark.parametrize(
    ("lane", "why", "command"),
    [
        ({"python": "3.9"}, "they need Python 3.9", "python3.9 -m gator_nb worker"),
        ({"key_id": "0badcafe"}, "signed with key 0badcafe", "gator-nb key show --secret | ssh"),
        ({"run_in": "process"}, "they ask for run_in='process'", "--processes 2"),
    ],
    ids=["python", "key", "run_in"],
)
def test_what_the_workers_there_cannot_run(
    run: Run, gator: Gator, lane: dict[str, str], why: str, command: str
) -> None:
    """Beside the list, and among what is known of the task; what somebody runs is not named."""
    with gator.start_worker(threads=1) as worker:
        assert worker.registered.wait(30)
        task_id = push_into(gator, lane)
        listed, shown = run("ls"), run("show", task_id)
        (facts,) = run("show", task_id, "--json").objects
        gator.cancel(task_id)
        ended = run("ls")
    assert why in listed.err
    assert command in listed.err
    for told in (shown.out, facts["unserved"]):
        assert why in " ".join(told.split())
        assert command in " ".join(told.split())
    assert "no worker" not in ended.err


def test_a_store_without_workers(run: Run, gator: Gator) -> None:
    """With the command that starts one."""
    gator.map(abs, range(3))
    told = run("ls").err
    assert "no worker can run 3 tasks of queue 'all': none serves that queue" in told
    assert f"gator-nb worker {gator.conn_string}" in told
