"""Profiles: names for stores, with the passwords that belong in no notebook.

`profiles.toml` in the user's configuration folder has a table for each:

    [lab]
    address = "rediss://queue.example.org:6379"
    username = "ann"
    password = "..."
"""

import json
import tomllib
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import platformdirs

from .errors import StoreCorrupt, UnknownScheme
from .private_files import read_private, refuse_open_folder, write_private

_FIELDS = ("address", "username", "password", "managed")


class Profile(NamedTuple):
    """Where a store is. Its repr shows no password."""

    address: str
    """Without the password."""
    username: str = ""
    password: str = ""
    managed: bool = False
    """`gator-nb serve` made it, and may change it."""

    @property
    def full_address(self) -> str:
        """The address with user and password, to open it with."""
        if not self.password:
            return self.address
        scheme, _, place = self.address.partition("://")
        login = f"{quote(self.username, safe='')}:{quote(self.password, safe='')}"
        return f"{scheme}://{login}@{place}"

    def __repr__(self) -> str:
        return f"Profile({self.address!r}, username={self.username!r})"


def profiles_file() -> Path:
    """Where the profiles of this user are."""
    return Path(platformdirs.user_config_dir("gator_nb", appauthor=False)) / "profiles.toml"


def load_profiles() -> dict[str, Profile]:
    """The profiles of this user by their names.

    Raises:
        Untrusted: somebody else could read or change the file; the text has the mend.
        StoreCorrupt: it is no TOML, or a profile in it lacks what it needs.
    """
    path = profiles_file()
    text = read_private(path, "profiles")
    if text is None:
        return {}
    refuse_open_folder(path.parent, "profiles")
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StoreCorrupt(f"{path} is no TOML: {error}") from None
    return {name: _profile(path, name, table) for name, table in tables.items()}


def save_profile(name: str, profile: Profile) -> None:
    """Write one profile beside the others."""
    profiles = load_profiles() | {name: profile}
    write_private(profiles_file(), "\n".join(_table(*item) for item in profiles.items()))


def resolve(address: str) -> str:
    """The address that a profile's name stands for; an address is itself.

    Raises:
        UnknownScheme: no profile is called that; the text lists those there are.
    """
    if "://" in address:
        return address
    profiles = load_profiles()
    if address in profiles:
        return profiles[address].full_address
    known = f"there are {', '.join(sorted(profiles))}" if profiles else "there are none yet"
    raise UnknownScheme(
        f"{address!r} is neither an address (as sqlite:///tasks.sqlite) nor the name of a profile "
        f"in {profiles_file()}: {known}"
    )


def _profile(path: Path, name: str, table: object) -> Profile:
    if not isinstance(table, dict) or not isinstance(table.get("address"), str):
        raise StoreCorrupt(f"{path}: [{name}] has no address")
    unknown = table.keys() - set(_FIELDS)
    if unknown:
        known = ", ".join(_FIELDS)
        raise StoreCorrupt(f"{path}: [{name}] knows no {min(unknown)!r}; it knows {known}")
    return Profile(**table)


def _table(name: str, profile: Profile) -> str:
    # The strings of JSON are strings of TOML.
    values = {field: value for field, value in profile._asdict().items() if value}
    lines = [f"{field} = {json.dumps(value)}" for field, value in values.items()]
    return "\n".join([f"[{json.dumps(name)}]", *lines, ""])
