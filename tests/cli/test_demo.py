"""`gator-nb demo`: a queue at work, to look at before anything of one's own is on it."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from gator_nb import EVERY, FAILED, RETRYING, RUNNING, Gator

from ..waiting import until

pytestmark = pytest.mark.slow


def started(said: Path) -> subprocess.Popen[bytes]:
    """The demo, with its temporary folder beside what it says."""
    with said.open("w") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "gator_nb", "demo", "--no-browser", "--port", "0"],
            stdout=out,
            stderr=out,
            env=os.environ | {"TMPDIR": str(said.parent), "GATOR_NB_KEY": ""},
        )


def test_it_works_until_it_is_told_to_end(tmp_path: Path) -> None:
    """Tasks run, fail and are tried again while the page answers; Ctrl-C ends it with 0 at once,
    and leaves neither its store nor a process."""
    said = tmp_path / "said"
    demo = started(said)
    try:
        until(lambda: "Ctrl-C" in said.read_text() or demo.poll() is not None, 40)
        url = re.search(r"http://\S+", said.read_text())
        assert url, said.read_text()
        with urllib.request.urlopen(url[0], timeout=20) as page:
            assert "Gator queue" in page.read().decode()
        (store,) = tmp_path.glob("gator-demo-*/demo.sqlite")
        with Gator(f"sqlite:///{store}") as gator:
            until(lambda: gator.tasks(queue=EVERY).counts().get(RUNNING, 0) > 1, 30)
            until(lambda: gator.tasks(FAILED, queue=EVERY), 30)
            until(lambda: gator.tasks(RETRYING, queue=EVERY), 30)
        demo.send_signal(signal.SIGINT)
        assert demo.wait(20) == 0
    finally:
        demo.kill()
        demo.wait()
    assert "has ended" in said.read_text()
    assert "Traceback" not in said.read_text()
    assert not list(tmp_path.glob("gator-demo-*"))
    assert not list((Path(os.environ["HOME"])).rglob("*"))


def test_it_ends_cleanly_before_it_has_begun(tmp_path: Path) -> None:
    """SIGTERM while the laboratory is being set up, before there is a page: its store goes too."""
    said = tmp_path / "said"
    demo = started(said)
    try:
        until(lambda: list(tmp_path.glob("gator-demo-*")) or demo.poll() is not None, 40)
        demo.terminate()
        assert demo.wait(20) == 0, said.read_text()
    finally:
        demo.kill()
        demo.wait()
    assert "http://" not in said.read_text()
    assert "Traceback" not in said.read_text()
    assert not list(tmp_path.glob("gator-demo-*"))
