"""`gator-nb worker --metrics`: what Prometheus reads of a worker."""

import socket
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gator_nb import Gator

from ..waiting import until
from .conftest import Serve, new_store, run_here


@pytest.fixture
def dsn(tmp_path: Path) -> str:
    return new_store("sqlite", tmp_path)


def scraped(url: str) -> dict[tuple[str, ...], float]:
    """The samples of a page by name and the values of their labels."""
    with urlopen(url, timeout=10) as page:
        text = page.read().decode()
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.slow
def test_what_has_ended_and_what_runs_is_counted(serve: Serve, gator: Gator) -> None:
    """By queue and outcome; on this machine only, as long as no address is given."""
    worker = serve("--threads", "3", "--metrics", "0")
    url = worker.says("metrics")["url"]
    assert url.startswith("http://127.0.0.1:")
    gator.map(pow, range(4), [2] * 4).wait(30)
    gator.options(queue="other").task(divmod, 1, 0).wait(30)
    until(lambda: scraped(url).get(("gator_nb_worker_tasks_total", "failed", "other")) == 1)
    seen = scraped(url)
    assert seen["gator_nb_worker_tasks_total", "all", "success"] == 4
    assert seen["gator_nb_worker_task_seconds_count", "all"] == 4
    assert seen["gator_nb_worker_task_seconds_bucket", "10.0", "all"] == 4
    assert seen["gator_nb_worker_slots",] == 3
    assert seen["gator_nb_worker_running",] == 0
    assert seen["gator_nb_worker_store_up",] == 1


def test_a_place_that_is_no_place_or_taken_is_told(dsn: str) -> None:
    assert "write it as 9100" in run_here("worker", dsn, "--metrics", "here").err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = run_here("worker", dsn, "--metrics", str(taken.getsockname()[1]))
    assert (told.code, "Address already in use" in told.err) == (2, True)
