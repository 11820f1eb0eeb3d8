"""The address of a SQLite store: `sqlite:///relative.sqlite`, `sqlite:////absolute/path.sqlite`,
`sqlite:///~/under/home.sqlite`, and `?durability=disk`."""

from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from ...errors import StoreUnavailable

_SCHEME = "sqlite:///"
_OPTIONS = {"durability": ("process", "disk")}


class Address(NamedTuple):
    path: Path
    """Absolute."""
    durability: str = "process"
    """What an acknowledged push survives: "process", any killed process; "disk", power loss too."""


def parse(conn_string: str) -> Address:
    """Read an address; `%20` and the like in the path are decoded.

    >>> parse("sqlite:////tmp/my%20tasks.sqlite?durability=disk").durability
    'disk'

    Raises:
        StoreUnavailable: no path, an unknown option, or a value that an option does not take.
    """
    location, _, query = conn_string.partition("?")
    name = unquote(location[len(_SCHEME) :])
    if not location.lower().startswith(_SCHEME) or not name:
        raise StoreUnavailable(
            f"{conn_string} names no file: write sqlite:///tasks.sqlite for one in this folder, "
            "or sqlite:////home/me/tasks.sqlite"
        )
    if name == ":memory:":
        raise StoreUnavailable(f"{conn_string} is no file: memory:// is the store in memory")
    return Address(Path(name).expanduser().absolute(), **_options(conn_string, query))


def _options(conn_string: str, query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    for option, value in options.items():
        if option not in _OPTIONS:
            raise StoreUnavailable(
                f"{conn_string}: SQLite has no option {option!r}; there is {', '.join(_OPTIONS)}"
            )
        if value not in _OPTIONS[option]:
            raise StoreUnavailable(
                f"{conn_string}: {option} is {' or '.join(_OPTIONS[option])}, not {value!r}"
            )
    return options
