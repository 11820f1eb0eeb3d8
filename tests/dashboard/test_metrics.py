"""`/metrics` tells Prometheus what the page shows, and asks for the token where the page does."""

import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gator_nb import Gator
from gator_nb.dashboard.metrics import exposition
from gator_nb.dashboard.thread import ServedDashboard

from .test_access import Guarded, guarded  # noqa: F401 -- a fixture


def read(url: str, **headers: str) -> str:
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return answer.read().decode()


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Each value by its name and the values of its labels."""
    return {
        (one.name, *one.labels.values()): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


@pytest.fixture
def served(dsn: str) -> Iterator[ServedDashboard]:
    served = ServedDashboard(dsn)
    yield served
    served.close()


def test_it_counts_what_the_store_holds(gator: Gator, served: ServedDashboard):
    """By queue and status, zeros too; a queue's name may be anything."""
    gator.task(pow, 2, 10)
    gator.get(gator.task(abs, -1).task_id)
    gator.options(queue='odd "name"\n').task(pow, 2, 10)
    gator.pause()
    seen = samples(read(f"{served.url}metrics"))
    assert seen["gator_nb_store_up",] == 1
    assert seen["gator_nb_tasks", "lab", "waiting"] == 1
    assert seen["gator_nb_tasks", "lab", "success"] == 1
    assert seen["gator_nb_tasks", "lab", "failed"] == 0
    assert seen["gator_nb_tasks", 'odd "name"\n', "waiting"] == 1
    assert seen["gator_nb_queue_paused", "lab"] == 1
    assert seen["gator_nb_unserved_tasks", "lab"] == 1
    assert seen["gator_nb_workers", "alive"] == 0


def test_it_counts_workers_and_their_slots(gator: Gator, served: ServedDashboard):
    """Those that live."""
    with gator.start_worker(threads=3) as worker:
        assert worker.registered.wait(30)
        seen = samples(read(f"{served.url}metrics"))
    assert seen["gator_nb_workers", "alive"] == 1
    assert seen["gator_nb_worker_slots", "alive"] == 3


def test_a_store_that_is_away_is_down():
    """An answer, with nothing that was true before."""
    assert samples(exposition(None).decode()) == {("gator_nb_store_up",): 0}


def test_another_name_for_this_machine_is_refused(gator: Gator, served: ServedDashboard):
    """A page of somebody else that has its name point here reads nothing."""
    with pytest.raises(urllib.error.HTTPError, match="403"):
        read(f"{served.url}metrics", Host="elsewhere.example")


def test_the_token_is_asked_for(guarded: Guarded):  # noqa: F811
    """As a bearer token, which Prometheus sends; who guesses is answered late, as at the form."""
    started = time.monotonic()
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        with pytest.raises(urllib.error.HTTPError, match="401"):
            read(f"{guarded.url}metrics", **headers)
    assert time.monotonic() - started >= 1.0
    assert "gator_nb_store_up 1.0" in read(
        f"{guarded.url}metrics", Authorization=f"Bearer {guarded.token}"
    )
