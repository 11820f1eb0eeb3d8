"""What is run again after a restart is run: a worker starts for it, of the kind that it needs."""

import pytest

pytestmark = pytest.mark.slow


def test_a_retry_in_a_new_kernel_starts_a_worker(start_kernel) -> None:
    """By the handle, by a magic, and all that has failed of a group."""
    first = start_kernel()
    first.run("%load_ext gator_nb\ndef divide(x): return 1 / x")
    first.run("task = gator.options(name='one').task(divide, 0).wait(30)")
    first.run("group = gator.options(name='many').map(divide, [0, 0]).wait(timeout=30)")
    first.close()
    second = start_kernel()
    assert second.run("%load_ext gator_nb") == ""
    assert second.run("print(gator['one'].retry().wait(30).status)") == "failed\n"
    third = start_kernel()
    third.run("%load_ext gator_nb")
    third.run("_ = get_ipython().run_line_magic('gator', 'retry one').wait(30)")
    assert third.run("print(gator['one'].status)") == "failed\n"
    third.run("def divide(x): return 'mended'")
    third.run("_ = get_ipython().run_line_magic('gator', 'retry one --edited').wait(30)")
    assert third.run("gator['one'].get()") == "'mended'"


def test_resume_starts_what_the_held_tasks_need(start_kernel) -> None:
    """A process for what asks for one, by `gator.resume()` as by the magic."""
    first = start_kernel()
    first.run("%load_ext gator_nb\nimport os, time")
    first.run("gator.start_worker(threads=1)")
    first.run("running = gator.task(time.sleep, 60)")
    first.until("str(running.status) == 'running'")
    first.run("one = gator.options(name='one', run_in='process', delay_by=1).task(os.getpid)")
    first.run("two = gator.options(name='two', delay_by=1).task(os.getpid)")
    first.kill()
    second = start_kernel()
    assert "2 tasks from before are held" in second.run("%load_ext gator_nb")
    assert second.run("gator.resume()") == "2"
    assert int(second.run("gator['two'].get(60)")) == second.pid
    assert int(second.run("gator['one'].get(60)")) != second.pid
