"""A password is never shown again: not by anything that has a text for people or programs."""

import contextlib
import io
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gator_nb import Gator, Worker, errors
from gator_nb.dashboard import views
from gator_nb.dashboard.poller import Poller
from gator_nb.dashboard.state import Session
from gator_nb.profiles import load_profiles, profile_of, save_profile

from ..cli.conftest import run_here
from ..waiting import until
from .servers import RunningServer, free_port, running

MARK = "marked~password"
"""It needs no %xx, so that no spelling of it is missed."""
PARTS = (MARK, "marked", "%7E")
RIGHTS = "~{x}:* &{x}:* +@all"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """One that wants a password; and has a user who may do everything, and one who may not."""
    with running("--requirepass", MARK, "--appendonly", "yes") as started:
        with started.client(password=MARK) as client:
            client.execute_command("ACL", "SETUSER", "ann", "on", f">{MARK}", *RIGHTS.split())
            client.execute_command(
                "ACL", "SETUSER", "bob", "on", f">{MARK}", "~*", "+ping", "+info"
            )
        yield started


@pytest.fixture(params=["", "ann"], ids=["password", "user"])
def address(request: pytest.FixtureRequest, server: RunningServer) -> str:
    return server.dsn(store="x", login=f"{request.param}:{MARK}@")


@pytest.fixture
def gator(address: str) -> Iterator[Gator]:
    with Gator(address, "mine") as opened:
        yield opened


def shows(text: str) -> bool:
    return any(part in text for part in PARTS)


def told_by(error: BaseException) -> str:
    """All that an error tells, in its text, its repr, its traceback and its causes."""
    return f"{error!r} {''.join(traceback.format_exception(error))}"


def told_with_variables(error: BaseException) -> str:
    """That, with the variables of every frame, as IPython shows them after `%xmode Verbose`."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def refused(open_it: Callable[[], Any]) -> str:
    with pytest.raises(errors.GatorError) as caught:
        open_it()
    return told_by(caught.value)


def test_no_repr_has_it(gator: Gator) -> None:
    """Nor has anything that an object keeps, but for the one address that opens it again."""
    task = gator.task(pow, 2, 10)
    worker = Worker(gator)
    assert MARK in gator.backend.address
    for shown in (gator, gator.backend, gator.client, gator.crew, worker, task):
        assert not shows(f"{shown!r} {shown} {vars(shown)!r}")
    assert gator.conn_string.count(":***@") == 1


def test_a_wrong_password_is_not_repeated(server: RunningServer, address: str) -> None:
    """It is often the right one with a slip."""
    told = refused(lambda: Gator(address.replace(MARK, f"{MARK}x")))
    assert "does not accept this user and password" in told
    assert not shows(told)


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("redis://{login}127.0.0.1:{free}/0", "no server listens"),
        ("redis://{login}no-such-host.invalid/0?insecure=1", "no such host"),
        ("redis://{login}lab.example/0", "as plain text"),
        ("redis://{login}127.0.0.1:{port}/0?colour=red", "no option 'colour'"),
        ("redis://{login}127.0.0.1:{port}/0?store=a b", "cannot be the name of a store"),
        ("redis+sentinel://{login}127.0.0.1:{free}/lab", "no server listens"),
        ("redis+cluster://{login}127.0.0.1:{port}", "cluster"),
        ("unix://{login}/nowhere/socket", "no server listens"),
        ("http://{login}127.0.0.1:{port}", "no kind of store"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_without_it(
    server: RunningServer, place: str, told: str
) -> None:
    filled = place.format(login=f"ann:{MARK}@", port=server.port, free=free_port())
    text = refused(lambda: Gator(filled))
    assert told in text
    assert not shows(text)


@pytest.mark.parametrize(
    ("login", "where"),
    [
        ("ann:{mark}x", "127.0.0.1:{port}/0"),
        (":{mark}x", "127.0.0.1:{port}/0"),
        ("bob:{mark}", "127.0.0.1:{port}/0"),
        ("ann:{mark}", "127.0.0.1:{free}/0"),
        ("ann:{mark}", "lab.example/0"),
        ("ann:{mark}", "127.0.0.1:{port}/0?colour=red"),
    ],
)
def test_a_traceback_with_variables(server: RunningServer, login: str, where: str) -> None:
    """Of whoever has the password in a profile: no frame has it in a variable to be shown."""
    filled = f"redis://{login}@{where}".format(mark=MARK, port=server.port, free=free_port())
    save_profile("lab", profile_of(filled))
    del filled
    with pytest.raises(errors.GatorError) as caught:
        Gator("lab")
    assert "conn_string = 'lab'" in told_with_variables(caught.value)
    assert not shows(told_with_variables(caught.value))


def test_a_port_without_tls(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gator_nb.backends.redis.server._TIMEOUT", 0.2)
    text = refused(lambda: Gator(f"rediss://ann:{MARK}@127.0.0.1:{server.port}"))
    assert "does not speak TLS" in text
    assert not shows(text)


def test_a_user_who_lacks_rights(server: RunningServer) -> None:
    """The text has what to allow, and whom; not what he says to get in."""
    text = refused(lambda: Gator(server.dsn(login=f"bob:{MARK}@")))
    assert "ACL SETUSER" in text
    assert not shows(text)


def test_errors_of_an_open_store(gator: Gator) -> None:
    """Of tasks that are not there, arguments of another store, and after closing."""
    assert not shows(refused(lambda: gator["nobody"]))
    assert not shows(refused(lambda: gator.cancel("nobody")))
    gator.close()
    assert not shows(refused(lambda: len(gator)))


def test_the_log_of_an_outage(caplog: pytest.LogCaptureFixture) -> None:
    """It says what happened, and where."""
    caplog.set_level(logging.DEBUG)
    with (
        running("--requirepass", MARK, "--appendonly", "yes") as server,
        Gator(server.dsn(login=f":{MARK}@", store="x")) as gator,
    ):
        gator.start_worker()
        gator.task(pow, 2, 10).get(30)
        server.kill()
        until(lambda: "lost contact" in caplog.text, 30)
        server.start()
        assert gator.task(pow, 2, 11).get(30) == 2048
    assert not shows(caplog.text)


def test_profiles(address: str) -> None:
    """A file has it; nothing that is made of the file shows it."""
    save_profile("lab", profile_of(address))
    assert not shows(repr(load_profiles()))
    assert not shows(refused(lambda: Gator("lap")))
    with Gator("lab") as gator:
        assert not shows(f"{gator!r} {gator.conn_string}")


def test_the_command(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it prints, for people or programs; also what it tells to type."""
    save_profile("lab", profile_of(address))
    with Gator("lab") as gator:
        gator.task(pow, 2, 10)
    for words in (
        ["ls"], ["ls", "--json"], ["verify"], ["purge"], ["doctor"], ["doctor", "--json"],
        ["show", "nobody"], ["logs", "nobody"], ["worker", "--json", "--idle-exit", "0.1"],
    ):  # fmt: skip
        for store in ("lab", address):
            monkeypatch.setenv("GATOR_NB_CONN", store)
            told = run_here(*words)
            assert told.out + told.err, words
            assert not shows(told.out + told.err), words


