"""Where a browser finds the dashboards that this process serves, by the store that they show."""

import threading

_pages: dict[str, list[str]] = {}
_lock = threading.Lock()


def opened(store: str, url: str) -> None:
    """A page of this store is there from now on.

    >>> opened("sqlite:///x", "http://127.0.0.1:5006/")
    >>> page_of("sqlite:///x")
    'http://127.0.0.1:5006/'
    >>> closed("sqlite:///x", "http://127.0.0.1:5006/")
    >>> page_of("sqlite:///x")
    """
    with _lock:
        _pages.setdefault(store, []).append(url)


def closed(store: str, url: str) -> None:
    """It has gone."""
    with _lock:
        urls = _pages.get(store, [])
        if url in urls:
            urls.remove(url)


def page_of(store: str) -> str | None:
    """The newest page of this store; None where there is none."""
    with _lock:
        return next(reversed(_pages.get(store, [])), None)
