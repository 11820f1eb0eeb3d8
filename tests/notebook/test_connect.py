"""`%gator connect`: the same cells on another store."""

import os
from pathlib import Path

import pytest

from gator_nb.profiles import Profile, load_profiles, profile_of, save_profile

from ..redis.servers import running, shared_server

pytestmark = pytest.mark.slow

SECRET = "hunter2-and-more"
USER = {"JUPYTERHUB_USER": "ann"}


@pytest.fixture
def lab() -> Profile:
    """A store on a server, which has a name."""
    profile = profile_of(shared_server().dsn())
    save_profile("lab", profile)
    return profile


@pytest.fixture
def kernel(start_kernel):
    """A kernel of ann's."""
    one = start_kernel(**USER)
    assert one.run("%load_ext gator_nb") == ""
    return one


def refusal(kernel, line: str) -> str:
    """What a magic tells when it refuses."""
    return kernel.run(
        "from IPython.core.error import UsageError\n"
        f"try: get_ipython().run_line_magic('gator', {line!r})\n"
        "except UsageError as error: print(error)"
    )


def test_by_a_name(kernel, lab: Profile) -> None:
    """One line says where it is; the queue is this notebook's, prefixed by the user, since
    others work there too. A store of one's own needs no prefix."""
    assert kernel.run("gator.queue_name") == "'my-notebook'"
    told = kernel.run("%gator connect lab")
    assert told.startswith("connected to redis://127.0.0.1")
    assert told.count("\n") == 1
    assert kernel.run("print(gator.queue_name)") == "ann/my-notebook\n"
    assert "'ann/my-notebook' in redis://" in kernel.run("%gator")


def test_on_a_server_no_worker_starts_by_itself(kernel, lab: Profile) -> None:
    """The first push says so, once, with what to type; then it is as everywhere."""
    kernel.run("%gator connect lab")
    first = kernel.run("task = gator.task(pow, 2, 10)")
    for part in ("no worker serves it", "`%gator worker start`", "`gator-nb worker lab`"):
        assert part in first
    assert kernel.run("more = gator.task(pow, 2, 11)") == ""
    assert kernel.run("print(task.status, len(gator))") == "waiting 2\n"
    started = kernel.run("%gator worker start --threads 2")
    assert started.startswith("a worker with 2 threads serves queue 'ann/my-notebook' of redis://")
    assert kernel.run("task.get(30), more.get(30)") == "(1024, 2048)"
    assert "1 worker, 2 at a time" in kernel.run("%gator")
    assert kernel.run("%gator worker stop") == "no worker of this notebook runs\n"
    assert "no worker serves it" in kernel.run("%gator")


def test_the_environment_may_hold_a_name(start_kernel, lab: Profile) -> None:
    """Then the notebook begins there."""
    kernel = start_kernel(**USER, GATOR_NB_CONN="lab")
    assert kernel.run("%load_ext gator_nb") == ""
    assert kernel.run("gator.queue_name") == "'ann/my-notebook'"
    assert "redis://" in kernel.run("gator")


def test_what_was_begun_before_goes_on(kernel, lab: Profile) -> None:
    """Its worker runs all that it has, its handles answer, and it is told; nothing is lost."""
    kernel.run("import threading; begun, go_on = threading.Event(), threading.Event()")
    kernel.run(
        "def wait():\n"
        "    import __main__\n"
        "    __main__.begun.set()\n"
        "    return __main__.go_on.wait(60)"
    )
    kernel.run("gator.start_worker(threads=1)")
    kernel.run("before = gator; first, second = gator.task(wait), gator.task(pow, 2, 10)")
    kernel.until("begun.is_set()")
    told = kernel.run("%gator connect lab")
    assert "2 tasks are unfinished in sqlite:///" in told
    assert "queue 'my-notebook': its worker goes on with them" in told
    assert kernel.run("gator is before") == "False"
    kernel.run("go_on.set()")
    assert kernel.run("first.get(30), second.get(30)") == "(True, 1024)"


def test_a_store_that_has_nothing_to_do_is_left_without_a_word(kernel, lab: Profile) -> None:
    """Its worker ends; the handles of what it ran still answer, and there is a way back."""
    kernel.run("task, before = gator.task(pow, 2, 10), gator")
    kernel.run("task.wait(30)")
    assert kernel.run("%gator connect lab").count("\n") == 1
    kernel.run("import threading")
    kernel.until("not any('gator_nb worker' in t.name for t in threading.enumerate())")
    assert kernel.run("task.get()") == "1024"
    kernel.run("%gator connect {before.conn_string}")
    assert kernel.run("gator is before") == "True"
    assert kernel.run("gator.task(pow, 2, 11).get(30)") == "2048"


def test_again_it_is_the_same(kernel, lab: Profile) -> None:
    """Run All finds the tasks and the worker of the first time."""
    kernel.run("%gator connect lab")
    kernel.run("first = gator")
    kernel.run("%load_ext gator_nb")
    kernel.run("import gator_nb; gator_nb.load_ipython_extension(get_ipython())")
    assert "connected" in kernel.run("%gator connect lab")
    assert kernel.run("gator is first") == "True"


