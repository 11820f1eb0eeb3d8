"""The key: where it comes from, what is refused, and that nobody gets to see it."""

import os
import pickle
import secrets
import stat
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

from gator_nb import errors, keys


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user without a key."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("GATOR_NB_KEY", raising=False)
    return tmp_path


def test_a_signature_is_accepted_for_its_own_kind_and_data_only():
    ring = keys.Keyring([keys.key_of(secrets.token_bytes(32))])
    mac = ring.sign("call", b"data")
    assert len(mac) == 32
    ring.verify(ring.current.id, "call", b"data", mac)
    for kind, data in (("outcome", b"data"), ("call", b"datum")):
        with pytest.raises(errors.Untrusted, match="does not fit"):
            ring.verify(ring.current.id, kind, data, mac)


def test_an_unknown_key_is_named_with_the_way_to_bring_it():
    ring = keys.Keyring([keys.key_of(bytes(32))])
    with pytest.raises(errors.KeyMissing, match=r"'0badcafe'.*gator-nb key"):
        ring.verify("0badcafe", "call", b"", bytes(32))


def test_the_environment_gives_several_keys_and_the_first_signs(home, monkeypatch):
    old, new = secrets.token_hex(32), secrets.token_hex(32)
    monkeypatch.setenv("GATOR_NB_KEY", old)
    before = keys.load()
    mac = before.sign("call", b"data")
    monkeypatch.setenv("GATOR_NB_KEY", f"{new}, {old}")
    ring = keys.load()
    assert ring.ids == (ring.current.id, before.current.id)
    ring.verify(before.current.id, "call", b"data", mac)
    assert ring.sign("call", b"data") != mac
    assert not (home / "gator_nb").exists()


@pytest.mark.parametrize("text", ["z" * 64, "ab" * 31, "ab" * 33, "ab" * 32 + ",", "hunter2"])
def test_what_is_not_a_key_is_refused_and_never_shown(home, monkeypatch, text):
    monkeypatch.setenv("GATOR_NB_KEY", text)
    with pytest.raises(errors.KeyMissing, match="64 hexadecimal characters") as caught:
        keys.load()
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [line for line in "".join(told.format()).splitlines() if "text = " not in line]
    assert text not in "\n".join(ours)


def test_the_first_load_makes_a_private_file_and_the_next_reads_it(home):
    ring = keys.load()
    path = home / "gator_nb" / "key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["key"]
    assert keys.load().ids == ring.ids


def test_a_file_may_hold_several_keys_one_a_line(home):
    first = keys.load()
    path = home / "gator_nb" / "key"
    path.write_text(f"{secrets.token_hex(32)}\n\n{path.read_text()}")
    assert keys.load().ids[1] == first.current.id


def test_processes_that_race_for_the_first_key_agree_on_it(home):
    code = "from gator_nb import keys; print(keys.load().current.id)"

    def load(_):
        return subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
        ).stdout

    with ThreadPoolExecutor(3) as pool:
        assert len(set(pool.map(load, range(3)))) == 1
    assert [file.name for file in (home / "gator_nb").iterdir()] == ["key"]


def test_the_loser_of_the_race_reads_the_key_of_the_winner(home, monkeypatch):
    """The other process writes the key just when this one has found none."""
    link = os.link
    winner = secrets.token_hex(32)

    def beaten(source, target):
        target.write_text(winner)
        target.chmod(0o600)
        link(source, target)

    monkeypatch.setattr(os, "link", beaten)
    assert keys.load().current.id == keys.key_of(bytes.fromhex(winner)).id


@pytest.mark.parametrize("mode", [0o640, 0o602, 0o604])
def test_a_file_that_others_can_read_or_write_is_refused_with_the_mend(home, mode):
    keys.load()
    path = home / "gator_nb" / "key"
    path.chmod(mode)
    with pytest.raises(errors.Untrusted, match=f"chmod 600 {path}"):
        keys.load()


def test_a_folder_that_others_can_write_is_refused_with_the_mend(home):
    keys.load()
    folder = home / "gator_nb"
    folder.chmod(0o770)
    with pytest.raises(errors.Untrusted, match=f"chmod 700 {folder}"):
        keys.load()


def test_a_symbolic_link_in_place_of_the_file_is_refused(home):
    keys.load()
    path = home / "gator_nb" / "key"
    path.rename(home / "elsewhere")
    path.symlink_to(home / "elsewhere")
    with pytest.raises(errors.Untrusted, match="symbolic link"):
        keys.load()


def test_no_text_shows_the_secret_nor_the_signature_that_would_have_been_right():
    ring = keys.Keyring([keys.key_of(bytes(range(32)))])
    with pytest.raises(errors.Untrusted) as caught:
        ring.verify(ring.current.id, "call", b"", bytes(32))
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    key = ring.current
    for text in (repr(key), str(key), f"{key}", repr(ring), str(ring), "".join(told.format())):
        for hidden in (key.secret, ring.sign("call", b"")):
            assert repr(hidden)[2:20] not in text
            assert hidden.hex() not in text


def test_keys_never_leave_their_process():
    """A keyring that a closure captures would otherwise lie in the store in plain bytes."""
    ring = keys.Keyring([keys.key_of(bytes(32))])
    for value in (ring, ring.current, [ring.current]):
        with pytest.raises(errors.NotPicklable, match="never leaves its process"):
            pickle.dumps(value)
