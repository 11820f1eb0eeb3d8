"""A dashboard on a thread of this process, as a notebook shows it."""

import urllib.request

import pytest

from gator_nb.dashboard.thread import ServedDashboard, dashboard
from gator_nb.errors import StoreUnavailable


def test_it_is_served_while_this_thread_does_something_else(dsn: str):
    """And ends when it is told to."""
    served = ServedDashboard(dsn)
    try:
        with urllib.request.urlopen(served.url, timeout=20) as answer:
            assert "Gator queue" in answer.read().decode()
        assert served.url in served._repr_mimebundle_()["text/html"]
    finally:
        served.close()
    assert (served.running, repr(served).endswith("(closed)")) == (False, True)


def test_asked_again_it_is_the_same(dsn: str):
    """One store, one server, however often the cell is run."""
    first = dashboard(dsn)
    try:
        assert dashboard(dsn) is first
    finally:
        first.close()
    again = dashboard(dsn)
    assert again is not first
    again.close()


def test_a_store_in_memory_is_refused_with_the_reason():
    """As at every other door."""
    with pytest.raises(StoreUnavailable, match="another process"):
        dashboard("memory://")
