"""Profiles: names for stores, with the passwords that belong in no notebook.

`profiles.toml` in the user's configuration folder has a table for each:

    [lab]
    address = "rediss://queue.example.org:6379?ca=/etc/ssl/lab.pem"
    username = "ann"
    password = "..."

What an address may say of a store, such as `?store=team`, it says here too.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

import platformdirs

from .errors import GatorError, StoreCorrupt, UnknownScheme
from .host.private_files import read_private, refuse_open_folder, write_private
from .masking import FullAddress, masked

_WHAT = "profiles"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_LOGIN = re.compile(r"(?P<scheme>[\w+.-]+)://(?P<login>[^/@][^/]*)@(?P<rest>.*)", re.DOTALL)


class Profile(NamedTuple):
    """Where a store is. Its repr shows no password."""

    address: str
    """Without user and password."""
    username: str = ""
    password: str = ""
    managed: bool = False
    """`gator-nb serve` made it, and may change it."""

    @property
    def full_address(self) -> FullAddress:
        """The address with user and password, to open it with."""
        if not (self.username or self.password):
            return FullAddress(self.address)
        scheme, _, place = self.address.partition("://")
        login = f"{quote(self.username, safe='')}:{quote(self.password, safe='')}"
        return FullAddress(f"{scheme}://{login}@{place}")

    def __repr__(self) -> str:
        return f"Profile({masked(self.address)!r}, username={self.username!r})"


def profile_of(address: str) -> Profile:
    """A profile for an address, which may have user and password in it.

    >>> profile_of("redis://ann:secret@lab:6379/1").full_address == "redis://ann:secret@lab:6379/1"
    True
    """
    found = _LOGIN.fullmatch(address)
    if found is None:
        return Profile(str(address))
    username, _, password = found["login"].partition(":")
    place = f"{found['scheme']}://{found['rest']}"
    return Profile(place, unquote(username), unquote(password))


def profiles_file() -> Path:
    """Where the profiles of this user are."""
    return Path(platformdirs.user_config_dir("gator_nb", appauthor=False)) / "profiles.toml"


def load_profiles() -> dict[str, Profile]:
    """The profiles of this user by their names.

    Raises:
        Untrusted: somebody else could read or change the file; the text has the mend.
        StoreUnavailable: it cannot be read.
        StoreCorrupt: it is no TOML, or a profile in it says what none can.
    """
    import tomllib  # only who has profiles pays for it

    path = profiles_file()
    try:
        tables = tomllib.loads(_read(path))
    except tomllib.TOMLDecodeError as error:
        raise StoreCorrupt(f"{path} is no TOML: {error}") from None
    fault = next(filter(None, (_fault(name, table) for name, table in tables.items())), None)
    if fault is not None:
        tables.clear()  # a traceback that shows variables must find no password in them
        raise StoreCorrupt(f"{path}: {fault}")
    return {name: _profile(table) for name, table in tables.items()}


def save_profile(name: str, profile: Profile) -> None:
    """Write one profile; the others, and the comments of the file, stay as they are.

    Raises:
        ValueError: it cannot be a name.
        Untrusted, StoreUnavailable, StoreCorrupt: as `load_profiles`, or it cannot be written.
    """
    import tomlkit

    demand_name(name)
    load_profiles()
    path = profiles_file()
    document = tomlkit.parse(_read(path))
    document[name] = {key: value for key, value in profile._asdict().items() if value}
    write_private(path, tomlkit.dumps(document))


def demand_name(name: str) -> None:
    """Refuse what cannot be the name of a profile.

    Raises:
        ValueError
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{masked(name)!r} cannot be the name of a profile; take letters, digits, _ and -"
        )


def resolve(address: str) -> FullAddress:
    """The address that a profile's name stands for; an address is itself.

    Raises:
        UnknownScheme: no profile is called that; the text lists those there are.
        Untrusted, StoreUnavailable, StoreCorrupt: the profiles cannot be read.
    """
    if "://" in address:
        return FullAddress(address)
    profiles = load_profiles()
    if address in profiles:
        return profiles[address].full_address
    known = f"there are {', '.join(sorted(profiles))}" if profiles else "there are none yet"
    raise UnknownScheme(
        f"{masked(address)!r} is neither an address (as sqlite:///tasks.sqlite) nor the name of a "
        f"profile in {profiles_file()}: {known}"
    )


def as_typed(address: str) -> str:
    """What a person types for a store in a command: the profile's name, else the address itself,
    else DSN, since a masked one would be no use.

    >>> as_typed("sqlite:///tasks.sqlite")
    'sqlite:///tasks.sqlite'
    """
    with suppress(GatorError):  # without profiles it has no name
        for name, profile in load_profiles().items():
            if profile.full_address == address:
                return name
    return str(address) if masked(address) == address else "DSN"


def _read(path: Path) -> str:
    """The text of the file; empty when there is none."""
    if path.parent.is_dir():
        refuse_open_folder(path.parent, _WHAT)
    return read_private(path, _WHAT) or ""


def _fault(name: str, table: object) -> str | None:
    """What is wrong with a profile."""
    if not isinstance(table, Mapping):
        return f"{name!r} stands outside of a profile"
    for field, value in table.items():
        wanted = Profile.__annotations__.get(field)
        if wanted is None:
            return f"[{name}] knows no {field!r}; it knows {', '.join(Profile._fields)}"
        if type(value) is not wanted:
            kind = "true or false" if wanted is bool else "a text in quotes"
            return f"[{name}]: {field} is {kind}"
    if "://" not in table.get("address", ""):
        return f'[{name}] needs an address, such as "redis://localhost:6379"'
    return None


def _profile(table: Mapping[str, Any]) -> Profile:
    inside = profile_of(table["address"])  # people paste what they have
    return Profile(**{**inside._asdict(), **table, "address": inside.address})
