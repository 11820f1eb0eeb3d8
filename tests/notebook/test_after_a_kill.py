"""The kernel is killed amid its work, and the next one finds all of it."""

import pytest


def test_the_next_kernel_finds_everything(start_kernel) -> None:
    """Results are there, what ran is lost and says so, what waited is held until a word, and its
    cards say that."""
    first = start_kernel()
    first.run("%load_ext gator_nb\nimport time")
    first.run("gator.start_worker(threads=1)")
    first.run("done = gator.options(name='done').task(pow, 2, 10); done.wait(timeout=30)")
    first.run("running = gator.options(name='running').task(time.sleep, 60)")
    first.run("waiting = gator.options(name='waiting').map(abs, [-1, -2, -3])")
    first.until("str(running.status) == 'running'")
    first.kill()

    second = start_kernel()
    printed = second.run("%load_ext gator_nb")
    assert printed == ("3 tasks from before are held: `%gator resume` or `%gator cancel --held`\n")
    assert second.run("gator['done'].get()") == "1024"
    assert second.run("print(gator['running'].status)") == "failed\n"
    told = second.run(
        "from gator_nb.errors import TaskLost\n"
        "try: gator['running'].get()\n"
        "except TaskLost as lost: print(lost)"
    )
    assert "died while the task ran" in told
    second.run("gator.task(abs, -9).get(timeout=30)")  # a worker runs now, and leaves them alone
    assert "held 3" in second.run("%gator")
    assert second.run("gator['waiting']").startswith("held: waiting (")
    html = "._repr_mimebundle_()['text/html'])"
    card = second.run(f"print(gator['waiting']{html}")
    assert "held since an earlier kernel: `%gator resume`" in card
    assert "survives a kernel restart: yes" in card
    card = second.run(f"print(gator.tasks(name='waiting'){html}")
    assert "3 held since an earlier kernel: `%gator resume` or `%gator cancel --held`" in card
    assert second.run("%gator resume") == "3 tasks resumed\n"
    assert second.run("sorted(gator.wait(gator.tasks(name='waiting'), 30).get())") == "[1, 2, 3]"
    assert second.run("gator.verify()") == "[]"


@pytest.mark.slow
def test_held_tasks_can_be_canceled_together(start_kernel) -> None:
    """`%gator cancel --held` is for those that nobody wants any more."""
    first = start_kernel()
    first.run("%load_ext gator_nb\nimport time\ngator.start_worker(threads=1)")
    first.run("running = gator.task(time.sleep, 60); rest = gator.map(abs, range(5))")
    first.until("str(running.status) == 'running'")
    first.kill()

    second = start_kernel()
    second.run("%load_ext gator_nb")
    assert second.run("%gator cancel --held") == "5 tasks canceled\n"
    assert second.run("len(gator.tasks(status='canceled'))") == "5"
    assert second.run("%gator resume") == "nothing is held\n"


@pytest.mark.slow
def test_nothing_is_held_while_another_kernel_serves_the_queue(start_kernel) -> None:
    """They are that worker's to run."""
    first = start_kernel()
    first.run("%load_ext gator_nb\nimport time\ngator.start_worker(threads=1)")
    first.run("running = gator.task(time.sleep, 60); rest = gator.map(abs, range(3))")
    first.until("str(running.status) == 'running'")
    second = start_kernel()
    assert second.run("%load_ext gator_nb") == ""
    assert second.run("len(gator.tasks(status='blocked'))") == "0"
