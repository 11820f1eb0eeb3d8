"""The key: where it comes from, what is refused, and that nobody gets to see it."""

import os
import pickle
import secrets
import stat
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gator_nb import Gator, Status, Worker, errors, keys
from gator_nb.client.workforce import why_nobody_begins

from .waiting import until


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
    ours = [
        line for line in "".join(told.format()).splitlines() if not line.startswith("    text =")
    ]
    assert text not in "\n".join(ours)  # the test's own variable apart


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


def told_with_variables(error):
    """A traceback as those print it that show the variables of every frame."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def test_a_wrong_line_in_the_file_does_not_show_the_right_ones(home):
    good = keys.load().current.secret.hex()
    path = keys.key_file()
    path.write_text(f"{good}\nnonsense\n")
    with pytest.raises(errors.KeyMissing) as caught:
        keys.load()
    shown = told_with_variables(caught.value).replace(f"good = '{good}'", "")
    assert good not in shown


def test_a_new_key_signs_and_the_older_ones_verify(home):
    old = keys.load()
    mac = old.sign("call", b"data")
    new = keys.rotate()
    ring = keys.load()
    assert ring.ids == (new.id, old.current.id)
    ring.verify(old.current.id, "call", b"data", mac)
    assert stat.S_IMODE(keys.key_file().stat().st_mode) == 0o600


def test_keys_of_another_machine_verify_unless_they_are_to_sign(home):
    mine = keys.load().current
    theirs, ours = (keys.key_of(secrets.token_bytes(32)) for _ in range(2))
    text = keys.secrets_text(keys.Keyring([theirs]))
    assert keys.add(text) == [theirs]
    assert keys.add(text) == []
    assert keys.load().ids == (mine.id, theirs.id)
    assert keys.add(ours.secret.hex(), sign=True) == [ours]
    assert keys.load().ids == (ours.id, mine.id, theirs.id)


def test_the_first_key_of_a_machine_may_come_from_elsewhere(home):
    theirs = keys.key_of(secrets.token_bytes(32))
    keys.add(theirs.secret.hex())
    assert keys.load().ids == (theirs.id,)


@pytest.mark.parametrize("text", ["", "   ", "hunter2", "ab" * 31])
def test_what_is_no_key_is_not_added_and_not_shown(home, text):
    with pytest.raises(errors.KeyMissing) as caught:
        keys.add(text)
    if text.strip():
        shown = told_with_variables(caught.value).replace(f"text = {text!r}", "")
        assert text not in shown
    assert not keys.key_file().exists()


def test_keys_of_the_environment_are_not_changed_in_a_file_that_nobody_reads(home, monkeypatch):
    monkeypatch.setenv("GATOR_NB_KEY", secrets.token_hex(32))
    with pytest.raises(errors.StoreUnavailable, match=r"\$GATOR_NB_KEY"):
        keys.rotate()


def test_processes_that_rotate_at_once_lose_no_key(home):
    keys.load()

    def rotate(_):
        code = "from gator_nb import keys; print(keys.rotate().id)"
        command = [sys.executable, "-c", code]
        return subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=60
        ).stdout.strip()

    with ThreadPoolExecutor(3) as pool:
        made = set(pool.map(rotate, range(3)))
    assert len(made) == 3
    assert made < set(keys.load().ids)


@pytest.mark.skipif("sys.platform != 'linux'")
def test_a_rotation_waits_for_one_that_is_under_way(home, monkeypatch):
    """It comes between the reading and the writing of another, and loses no key of that one."""
    keys.load()
    inode = (home / "gator_nb").stat().st_ino
    write, others = keys.write_private, []

    def somebody_waits():
        locks = Path("/proc/locks").read_text().splitlines()
        return any("-> FLOCK" in line and f":{inode} " in line for line in locks)

    def late(path, text):
        if not others:
            others.append(pool.submit(keys.rotate))
            until(lambda: others[0].done() or somebody_waits())
        write(path, text)

    monkeypatch.setattr(keys, "write_private", late)
    with ThreadPoolExecutor(1) as pool:
        mine = keys.rotate()
        assert {mine.id, others[0].result().id} < set(keys.load().ids)


def test_a_link_is_refused_when_keys_are_added_too(home):
    keys.load()
    path = keys.key_file()
    path.rename(home / "elsewhere")
    path.symlink_to(home / "elsewhere")
    with pytest.raises(errors.Untrusted, match="symbolic link"):
        keys.rotate()
    path.unlink()
    path.symlink_to(home / "nowhere")
    with pytest.raises(errors.Untrusted, match="symbolic link"):
        keys.load()


# -- two machines ----------------------------------------------------------------------------------


def test_a_worker_with_another_key_leaves_tasks_alone_and_says_why(home, tmp_path, monkeypatch):
    """The lane holds the key's id, so it never even claims what it could not verify."""
    monkeypatch.setenv("GATOR_NB_KEY", secrets.token_hex(32))
    with Gator(f"sqlite:///{tmp_path}/t.sqlite") as pusher:
        signed_with = pusher.client.keyring.current.id
        task = pusher.task(pow, 2, 10)
        monkeypatch.setenv("GATOR_NB_KEY", secrets.token_hex(32))
        with Gator(f"sqlite:///{tmp_path}/t.sqlite") as other, Worker(other, threads=1) as worker:
            until(worker.registered.is_set)
            assert other.pop() is None
            why = why_nobody_begins(pusher.backend, [task.task_id])
            assert f"signed with key {signed_with}, which no worker has" in why
            with pytest.raises(errors.KeyMissing, match=signed_with):
                other[task.task_id].func
        assert task.status is Status.WAITING


def test_no_child_of_a_worker_holds_the_key(home, tmp_path, monkeypatch):
    monkeypatch.setenv("GATOR_NB_KEY", secrets.token_hex(32))

    def look():
        return os.environ.get("GATOR_NB_KEY"), Path("/proc/self/environ").read_text()

    with Gator(f"sqlite:///{tmp_path}/t.sqlite") as gator, Worker(gator, processes=1):
        variable, environ = gator.task(look).get(60)
    assert variable is None
    assert os.environ["GATOR_NB_KEY"] not in environ
