"""What a task prints or logs goes to its log, and never into a cell."""

import time

import pytest

NOISY = """
import logging, sys, time
log = logging.getLogger("mine")
log.setLevel("INFO")
log.addHandler(logging.StreamHandler())  # of an earlier cell: it holds the cell's stream

def noisy():
    for n in range(3):
        print("printed", n)
        print("to stderr", n, file=sys.stderr)
        log.info("logged %d", n)
        time.sleep(0.2)
"""


def test_prints_and_logging_of_a_task_stay_out_of_the_cells(kernel) -> None:
    """Also with a logging handler that was made in an earlier cell."""
    kernel.run(NOISY)
    assert "printed" not in kernel.run("task = gator.task(noisy)")
    cells = kernel.run("print('of the cell'); time.sleep(0.4); log.info('of the cell too')")
    assert kernel.run("print(task.wait(timeout=30).status)") == "success\n"
    time.sleep(0.3)
    later = kernel.run("1 + 1")
    assert sorted(cells.split("\n")) == ["", "of the cell", "of the cell too"]
    assert later == "2"
    assert kernel.late == []
    log = kernel.run("print(task.logs())")
    for n in range(3):
        assert f"printed {n}\n" in log
        assert f"to stderr {n}\n" in log
        assert f"logged {n}\n" in log


def test_a_task_that_outlives_the_cell_it_began_in_stays_out_of_later_ones(kernel) -> None:
    """A cell's end restores the streams; the worker, begun within that cell, is not cut off."""
    kernel.run(
        "import time\n"
        "def noisy():\n"
        "    for n in range(8):\n"
        "        print('printed', n); time.sleep(0.1)\n"
        "task = gator.task(noisy)\n"
        "while not task.logs(): time.sleep(0.01)"
    )
    printed = [kernel.run(f"print('cell {n}'); time.sleep(0.2)") for n in range(3)]
    assert printed == [f"cell {n}\n" for n in range(3)]
    assert kernel.late == []
    assert kernel.run("task.wait(timeout=30).logs().count('printed')") == "8"


def test_what_is_run_by_hand_prints_into_its_cell_and_once_into_its_log(kernel) -> None:
    """However many routes the kernel's streams have by then."""
    kernel.run("from gator_nb import Gator\nmine = Gator('memory://')")
    assert kernel.run("task = mine.task(print, 'by hand', 1); mine.pop()").startswith("by hand 1\n")
    assert kernel.run("print(repr(task.logs()))") == "'by hand 1\\n'\n"


def test_many_cells_and_workers_add_no_layer_to_the_streams(kernel) -> None:
    """A notebook that is open for a month prints as on its first day."""
    for _ in range(5):
        kernel.run("gator.task(print, 'hello').wait(timeout=30); gator.stop_worker()")
    depth = kernel.run(
        "import sys\n"
        "write, layers = sys.stdout.write, 0\n"
        "while hasattr(write, 'inner') or getattr(write, '__closure__', None):\n"
        "    layers += 1\n"
        "    write = getattr(write, 'inner', None) or next(\n"
        "        (c.cell_contents for c in write.__closure__ if callable(c.cell_contents)\n"
        "         and 'write' in str(c.cell_contents)), None)\n"
        "print(layers)"
    )
    assert int(depth) <= 4


def test_unloading_leaves_the_streams_as_they_were(kernel) -> None:
    """Nothing of the routing stays behind."""
    kernel.run("gator.task(print, 'hello').wait(timeout=30)")
    kernel.run("%unload_ext gator_nb")
    assert (
        kernel.run("import sys; print(type(sys.stdout).__mro__[0].__qualname__)") == "OutStream\n"
    )
    assert kernel.run("'_Routed' in str(type(sys.stdout).__mro__)") == "False"
    assert kernel.run("print('plain again')") == "plain again\n"


C_CODE = """
import ctypes, time
def print_in_c(word):
    ctypes.CDLL(None).printf(b"%s from C\\n", word.encode())

def flush():
    ctypes.CDLL(None).fflush(None)
    time.sleep(0.5)
"""


def test_what_c_code_of_a_task_prints_is_in_its_log_and_marked(kernel) -> None:
    """It cannot be known whose it is; it comes with the task though C keeps it back, and no cell
    that is over gets it."""
    kernel.run(C_CODE)
    kernel.run("task = gator.task(print_in_c, 'hello')")
    kernel.until("task.done()")
    log = kernel.run("print(task.logs())")
    assert "[from C code, of this task or of what ran beside it] hello from C\n" in log
    assert kernel.run("print('the next cell')") == "the next cell\n"
    assert kernel.late == []


@pytest.mark.slow
def test_what_c_code_prints_while_a_cell_runs_may_be_the_cells(kernel) -> None:
    """So the cell shows it too, and says that it may be a task's."""
    kernel.run(C_CODE)
    printed = kernel.run(
        "task = gator.task(time.sleep, 3)\n"
        "while str(task.status) != 'running': time.sleep(0.01)\n"
        "print_in_c('mine'); flush()"
    )
    assert printed == "[from C code, of this cell or of a task that ran beside it] mine from C\n"
    kernel.until("task.done()")
    printed = kernel.run("print_in_c('alone'); flush()")
    assert printed == "alone from C\n"
    assert "alone" not in kernel.run("print(task.logs())")


def test_a_task_that_closes_stdout_closes_nobody_elses(kernel) -> None:
    """The cells go on printing, and so do other tasks."""
    kernel.run("import sys\ngator.task(lambda: sys.stdout.close()).wait(timeout=30)")
    assert kernel.run("print('still here')") == "still here\n"
    assert kernel.run("print(gator.task(print, 'heard').wait(timeout=30).logs())") == "heard\n\n"


@pytest.mark.slow
def test_a_figure_of_a_task_is_in_no_cell(kernel) -> None:
    """It is the task's, though a cell ends while it is drawn; and that of a cell is the cell's."""
    kernel.run(
        "import time, threading\n"
        "import matplotlib.pyplot as plt\n"
        "def draw(n):\n"
        "    plt.plot([n, 2]); time.sleep(1.5)\n"
        "    return len(plt.gca().lines)\n"
        "tasks = [gator.task(draw, n) for n in (1, 2)]\n"
        "while not all(task.started for task in tasks): time.sleep(0.01)\n"
        "time.sleep(0.5)"
    )
    assert kernel.run("40 + 2") == "42"
    assert "Figure" in kernel.run("plt.plot([1, 2]); plt.close('all'); plt.plot([3]); plt.show()")
    assert kernel.run("print([task.get(timeout=30) for task in tasks])") == "[1, 1]\n"
    assert kernel.run("print([len(task.outputs) for task in tasks])") == "[1, 1]\n"
