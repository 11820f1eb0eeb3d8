"""Off this machine a dashboard asks for a token, and lets in nobody else."""

import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from typing import NamedTuple

import pytest

from gator_nb.dashboard import server

from .processes import free_port

_SERVE = """
from gator_nb.dashboard.server import serve
serve({dsn!r}, port={port}, address="0.0.0.0", show=False)
"""


class Guarded(NamedTuple):
    url: str
    token: str


@pytest.fixture(scope="module")
def guarded(shared_store: str) -> Iterator[Guarded]:
    """A dashboard on every address of this machine."""
    port = free_port()
    command = [sys.executable, "-u", "-c", _SERVE.format(dsn=shared_store, port=port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        told = [serving.stdout.readline() for _ in range(3)]
        found = re.match(r"Token: (\S+)", told[1])
        assert found is not None
        assert "unencrypted" in told[2]
        yield Guarded(f"http://127.0.0.1:{port}/", found[1])
        serving.terminate()
        serving.wait(20)


def person() -> urllib.request.OpenerDirector:
    """A browser of its own."""
    return urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))


def test_who_has_no_token_sees_a_form_only(guarded: Guarded):
    """Whatever they ask for; a wrong token is no token."""
    stranger = person()
    answer = stranger.open(guarded.url, timeout=20)
    assert answer.url.startswith(f"{guarded.url}login")
    assert "http://" not in answer.read().decode(), "nothing is loaded from elsewhere"
    wrong = urllib.parse.urlencode({"token": "wrong"}).encode()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        stranger.open(f"{guarded.url}login", wrong, timeout=20)
    assert stranger.open(guarded.url, timeout=20).url.startswith(f"{guarded.url}login")


def test_who_has_it_sees_the_page(guarded: Guarded):
    """It leaves the address; a link does not lead elsewhere."""
    friend = person()
    answer = friend.open(f"{guarded.url}login?token={guarded.token}&next=//elsewhere/", timeout=20)
    assert answer.url == guarded.url
    assert "Gator queue" in answer.read().decode()
    assert friend.open(guarded.url, timeout=20).url == guarded.url


def test_a_token_that_can_be_guessed_is_refused(dsn: str):
    """Long enough, or made here."""
    with pytest.raises(server.CannotServe, match="can be guessed"):
        server.serve(dsn, address="0.0.0.0", token="secret", show=False)
