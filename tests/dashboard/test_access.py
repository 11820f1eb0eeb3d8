"""Off this machine a dashboard asks for a token or a password, and lets in nobody else."""

import http.client
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from gator_nb.dashboard import server
from gator_nb.dashboard.secret import BadSecret, hashed, password, password_in

from .processes import answering, free_port, running

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


def test_behind_a_proxy_the_form_leads_back_to_the_page(guarded: Guarded):
    """It lies beside the page wherever a proxy has put both; what the link asked for is kept."""
    asked = http.client.HTTPConnection("127.0.0.1", urlsplit(guarded.url).port, timeout=20)
    asked.request("GET", f"/login?token={guarded.token}&next=%2Fbehind%2F%3Ftask%3D3f2a")
    assert asked.getresponse().getheader("Location") == "./?task=3f2a"
    asked.close()


def test_a_token_that_can_be_guessed_is_refused(dsn: str):
    """Long enough, or made here."""
    with pytest.raises(BadSecret, match="can be guessed"):
        server.serve(dsn, address="0.0.0.0", token="secret", show=False)


WORDS = "correct horse battery"


def test_a_password_is_kept_as_a_hash():
    """Which differs each time, and does for the password itself."""
    first, second = hashed(WORDS), hashed(WORDS)
    assert WORDS not in first
    assert first != second
    for kept in (WORDS, first, second):
        assert password(kept).is_given(WORDS)
        assert not password(kept).is_given(first)
        assert not password(kept).is_given("")


def test_a_password_file_is_its_owners_alone(tmp_path: Path):
    """Where it is not there a password is asked for, and its hash kept; what protects nothing is
    refused with the mend."""
    file = tmp_path / "password"
    with pytest.raises(BadSecret, match="cannot be read"):
        password_in(file)
    assert password_in(file, lambda: WORDS).is_given(WORDS)
    assert (file.stat().st_mode & 0o777, WORDS in file.read_text()) == (0o600, False)
    file.chmod(0o644)
    with pytest.raises(BadSecret, match="chmod 600"):
        password_in(file)
    for text, fault in (("", "empty"), ("short", "can be guessed"), ("scrypt$x", "no hash")):
        file.write_text(text)
        file.chmod(0o600)
        with pytest.raises(BadSecret, match=fault):
            password_in(file)


@pytest.mark.slow
def test_a_password_lets_in(dsn: str, tmp_path: Path):
    """By the form alone: not in an address, which others may read later. A scraper brings it as a
    bearer token."""
    file, port = tmp_path / "password", free_port()
    file.write_text(hashed(WORDS))
    file.chmod(0o600)
    command = ["dashboard", dsn, "--port", str(port), "--no-show", "--password-file", str(file)]
    with running("-m", "gator_nb", *command), answering(f"http://127.0.0.1:{port}/login") as login:
        friend, given = person(), urllib.parse.urlencode({"password": WORDS})
        assert "Password" in friend.open(f"{login}?{given}", timeout=20).read().decode()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            friend.open(login, b"password=wrong", timeout=20)
        answer = friend.open(login, given.encode(), timeout=20)
        assert answer.url == f"http://127.0.0.1:{port}/"
        assert "Gator queue" in answer.read().decode()
        asking = urllib.request.Request(f"http://127.0.0.1:{port}/metrics")
        asking.add_header("Authorization", f"Bearer {WORDS}")
        assert b"gator_nb_store_up 1.0" in person().open(asking, timeout=20).read()
