"""`%gator`: the queue by a word."""

import pytest

from gator_nb.verbs import CELL, MAGICS


def failure(kernel, line: str) -> str:
    """What a magic tells when it refuses."""
    return kernel.run(
        "from IPython.core.error import UsageError\n"
        f"try: get_ipython().run_line_magic('gator', {line!r})\n"
        "except UsageError as error: print(error)"
    )


def test_alone_it_tells_where_the_queue_stands(kernel) -> None:
    """One line a status, and who runs them."""
    assert "no worker runs; the next push starts one" in kernel.run("%gator")
    kernel.run("gator.map(abs, range(3)).wait(timeout=30)")
    kernel.run("later = gator.options(delay_by=600).task(abs, -1)")
    printed = kernel.run("%gator")
    assert "queue 'my-notebook' in sqlite://" in printed
    assert "success 3" in printed
    assert "delayed 1" in printed
    assert "1 worker" in printed


def test_cancel_takes_ids_their_beginnings_and_names(kernel) -> None:
    """What a card shows is enough."""
    kernel.run("later = gator.options(delay_by=600)")
    kernel.run("a, b = later.task(abs, -1), later.task(abs, -2)")
    kernel.run("c = gator.options(delay_by=600, name='third').task(abs, -3)")
    assert kernel.run("%gator cancel {a.task_id} {b.task_id[:8]} third") == "3 tasks canceled\n"
    assert kernel.run("{str(t.wait(5).status) for t in (a, b, c)}") == "{'canceled'}"


def test_cancel_of_what_runs_says_that_it_was_asked(kernel) -> None:
    """It is canceled only once its code has stopped."""
    kernel.run("import time; task = gator.task(time.sleep, 2)")
    kernel.until("str(task.status) == 'running'")
    assert "0 tasks canceled, 1 asked to stop" in kernel.run("%gator cancel {task.task_id}")
    assert kernel.run("print(task.wait(30).status)") == "canceled\n"


def test_wait_as_the_last_cell_waits_and_raises(kernel) -> None:
    """A notebook that runs without anybody watching must not succeed over failed tasks."""
    kernel.run("good = gator.task(pow, 2, 10)")
    kernel.run("%gator wait")
    assert kernel.run("print(good.status)") == "success\n"
    kernel.run("bad = gator.task(divmod, 1, 0)")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        kernel.run("%gator wait")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("dance", "knows no 'dance'; it knows status, ls, show, logs, cancel, retry"),
        ("ls --most", r"ls \[STATUS\] \[--all\], not '--most'"),
        ("ls done", "no status is called 'done'"),
        ("show", "show ID, not ''"),
        ("retry", "give ids or names, and --edited to run them with the function as it is"),
        ("retry nobody", "no task by that id or name"),
        ("use gpus", r"threads\|processes, not 'gpus'"),
        ("use processes", "lives in this process only"),
        ("help me", "takes no more words"),
        ("cancel", "give ids or names, or --held"),
        ("cancel --all", "give ids or names, and --force .* or --held alone"),
        ("cancel --force", "give ids or names"),
        ("cancel --held --force", "or --held alone"),
        ("cancel nobody", "no task that has not ended by that id or name"),
        ("cancel pow", "no task .* by that id or name; `pow` is what 01234567 runs"),
        ("resume all", "takes no more words"),
        ("connect lab --save", "expected one argument"),
        ("connect --save lab", "--save needs the address"),
        ("connect a b", "unrecognized arguments: b"),
        ("connect 'a", "No closing quotation"),
        ("connect nowhere", "'nowhere' is neither an address .* nor the name of a profile"),
        ("worker", "arguments are required: do"),
        ("worker dance", "choose from"),
        ("worker start --threads 0", "a worker needs one at least"),
        ("worker start --threads 1 --processes 1", "not allowed with"),
        ("worker start --detach", "--detach is for --processes"),
        ("worker start --processes 2", "lives in this process only"),
        ("worker start --has license", "license"),
        ("worker stop --threads 2", "stop takes no more words"),
        ("worker stop --has license=1", "stop takes no more words"),
    ],
)
def test_what_it_does_not_know_is_told_with_what_it_knows(line: str, told: str) -> None:
    """Errors are part of the surface; no kernel is needed to see them."""
    from IPython.core.error import UsageError
    from traitlets.config import Configurable

    from gator_nb.notebook.magics import GatorMagics
    from gator_nb.notebook.own_gator import NotebookGator
    from gator_nb.notebook.queue_name import Home
    from gator_nb.notebook.stores import Stores

    class Shell(Configurable):
        """As much of a shell as magics ask for."""

    with NotebookGator.on("memory://", "mine") as gator, pytest.raises(UsageError, match=told):
        gator.options(task_id="0123456789abcdef", delay_by="1h").task(pow, 2, 10)
        GatorMagics(Shell(), Stores(Shell(), gator, Home("mine"))).run(line)