def test_alone_it_lists_what_has_a_name(kernel, lab: Profile) -> None:
    """And the notebook's own; a star is where it is now."""
    save_profile("attic", Profile("redis://attic:7000", "ann", SECRET))
    listed = kernel.run("%gator connect").splitlines()
    assert [line.split()[:2] for line in listed[:2]] == [
        ["lab", lab.address],
        ["attic", "redis://attic:7000"],
    ]
    assert listed[2].startswith("* ")
    assert "sqlite:///" in listed[2]
    kernel.run("%gator connect lab")
    assert kernel.run("%gator connect").startswith("* lab")
    assert SECRET not in kernel.run("%gator connect")


def test_without_profiles_it_says_how_there_come_to_be_some(kernel) -> None:
    told = kernel.run("%gator connect")
    assert "`gator-nb serve` makes one" in told
    assert "profiles.toml" in told


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("lap", "there are lab"),
        ("redis://127.0.0.1:1", "no server listens"),
        ("mongo://here", "no kind of store"),
    ],
)
def test_where_it_cannot_connect_it_stays(kernel, lab: Profile, where: str, told: str) -> None:
    """The line says why, and the gator of before works."""
    kernel.run("before = gator")
    said = refusal(kernel, f"connect {where}")
    assert told in said
    assert "connected" not in said
    assert kernel.run("gator is before, gator.task(pow, 2, 10).get(30)") == "(True, 1024)"


def test_a_server_of_ones_own_that_is_not_there_is_told_how_to_start(kernel) -> None:
    """Since `gator-nb serve` made that profile."""
    save_profile("lab", Profile("redis://127.0.0.1:1", password=SECRET, managed=True))
    said = refusal(kernel, "connect lab")
    assert "no server listens" in said
    assert "`gator-nb serve --name lab` starts it" in said


def test_what_a_dead_session_left_in_a_file_is_held(kernel, tmp_path: Path) -> None:
    """As where the notebook begins: a person decides whether it still is to run."""
    address = f"sqlite:///{tmp_path}/other.sqlite"
    code = "import sys, gator_nb; gator_nb.Gator(*sys.argv[1:]).task(abs, 1)"
    words = ["-c", code, address, "my-notebook"]
    kernel.run(f"import subprocess, sys; subprocess.run([sys.executable, *{words}], check=True)")
    told = kernel.run(f"%gator connect {address}")
    assert "1 task from before is held: `%gator resume`" in told
    kernel.run("%gator resume")
    kernel.until("len(gator) == 0")


def test_a_password_in_a_cell_works_and_is_told_to_belong_elsewhere(kernel) -> None:
    """Once; and --save takes it there, so that the next time a name will do."""
    with running("--requirepass", SECRET, "--appendonly", "yes") as server:
        address = server.dsn(login=f":{SECRET}@", store="x")
        first = kernel.run(f"%gator connect {address}")
        assert first.startswith(f"connected to redis://:***@127.0.0.1:{server.port}/0?store=x")
        assert "a password in a cell is kept in the notebook: add --save NAME" in first
        assert "--save" not in kernel.run(f"%gator connect {address}")
        saved = kernel.run(f"%gator connect {address} --save mine")
        assert "from now on `%gator connect mine`" in saved
        assert load_profiles()["mine"].full_address == address
        by_name = kernel.run("%gator connect mine")
        assert "connected" in by_name
        shown = kernel.run("print(gator, gator.backend, vars(gator))") + kernel.run("%gator")
        assert SECRET not in first + saved + by_name + shown
        kernel.run("%unload_ext gator_nb")


def test_a_name_that_means_another_store_is_not_taken_over(kernel, lab: Profile) -> None:
    """Somebody relies on it."""
    said = refusal(kernel, f"connect {shared_server().dsn()} --save lab")
    assert "'lab' is the profile of redis://" in said
    assert load_profiles() == {"lab": lab}


def test_a_server_that_came_back_empty_is_connected_to_anew(kernel) -> None:
    """The gator of before knows that its store is gone, and stays so; connecting makes another."""
    with running() as server:
        save_profile("lab", profile_of(server.dsn(store="x")))
        kernel.run("%gator connect lab")
        server.kill()
        server.start()
        assert kernel.run("%gator connect lab").startswith("connected")
        kernel.run("%gator worker start --threads 1")
        assert kernel.run("gator.task(pow, 2, 10).get(30)") == "1024"
        kernel.run("%unload_ext gator_nb")


def test_workers_in_processes_need_no_address_in_their_arguments(kernel) -> None:
    """The password travels by a pipe."""
    with running("--requirepass", SECRET) as server:
        save_profile("lab", profile_of(server.dsn(login=f":{SECRET}@", store="x")))
        kernel.run("%gator connect lab")
        started = kernel.run("%gator worker start --processes 1")
        assert started.startswith("a worker with 1 process serves")
        assert kernel.run("gator.task(pow, 2, 10).get(60)") == "1024"
        assert SECRET not in all_arguments()
        assert kernel.run("%gator worker stop") == "no worker of this notebook runs\n"
        kernel.run("%unload_ext gator_nb")


def all_arguments() -> str:
    """The arguments of every process of this machine."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                found.append((entry / "cmdline").read_bytes().decode(errors="replace"))
            except OSError:  # it has ended
                continue
    return "\n".join(line for line in found if "--requirepass" not in line)
