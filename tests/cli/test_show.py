"""`gator-nb show` and `logs`: all about one task."""

import threading

import pytest

from gator_nb import Gator, progress

from .conftest import Run, run_elsewhere


def talk(n: int) -> dict[str, float]:
    for number in range(n):
        print("line", number)
    progress(n, n, "all said", loss=0.25)
    return {"accuracy": 0.93}


def fail() -> None:
    raise ValueError("no such column")


def test_a_task_that_succeeded(run: Run, gator: Gator) -> None:
    """The call, its course, the result as a line, and the end of its output."""
    task = gator.task(talk, 20)
    gator.pop()
    told = run("show", task.task_id, "--tail", "2")
    assert told.code == 0
    for part in ("success", "talk(20)", "loss=0.25", "{'accuracy': 0.93}", "last 2 of 20 lines"):
        assert part in told.out
    assert told.out.rstrip().endswith("line 18\nline 19")


def test_a_task_that_failed(run: Run, gator: Gator) -> None:
    """With its traceback, the user's own lines last."""
    task = gator.task(fail)
    with pytest.raises(ValueError, match="no such column"):
        gator.pop()
    told = run("show", task.task_id[:10])
    assert 'raise ValueError("no such column")' in told.out
    (fields,) = run("show", task.task_id, "--json").objects
    assert fields["error"] == "ValueError: no such column"
    assert fields["traceback"].rstrip().endswith("ValueError: no such column")
    assert fields["result"] is None


class Explosive:
    """Whose unpickling would be noticed."""

    def __reduce__(self) -> tuple[object, ...]:
        return exec, ("raise SystemExit('unpickled')",)


def test_nothing_is_unpickled(run: Run, gator: Gator) -> None:
    """Whoever looks at a task does not run its code: the result is a line that was made of it."""
    task = gator.task(Explosive)
    gator.pop()
    told = run("show", task.task_id)
    assert told.code == 0
    assert "Explosive object" in told.out


def test_without_the_key_the_rest_is_shown(
    run: Run, gator: Gator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be verified is not shown, and why is said."""
    task = gator.task(talk, 1)
    gator.pop()
    monkeypatch.setenv("GATOR_NB_KEY", "ab" * 32)
    told = run("show", task.task_id)
    assert told.code == 0
    assert "not readable here" in told.out
    assert "is not on this machine" in told.out
    assert "accuracy" not in told.out


def test_logs_are_printed_as_they_are(run: Run, gator: Gator) -> None:
    """Whole, or their last lines; results alone go to standard output."""
    task = gator.task(talk, 3)
    gator.pop()
    assert run("logs", task.task_id).out == "line 0\nline 1\nline 2\n"
    assert run("logs", task.task_id, "--tail", "1").out == "line 2\n"
    assert run("logs", task.task_id, "--json").objects[0]["text"].endswith("line 2\n")


def slowly(words: list[str]) -> None:
    for word in words:
        print(word, flush=True)
        threading.Event().wait(0.05)


def test_logs_are_followed_to_the_end(dsn: str, gator: Gator) -> None:
    """Nothing is missing, also not half a letter; how it ended is a note."""
    with gator.start_worker(threads=1):
        task = gator.task(slowly, ["größer", "höher", "weiter"])
        told = run_elsewhere("logs", "-f", task.task_id, "--store", dsn)
    assert told.out == "größer\nhöher\nweiter\n"
    assert "slowly: success after" in told.err


def test_bytes_that_are_no_text_are_replaced(run: Run, gator: Gator) -> None:
    """A log may hold anything."""
    from gator_nb.backends.base import Beat

    task = gator.task(pow, 2, 10)
    gator.backend.register(gator.client.presence("elsewhere", "worker", None))
    claimed = gator.backend.claim_task("elsewhere", task.task_id)
    claim = claimed.record.claim
    gator.backend.renew("elsewhere", [Beat(task.task_id, claim, log=b"a\xff\xe2\x82")])
    assert run("logs", task.task_id).out == "a\ufffd\ufffd"