def test_the_dashboard_is_a_page_in_the_cell(kernel) -> None:
    """Served by a thread of the kernel, so that it lives while a cell blocks."""
    kernel.run("%load_ext gator_nb")
    told = kernel.run(
        "import urllib.request\n"
        "page = get_ipython().run_line_magic('gator', 'dashboard')\n"
        "print(urllib.request.urlopen(page.url, timeout=30).status, repr(page))\n"
        "page.close()"
    )
    assert "200 Dashboard: http://127.0.0.1:" in told


def test_help_lists_all_that_there_is(kernel) -> None:
    """Verbs of the line and options of the cell, from the one table."""
    told = kernel.run("%gator help")
    for name, verb in MAGICS.items():
        assert f"%gator {name}" in told
        assert verb.does in told
    for option, does in CELL:
        assert f"  {option}" in told
        assert does in told


def test_tab_offers_verbs_options_statuses_ids_names_and_queues(kernel) -> None:
    """What fits where the cursor stands: only what has not ended can be canceled."""
    kernel.run("later = gator.options(delay_by=600, name='nightly').task(abs, -1)")
    kernel.run("gone = gator.options(name='gone').task(abs, -1).wait(30)")
    assert kernel.offered("%gator c") == ["cancel", "connect"]
    assert "success" in kernel.offered("%gator ls su")
    assert "nightly" in kernel.offered("%gator cancel ")
    assert "gone" not in kernel.offered("%gator cancel ")
    assert "--held" in kernel.offered("%gator cancel --h")
    assert "gone" in kernel.offered("%gator retry go")
    short = kernel.run("print(later.task_id[:8])").strip()
    assert short in kernel.offered(f"%gator show {short[:4]}")
    assert "start" in kernel.offered("%gator worker s")
    assert kernel.offered("%gator queue ") == ["my-notebook"]
    assert "--timeout" in kernel.offered("%%gator --ti")


def test_ls_show_and_logs_tell_of_tasks(kernel) -> None:
    """A line each, newest first; or one of them in full."""
    kernel.run("one = gator.options(name='one').task(print, 'hello').wait(30)")
    kernel.run("two = gator.options(name='two', delay_by=600).task(abs, -1)")
    newest, older = kernel.run("%gator ls").splitlines()
    assert newest.startswith("delayed: two (")
    assert older.startswith("success: one (")
    assert kernel.run("%gator ls success").count("\n") == 1
    assert kernel.run("%gator show {one.task_id[:8]}").startswith("success: one (")
    assert kernel.run("%gator logs one") == "hello\n"


def test_retry_runs_again_what_has_ended(kernel) -> None:
    """By an id or name, or all that has failed; the new tasks are shown."""
    assert kernel.run("%gator retry --failed") == "nothing has failed\n"
    kernel.run("bad = gator.options(name='bad').task(divmod, 1, 0).wait(30)")
    kernel.run("%gator retry --failed")
    kernel.run("%gator retry {bad.task_id[:8]}")
    kernel.until("len(gator.tasks(status='failed')) == 3")
    again = "print([task.retry_of == bad.task_id for task in gator.tasks()])"
    assert kernel.run(again).strip() == "[True, True, False]"


def test_use_says_where_tasks_run(kernel) -> None:
    """Those that do not say so themselves."""
    kernel.run("import os")
    kernel.run("%gator use processes")
    assert kernel.run("print(gator.task(os.getpid).get() == os.getpid())") == "False\n"
    kernel.run("%gator use threads")
    assert kernel.run("print(gator.task(os.getpid).get() == os.getpid())") == "True\n"
