"""A notebook that was renamed, moved or copied: whose tasks are whose."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import PATIENCE, Kernel

pytestmark = pytest.mark.slow


@pytest.fixture
def opened(start_kernel: Callable[..., Kernel]) -> Callable[[Path], Kernel]:
    """Opens a notebook of Jupyter's, in a kernel of its own."""

    def opened(path: Path) -> Kernel:
        path.touch()
        return start_kernel(GATOR_NB_QUEUE=None, JPY_SESSION_NAME=str(path))

    return opened


def load(kernel: Kernel, cell: str) -> str:
    """Run `%load_ext gator_nb` in the cell of that id, as a front end does; what it prints."""
    session = kernel.client.session
    content = {"code": "%load_ext gator_nb", "silent": False, "store_history": True,
               "user_expressions": {}, "allow_stdin": True, "stop_on_error": True}  # fmt: skip
    message = session.msg("execute_request", content, metadata={"cellId": cell})
    kernel.client.shell_channel.send(message)
    printed = ""
    while True:
        told = kernel.client.get_iopub_msg(timeout=PATIENCE)
        if told["parent_header"].get("msg_id") != message["header"]["msg_id"]:
            continue
        printed += told["content"].get("text", "")
        if told["content"].get("execution_state") == "idle":
            return printed


def queue(kernel: Kernel) -> str:
    return kernel.run("print(gator.queue_name)").strip()


def test_a_renamed_notebook_goes_on_with_its_queue(opened, tmp_path: Path):
    """Its first cell is the same one, and its old file is gone. One line says so, once."""
    first = opened(tmp_path / "fits.ipynb")
    assert load(first, "c1") == ""
    first.run("gator.options(name='done').task(pow, 2, 10).wait(timeout=30)")
    before = queue(first)
    first.close()
    renamed = (tmp_path / "fits.ipynb").rename(tmp_path / "better fits.ipynb")
    second = opened(renamed)
    assert load(second, "c1") == f"this notebook was fits.ipynb: its queue is still {before!r}\n"
    assert second.run("gator['done'].get()") == "1024"
    second.close()
    third = opened(renamed)
    assert load(third, "c1") == ""
    assert queue(third) == before
    third.close()
    new = opened(tmp_path / "fits.ipynb")
    assert load(new, "of another notebook") == ""
    assert queue(new) == f"{before}-2", "the old name's queue is taken"


def test_a_copy_has_a_queue_of_its_own(opened, tmp_path: Path):
    """It never runs the tasks of the first; one line says whose they are, and what goes on with
    them, in every kernel to come."""
    first = opened(tmp_path / "fits.ipynb")
    load(first, "c1")
    first.run("gator.options(name='done').task(pow, 2, 10).wait(timeout=30)")
    copy = opened(tmp_path / "fits-Copy1.ipynb")
    told = load(copy, "c1")
    assert told.startswith(
        "this notebook is a copy of fits.ipynb, whose tasks stay in queue 'fits-"
    )
    assert told.count("\n") == 1
    assert queue(copy) != queue(first)
    assert copy.run("len(gator.tasks())") == "0"
    listed = copy.run("%gator queue").splitlines()
    assert sorted(line.split() for line in listed[:2]) == [
        ["*", queue(copy), "0", "tasks"], [queue(first), "1", "task"],
    ]  # fmt: skip
    assert copy.run(f"%gator queue {queue(first)}").startswith(f"queue {queue(first)!r} of sqlite")
    assert copy.run("gator['done'].get()") == "1024"
    copy.close()
    again = opened(tmp_path / "fits-Copy1.ipynb")
    assert load(again, "c1") == ""
    assert queue(again) == queue(first)


def test_a_copy_of_what_has_no_task_is_told_nothing(opened, tmp_path: Path):
    """There is nothing to miss."""
    load(opened(tmp_path / "template.ipynb"), "c1")
    assert load(opened(tmp_path / "mine.ipynb"), "c1") == ""


def test_a_queue_that_is_not_there_is_refused_with_those_that_are(opened, tmp_path: Path):
    """A name that was mistyped would show an empty queue."""
    kernel = opened(tmp_path / "fits.ipynb")
    load(kernel, "c1")
    kernel.run("gator.task(abs, -1).wait(timeout=30)")
    told = kernel.run(
        "from IPython.core.error import UsageError\n"
        "try: get_ipython().run_line_magic('gator', 'queue fist')\n"
        "except UsageError as error: print(error)"
    )
    assert "has no queue 'fist'; it has 'fits-" in told


def test_a_queue_on_a_server_is_this_persons(start_kernel, tmp_path: Path):
    """With or without their name before it; another person's is none of theirs."""
    from ..redis.servers import shared_server

    kernel = start_kernel(GATOR_NB_CONN=shared_server().dsn(), JUPYTERHUB_USER="ann")
    kernel.run("%load_ext gator_nb")
    kernel.run("for name in ('ann/old', 'bob/his'): gator.options(queue=name).task(abs, -1)")
    assert "bob" not in kernel.run("%gator queue")
    assert kernel.offered("%gator queue ") == ["ann/my-notebook", "ann/old"]
    for name in ("old", "ann/old"):
        assert kernel.run(f"%gator queue {name}").startswith("queue 'ann/old' of redis")
    told = kernel.run(
        "from IPython.core.error import UsageError\n"
        "try: get_ipython().run_line_magic('gator', 'queue bob/his')\n"
        "except UsageError as error: print(error)"
    )
    assert "has no queue 'bob/his'" in told
