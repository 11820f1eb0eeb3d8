"""Opening the store that a dashboard shows, and naming it for people."""

from ..backends import address_of, open_backend
from ..backends.base import Backend
from ..backends.sqlite import address
from ..errors import StoreUnavailable


def resolved(dsn: str | None) -> str:
    """The address of the store: the one given, by itself or by a profile's name, else
    `$GATOR_NB_CONN`, else the user's own.

    Raises:
        UnknownScheme: no profile is called that.
        Untrusted, StoreUnavailable, StoreCorrupt: the profiles cannot be read.
    """
    return address_of(dsn)


def open_shared(dsn: str) -> Backend:
    """Open a store that other processes can see.

    Raises:
        UnknownScheme, StoreUnavailable, StoreCorrupt, StoreVersion: it cannot be shown; the text
            has the mend.
    """
    backend = open_backend(dsn)
    if not backend.persistent:
        backend.close()
        raise StoreUnavailable(
            f"{dsn} lives inside the process that made it, and a dashboard is another process: "
            "there is nothing it could see. Use sqlite:///tasks.sqlite there and here"
        )
    return backend


def reopen_shared(dsn: str) -> Backend:
    """Open a store that was there before; one whose file has gone is not made anew.

    Raises:
        StoreUnavailable: it is still away.
    """
    if dsn.lower().startswith("sqlite:") and not (path := address.parse(dsn).path).exists():
        raise StoreUnavailable(
            f"{path} is gone: tasks cannot be read or stored until it is put back"
        )
    return open_shared(dsn)
