"""`%%gator`: a cell runs in the background, and brings its variables back between cells."""

import doctest

import pytest

from gator_nb.notebook import cell_code
from gator_nb.notebook.cell_code import call_of


def failure(kernel, code: str) -> str:
    """What a cell tells when it raises."""
    with pytest.raises(AssertionError) as told:
        kernel.run(code)
    return str(told.value)


def test_the_cell_runs_on_the_queue_with_what_it_reads(kernel) -> None:
    """Its names are captured as they are now; what it assigns stays its own."""
    kernel.run("base = 20; total = 1")
    card = kernel.run("%%gator --name sums\ntotal = total + base\ntotal * 2")
    assert "sums" in card
    kernel.run("base = 0")
    assert kernel.run("gator['sums'].get(), total").strip() == "(42, 1)"


def test_out_arrives_between_cells(kernel) -> None:
    """Not while a cell runs, and with a line that says where it comes from."""
    kernel.run("import time")
    kernel.run(
        "magic = get_ipython().run_cell_magic\n"
        "body = 'a = 1\\nb = [a, 2]\\n\"told in its log\"'\n"
        "magic('gator', '--out a --out b --no-card', body)\n"
        "gator.tasks()[0].wait(30)\n"
        "assert 'a' not in globals()"
    )
    assert "a, b arrived from %%gator " in kernel.run("a, b")
    assert kernel.run("a, b").strip() == "(1, [1, 2])"
    assert kernel.run("%gator logs {gator.tasks()[0].task_id[:8]}") == "told in its log\n"


def test_out_never_takes_the_place_of_a_newer_value(kernel) -> None:
    """Whoever gave the name a value since meant that value."""
    kernel.run("kept = old = 'before'")
    kernel.run(
        "magic = get_ipython().run_cell_magic\n"
        "magic('gator', '--out kept,old --no-card', 'kept = old = \"by the cell\"')\n"
        "kept = 'by hand'\n"
        "task = gator.tasks()[0].wait(30)"
    )
    told = kernel.run("kept, old")
    assert "old arrived from" in told
    assert "kept was given another value since, and stays" in told
    assert "('by hand', 'by the cell')" in told


def test_a_cell_that_fails_says_that_nothing_will_arrive(kernel) -> None:
    """With the line as it is numbered in the cell, in the task's traceback."""
    kernel.run("%%gator --out ratio --no-card\ncount = 0\nratio = 1 / count")
    kernel.run("task = gator.tasks()[0].wait(30)")
    told = kernel.run("print(task.traceback)")
    assert "ratio = 1 / count" in told
    assert "line 3, in %%gator" in told


def test_block_waits_and_raises(kernel) -> None:
    """As if the cell had run here, and its variables are there at once."""
    kernel.run("%%gator --block --process --out pid --no-card\nimport os\npid = os.getpid()")
    assert kernel.run("import os; print(pid != os.getpid())") == "True\n"
    assert "ZeroDivisionError" in failure(kernel, "%%gator --block --no-card\n1 / 0")


def test_reuse_makes_run_all_safe(kernel) -> None:
    """The very same cell is answered by its task; an edited one runs anew."""
    cell = "%%gator --reuse --no-card --out model\nmodel = base + 1"
    kernel.run("base = 1")
    kernel.run(cell)
    kernel.run("gator.wait(); model = None")
    kernel.run(cell + "  # the same")
    assert "model arrived" in kernel.run("print(model)")
    assert kernel.run("len(gator.tasks())").strip() == "1"
    kernel.run(cell.replace("+ 1", "+ 2"))
    assert kernel.run("print(len(gator.tasks()))").endswith("2\n")


def test_what_was_pushed_may_await(kernel) -> None:
    """As cells may."""
    kernel.run("%%gator --name later\nimport asyncio\nawait asyncio.sleep(0)\n'awaited'")
    assert kernel.run("print(gator['later'].get())") == "awaited\n"


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("%%gator --out model\nscore = 1", "the cell does not assign 'model'"),
        ("%%gator --out 2\nx = 1", "give the name of a variable"),
        ("%%gator --retries many\n1", "invalid int value: 'many'"),
        ("%%gator --dance\n1", "unrecognized arguments: --dance"),
        ("%%gator --timeout soon\n1", "soon"),
        ("%%gator\n!ls", "lines with % and ! are for the notebook itself"),
        ("%%gator\nx = = 1", "SyntaxError"),
        ("%%gator\n# nothing\n", "the cell is empty"),
    ],
)
def test_what_cannot_be_pushed_is_told_and_nothing_is_pushed(kernel, cell, told) -> None:
    """In a line, or as the error that the cell itself would have raised."""
    assert told in failure(kernel, cell)
    assert kernel.run("len(gator.tasks())").strip() == "0"


@pytest.mark.parametrize(
    ("body", "early"),
    [
        ("n = n + 1", ["n"]),
        ("n += 1", ["n"]),
        ("n = 1\nn += 1", []),
        ("if n: m = 1\nm", ["m"]),
        ("if n: m = 1\nelse: m = 2\nm", []),
        ("for i in m: m = i", ["m"]),
        ("for i in []: pass\ni", ["i"]),
        ("with m as f: f.x\nf", []),
        ("def f(m): return m\nm = f(1)", []),
        ("def f(): return m\nm = f()", ["m"]),
        ("try: m = 1\nexcept Exception as e: e\nm", ["m"]),
        ("[m for m in [1]]\nm = 2", []),
        ("class A:\n    m = m\nm = 1", ["m"]),
        ("match n:\n    case [a, *b]: a, b\na = 1", []),
        ("import m.x\nm", []),
        ("del m", ["m"]),
    ],
)
def test_names_that_a_cell_may_read_before_it_assigns_them(body: str, early: list[str]) -> None:
    """They are arguments; the others need not be in the notebook, nor be picklable."""
    everything = dict.fromkeys("abefimn")
    assert list(call_of(body, "cell", everything).arguments) == early


def test_examples() -> None:
    assert doctest.testmod(cell_code).failed == 0
