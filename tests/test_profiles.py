"""Profiles: names for stores, in a file that is this user's alone."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gator_nb import Gator, errors
from gator_nb.backends import address_of
from gator_nb.masking import FullAddress, masked
from gator_nb.profiles import (
    Profile,
    as_typed,
    load_profiles,
    profile_of,
    profiles_file,
    resolve,
    save_profile,
)

from .cli.conftest import run_here

LAB = Profile("rediss://queue.lab:6379/2?store=team", "ann", "p@ss/wörd", managed=True)
SECRET = "hunter2-and-more"


def write(text: str, mode: int = 0o600) -> Path:
    """The file, as a person would make it."""
    path = profiles_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_what_was_saved_is_there() -> None:
    """Name by name; a password may hold anything."""
    odd = Profile("unix:///run/s", password='"\\\x7f\t\n☃𝄞')
    save_profile("lab", LAB)
    save_profile("other_1", odd)
    assert load_profiles() == {"lab": LAB, "other_1": odd}


def test_without_a_file_there_are_none() -> None:
    assert load_profiles() == {}


def test_the_file_is_for_this_user_alone() -> None:
    """0600 in a folder of 0700, whatever the umask."""
    before = os.umask(0)
    try:
        save_profile("lab", LAB)
    finally:
        os.umask(before)
    assert profiles_file().stat().st_mode & 0o777 == 0o600
    assert profiles_file().parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in profiles_file().parent.iterdir()] == ["profiles.toml"]


def test_saving_keeps_what_a_person_wrote() -> None:
    """Comments and other profiles stay."""
    write('# of the lab\n[lab]\naddress = "redis://lab"  # the old one\n')
    save_profile("mine", LAB)
    assert "# of the lab\n[lab]" in profiles_file().read_text()
    assert "# the old one" in profiles_file().read_text()
    assert load_profiles() == {"lab": Profile("redis://lab"), "mine": LAB}


def test_a_profile_has_user_and_password_apart() -> None:
    """Also where a person pasted a whole address."""
    write('[lab]\naddress = "redis://ann:s%40cret@lab:6379/1"\n')
    (profile,) = load_profiles().values()
    assert profile == Profile("redis://lab:6379/1", "ann", "s@cret")
    assert profile.full_address == "redis://ann:s%40cret@lab:6379/1"


@pytest.mark.parametrize(
    "address", ["sqlite:////home/a@b/tasks.sqlite", "redis://lab:1/0", "memory://"]
)
def test_an_address_without_a_login_stays_as_it_is(address: str) -> None:
    assert profile_of(address) == Profile(address)
    assert profile_of(address).full_address == address


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[lab", "is no TOML"),
        ('[lab]\nusername = "ann"', "needs an address"),
        ('[lab]\naddress = "lab"', "needs an address"),
        ('[lab]\naddress = 1', "address is a text in quotes"),
        (f'[lab]\naddress = "redis://h"\npasword = "{SECRET}"', "knows no 'pasword'; .*password"),
        (f'[lab]\naddress = "redis://h"\npassword = ["{SECRET}"]', "password is a text in quotes"),
        ('[lab]\naddress = "redis://h"\nmanaged = 1', "managed is true or false"),
        (f'password = "{SECRET}"', "'password' stands outside of a profile"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_file_is_named(text: str, told: str) -> None:
    """With the file and the profile, and without what it says."""
    write(text)
    with pytest.raises(errors.StoreCorrupt, match=told) as caught:
        load_profiles()
    assert "profiles.toml" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_broken_file_is_never_written_over() -> None:
    """A person would lose what is in it."""
    path = write("[lab")
    with pytest.raises(errors.StoreCorrupt):
        save_profile("mine", LAB)
    assert path.read_text() == "[lab"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_can_read_or_write_is_refused(mode: int) -> None:
    """The text has the mend."""
    path = write("", mode)
    with pytest.raises(errors.Untrusted, match=f"chmod 600 {path}"):
        load_profiles()


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    """Somebody else could have put it there; saving does not follow it either."""
    target = tmp_path / "target"
    target.touch(0o600)
    write("").unlink()
    profiles_file().symlink_to(target)
    for use in (load_profiles, lambda: save_profile("lab", LAB)):
        with pytest.raises(errors.Untrusted, match="symbolic link"):
            use()
    assert target.read_text() == ""


def test_a_folder_that_others_can_write_is_refused() -> None:
    """Before a password is written there."""
    write("").unlink()
    profiles_file().parent.chmod(0o770)
    for use in (load_profiles, lambda: save_profile("lab", LAB)):
        with pytest.raises(errors.Untrusted, match=f"chmod 700 {profiles_file().parent}"):
            use()
    assert not profiles_file().exists()


def test_a_name_is_a_plain_word() -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        save_profile("my lab", LAB)


def test_a_name_opens_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever an address does, `$GATOR_NB_CONN` included."""
    address = f"sqlite:///{tmp_path}/tasks.sqlite"
    save_profile("own", Profile(address))
    with Gator("own") as gator:
        assert (gator.conn_string, gator.backend.address) == (address, address)
    monkeypatch.setenv("GATOR_NB_CONN", "own")
    with Gator() as gator:
        assert gator.conn_string == address


