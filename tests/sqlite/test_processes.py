"""Other processes on the same file, killed and forked ones too."""

import os
import signal
from pathlib import Path

import pytest

from gator_nb.backends.sqlite import SQLiteBackend

from .specimens import LANE, opened, other_process


def test_two_processes_never_claim_the_same_task(backend: SQLiteBackend, path: Path) -> None:
    """Each pushes and claims; together they claim every task once."""
    script = """
    me = sys.argv[2]
    for number in range(100):
        backend.put([push(f"{me}-{number}")])
        for claimed in backend.claim(me, None, [LANE], 2):
            say(claimed.record.id)
    """
    with other_process(script, path, "one") as one, other_process(script, path, "two") as two:
        claimed = one.communicate(timeout=60)[0].split() + two.communicate(timeout=60)[0].split()
    left = [taken.record.id for taken in backend.claim("me", None, [LANE], 1000)]
    assert len(claimed + left) == len({*claimed, *left}) == 200
    assert backend.verify() == []


def test_a_kill_loses_no_acknowledged_push(backend: SQLiteBackend, path: Path) -> None:
    """However the process dies, what `put` has returned is in the store."""
    script = """
    for number in range(100_000):
        backend.put([push(f"t{number}")])
        say(f"t{number}")
    """
    with other_process(script, path) as pusher:
        assert pusher.stdout is not None
        acknowledged = [pusher.stdout.readline().strip() for _ in range(100)]
        os.kill(pusher.pid, signal.SIGKILL)
        acknowledged += pusher.stdout.read().split("\n")[:-1]
    assert len(acknowledged) >= 100
    assert None not in backend.get(acknowledged)
    assert backend.verify() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_connections_of_its_own(path: Path) -> None:
    """Parent and child both go on, and the one that closes first takes nothing from the other."""
    script = """
    backend.put([push("before")])
    parent_closed, tell = os.pipe()
    child = os.fork()
    if not child:
        backend.put([push("child")])
        os.read(parent_closed, 1)
        backend.put([push("child, later")])
        seen = [record is not None for record in backend.get(["before", "child"])]
        backend.close()
        os._exit(0 if all(seen) else 1)
    backend.put([push("parent")])
    backend.close()
    os.write(tell, b"x")
    say(os.waitpid(child, 0)[1])
    """
    with other_process(script, path) as forking:
        assert forking.communicate(timeout=60)[0].strip() == "0"
    with opened(path) as backend:
        assert None not in backend.get(["before", "child", "parent", "child, later"])
        assert backend.verify() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_in_the_middle_of_pushing_harms_nobody(path: Path) -> None:
    """Forking waits for the statement that runs, so that no child inherits half of one."""
    script = """
    import threading
    def many():
        for number in range(500):
            backend.put([push(f"thread {number}")])
    thread = threading.Thread(target=many)
    thread.start()
    children = []
    for number in range(10):
        child = os.fork()
        if not child:
            backend.put([push(f"child {number}")])
            os._exit(0)
        children.append(child)
    thread.join()
    say(sum(os.waitpid(child, 0)[1] for child in children))
    """
    with other_process(script, path) as forking:
        assert forking.communicate(timeout=60)[0].strip() == "0"
    with opened(path) as backend:
        assert backend.len("all") == 510
        assert backend.verify() == []