@pytest.mark.parametrize("there", [True, False])
def test_the_dashboard(server: RunningServer, there: bool) -> None:
    """In none of its parts, whether the store is there or away."""
    port = server.port if there else free_port()
    shown = f"redis://:{MARK}@127.0.0.1:{port}?store=x"
    poller = Poller(shown)
    session = Session(shown, lambda call: call(), poller)
    before = session.health
    try:
        until(lambda: session.health != before, 30)
        parts = [views.bar(session), views.banners(session), views.empty_state(session)]
        told = " ".join(repr(value) for part in parts for value in values_of(part))
        assert f"127.0.0.1:{port}" in told
        assert not shows(told)
    finally:
        session.close()
        until(lambda: not poller.running)


def values_of(part: Any) -> list[Any]:
    """What a part of a page sends to a browser."""
    return [value for name, value in part.param.values().items() if name != "state"]


@pytest.mark.slow
def test_processes(gator: Gator) -> None:
    """Nobody on this machine reads it among the arguments of a process, and a task finds it
    neither there nor in its environment."""
    gator.start_worker(processes=1)

    def look() -> str:
        import os

        arguments = [
            path.read_bytes().decode(errors="replace")
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if path.exists()
        ]
        return "\n".join(line for line in arguments if "--requirepass" not in line) + repr(
            os.environ
        )

    assert not shows(gator.task(look).get(60))


def test_what_travels_to_a_worker_is_whole(address: str) -> None:
    """Through a pipe the address is the one that opens the store."""
    with Gator(address) as gator:
        assert json.loads(json.dumps({"address": gator.backend.address})) == {"address": address}
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            print({"address": gator.backend.address})
        assert not shows(out.getvalue())
