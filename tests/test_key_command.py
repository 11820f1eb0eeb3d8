"""`gator-nb key`: ids for everybody to see, the keys themselves only where nothing keeps them."""

import json
import secrets

import pytest
from typer.testing import CliRunner

from gator_nb import errors, keys
from gator_nb.cli import app
from gator_nb.cli.key import key


def run(*arguments, given=None):
    return CliRunner().invoke(key, arguments, input=given)


def test_ids_are_shown_and_keys_are_not():
    ring = keys.load()
    for arguments in (["show"], ["show", "--json"], ["path"], ["rotate"]):
        output = run(*arguments).output
        assert ring.current.secret.hex() not in output
    assert json.loads(run("show", "--json").stdout)["verify"] == list(keys.load().ids)


def test_a_key_is_carried_by_a_pipe(monkeypatch, tmp_path):
    text = run("show", "--secret").stdout
    mine = keys.load().current
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "other"))
    assert mine.id not in keys.load().ids
    assert mine.id in run("import", given=text).stdout
    assert keys.load().ids[1] == mine.id
    assert "nothing new" in run("import", given=text).stdout


def test_a_key_may_come_as_a_file_and_sign(tmp_path):
    file = tmp_path / "carried"
    file.write_text(secrets.token_hex(32))
    assert "signs" in run("import", str(file), "--sign").stdout
    assert keys.load().current == keys.key_of(bytes.fromhex(file.read_text()))


def test_a_notebook_does_not_get_to_print_the_key(monkeypatch):
    """What `!gator-nb key show --secret` in a cell prints would be saved with it."""
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    result = run("show", "--secret")
    assert isinstance(result.exception, errors.GatorError)
    assert keys.load().current.secret.hex() not in result.output


def test_rotating_tells_what_to_do_next():
    before = keys.load().current.id
    told = run("rotate").output
    assert keys.load().current.id in told
    assert keys.load().ids[1] == before
    assert "started anew" in told


@pytest.mark.parametrize("given", ["", "hunter2"])
def test_what_is_no_key_is_refused(given):
    assert isinstance(run("import", given=given).exception, errors.KeyMissing)


def test_a_file_that_is_not_there_is_told(tmp_path):
    assert "cannot be read" in str(run("import", str(tmp_path / "nothing")).exception)


def test_the_command_has_it(monkeypatch):
    """`gator-nb key show` tells the id, and never the key."""
    monkeypatch.setenv("GATOR_NB_KEY", "ab" * 32)
    told = CliRunner().invoke(app, ["key", "show"])
    assert told.exit_code == 0
    assert "signs and verifies" in told.stdout
    assert "abab" not in told.stdout + told.stderr
