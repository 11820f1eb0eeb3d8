"""`%load_ext gator_nb` in a real kernel, and whose tasks a notebook runs."""

from pathlib import Path

from gator_nb import EVERY, WAITING, Gator, Worker
from gator_nb.notebook.own_gator import NotebookGator

SNAPSHOT = "import threading; print(sorted(t.name for t in threading.enumerate()))"


def test_it_prints_nothing_and_starts_nothing(start_kernel) -> None:
    """It is there, and nothing else is: no line, no thread, no worker."""
    kernel = start_kernel()
    before = kernel.run(SNAPSHOT)
    assert kernel.run("%load_ext gator_nb") == ""
    assert kernel.run(SNAPSHOT) == before
    assert kernel.run("gator.queue_name") == "'my-notebook'"
    assert kernel.run("len(gator.backend.presences())") == "0"


def test_it_is_light(start_kernel) -> None:
    """Neither panel nor ipywidgets nor redis is loaded by it; the time is told, not judged."""
    kernel = start_kernel()
    kernel.run("import sys, time; before = set(sys.modules); t = time.perf_counter()")
    kernel.run("%load_ext gator_nb")
    print("load_ext took", kernel.run("print(round(time.perf_counter() - t, 3))"))
    heavy = "{'panel', 'ipywidgets', 'redis', 'pandas', 'numpy'} & (set(sys.modules) - before)"
    assert kernel.run(heavy) == "set()"


def test_again_and_again_it_is_the_same_gator(kernel) -> None:
    """Run All does not lose the worker, the session or what was pushed."""
    kernel.run("first = gator")
    kernel.run("import gator_nb; gator_nb.load_ipython_extension(get_ipython())")
    assert kernel.run("gator is first") == "True"


def test_the_first_push_starts_a_worker(kernel) -> None:
    """Nobody has to know of workers."""
    assert kernel.run("gator.task(pow, 2, 10).get(timeout=30)") == "1024"
    assert "1 worker" in kernel.run("%gator")


def test_a_notebook_without_a_name_is_told_its_queue(start_kernel) -> None:
    """It shares a queue with others of its kind; one line says so, and how to change that."""
    kernel = start_kernel(GATOR_NB_QUEUE=None)
    printed = kernel.run("%load_ext gator_nb")
    assert printed.count("\n") == 1
    assert "'scratch'" in printed
    assert "$GATOR_NB_QUEUE" in printed


def test_a_notebook_of_jupyter_has_a_queue_of_its_own(start_kernel) -> None:
    """Named after its file, so that two notebooks of one name do not mix."""
    kernel = start_kernel(GATOR_NB_QUEUE=None, JPY_SESSION_NAME="/home/me/fits.ipynb")
    assert kernel.run("%load_ext gator_nb") == ""
    assert kernel.run("print(gator.queue_name)").startswith("fits-")


def test_notebooks_that_share_a_store_leave_each_other_alone(tmp_path: Path) -> None:
    """The worker of one takes nothing of another's queue; one that is told to serves every one."""
    address = f"sqlite:///{tmp_path}/tasks.sqlite"
    with NotebookGator.on(address, "one") as one, Gator(address, "another") as another:
        theirs = another.task(abs, -1)
        assert one.task(abs, -2).get(30) == 2
        assert theirs.status == WAITING
        with Worker(one, to_consume=EVERY, threads=1):
            assert theirs.get(30) == 1


def test_unloading_takes_it_out_again(kernel) -> None:
    """The worker ends, the name is gone, and the magic too."""
    kernel.run("gator.task(pow, 2, 10).get(timeout=30)")
    kernel.run("%unload_ext gator_nb")
    assert kernel.run("'gator' in globals()") == "False"
    assert "gator_nb" not in kernel.run(SNAPSHOT)
