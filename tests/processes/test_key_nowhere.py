"""The key is with those who sign and verify, and nobody finds it anywhere else."""

import logging
import os
import secrets
from pathlib import Path

import pytest

from gator_nb import Gator, keys

from ..waiting import until


def look() -> str:
    """All that a task can see of its own process, and the command lines of every process."""
    print(dict(os.environ))
    told = [Path("/proc/self/environ").read_bytes(), Path("/proc/self/cmdline").read_bytes()]
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            told.append(file.read_bytes())
        except OSError:  # it has ended meanwhile
            continue
    return repr(dict(os.environ)) + repr(told)


@pytest.mark.parametrize("place", ["file", "environment"])
def test_the_key_is_in_no_argument_no_child_no_store_and_no_log(
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """With a worker process beside this one, which is given the key, and its children, which are
    not."""
    caplog.set_level(logging.DEBUG)
    if place == "environment":
        monkeypatch.setenv("GATOR_NB_KEY", secrets.token_hex(32))
    (tmp_path / "store").mkdir()
    with Gator(f"sqlite:///{tmp_path}/store/tasks.sqlite") as gator:
        gator.start_worker(processes=1)
        task, failed = gator.task(look), gator.task(int, "no number")
        seen = task.get(60)
        until(failed.done)
        shown = [repr(gator), gator.conn_string, task.logs(), str(failed.traceback), seen]
        shown += [repr(task), repr(gator.client.keyring), repr(vars(gator.client))]
        stored = b"".join(file.read_bytes() for file in (tmp_path / "store").iterdir())
    secret = keys.load().current.secret
    out, err = capfd.readouterr()
    for text in (*shown, out, err, caplog.text):
        assert secret.hex() not in text
        assert repr(secret)[2:-1] not in text
    assert secret.hex().encode() not in stored
    assert secret not in stored
    assert keys.load().current.id.encode() in stored
