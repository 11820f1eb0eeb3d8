"""A search of scikit-learn on the page."""

import threading

import pytest
from playwright.sync_api import Page, expect
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier

from gator_nb import CANCELED, Gator, Worker
from gator_nb.errors import TaskCanceled

from ..waiting import until
from .processes import served_by_cli

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_its_fits_are_seen_and_canceled_by_a_click(page: Page, gator: Gator, dsn: str) -> None:
    """What runs is stopped, what waits does not begin, and the search says that it was canceled."""
    said: list[str] = []
    X, y = load_digits(return_X_y=True)
    endless = MLPClassifier(max_iter=10**9, n_iter_no_change=10**9)

    def search() -> None:
        with gator.joblib():
            try:
                GridSearchCV(endless, {"alpha": [0.1, 0.2]}, cv=2).fit(X, y)
            except TaskCanceled as error:
                said.append(str(error))

    searching = threading.Thread(target=search)
    with Worker(gator, processes=1), served_by_cli(dsn) as url:
        searching.start()
        page.goto(url)
        row = page.locator("tbody tr", has_text="_fit_and_score").filter(has_text="Running")
        expect(row).to_be_visible(timeout=30_000)
        row.get_by_role("button", name="Cancel").click()
        until(lambda: said, 30)
        searching.join()
        until(lambda: {task.status for task in gator.tasks()} == {CANCELED}, 30)
        expect(page.locator("tbody tr", has_text="Canceled").first).to_be_visible()
    assert "so is the call" in said[0]