def test_the_command_takes_a_name_too(tmp_path: Path) -> None:
    """A file that is not there is told, and not made, as when its address was given."""
    path = tmp_path / "tasks.sqlite"
    save_profile("own", Profile(f"sqlite:///{path}"))
    told = run_here("ls", "own")
    assert (told.code, f"no store at {path}" in told.err, path.exists()) == (2, True, False)
    with Gator("own") as gator:
        gator.options(name="power").task(pow, 2, 10)
    assert "power" in run_here("ls", "own").out


def test_an_unknown_name_is_told_with_those_there_are() -> None:
    save_profile("lab", LAB)
    save_profile("attic", LAB)
    with pytest.raises(errors.UnknownScheme, match=r"'lap'.*profiles\.toml: there are attic, lab"):
        Gator("lap")


def test_an_address_needs_no_profiles() -> None:
    """Whatever state they are in."""
    write("[lab", 0o666)
    assert resolve("memory://") == "memory://"


def test_what_is_typed_for_an_address() -> None:
    """In commands that people copy a masked address would be no use."""
    save_profile("lab", LAB)
    assert as_typed(address_of("lab")) == "lab"
    assert as_typed("redis://elsewhere") == "redis://elsewhere"
    assert as_typed(f"redis://:{SECRET}@elsewhere") == "DSN"
    write("[lab")
    assert as_typed("redis://elsewhere") == "redis://elsewhere"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("redis://ann:secret@lab:6379/0", "redis://ann:***@lab:6379/0"),
        ("redis://:se/c@ret@lab", "redis://:***@lab"),
        ("redis://se/c:ret@lab", "redis://***@lab"),
        ("redis:/ann:secret@lab", "***@lab"),
        ("redis://lab?password=secret&store=x", "redis://lab?password=***&store=x"),
        ("sqlite:////home/a@b/tasks.sqlite", "sqlite:////home/a@b/tasks.sqlite"),
        ("lab", "lab"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, shown: str) -> None:
    """Also one that cannot be read."""
    assert masked(address) == shown
    assert repr(FullAddress(address)) == repr(shown)
    assert "secret" not in repr(profile_of(address))


@pytest.mark.parametrize(
    "address",
    [
        f"redis:/ann:{SECRET}@lab",
        f"rediss//:{SECRET}@lab",
        f"redis://:{SECRET}/{SECRET}@lab",
        f"redis://:a?{SECRET}@lab",
        f"redis://:a#{SECRET}@lab",
        f"redis://lab?store={SECRET}@lab",
        f"redis://lab?password={SECRET}",
        f"{SECRET}@lab",
        f"mongo://ann:{SECRET}@lab",
    ],
)
def test_a_misspelled_address_does_not_give_its_password_away(address: str) -> None:
    """Neither in the error nor in its repr."""
    with pytest.raises(errors.GatorError) as caught:
        Gator(address)
    assert SECRET not in f"{caught.value} {caught.value!r}"


def test_looking_for_profiles_costs_nothing_without_them() -> None:
    """TOML is read only by who has a name to look up."""
    code = "import sys, gator_nb.backends; print({'tomllib', 'tomlkit'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        save_profile("lab", LAB)
        load_profiles()
    assert caplog.text == ""
