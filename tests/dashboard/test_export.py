"""What a filter finds is exported as CSV or JSON, all of it, in pieces."""

import csv
import io
import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from gator_nb import Gator, progress
from gator_nb.dashboard import export
from gator_nb.dashboard.query import Query
from gator_nb.dashboard.state import Session
from gator_nb.errors import StoreUnavailable

from ..waiting import until
from .hostile import CORPUS
from .test_browser import SECONDS, open_page


def exported(session: Session, made: export.Format) -> str:
    """The whole text, asked for as a browser does."""
    session.export(made)
    parts: list[str] = []
    while True:
        until(lambda: session.piece is not None and session.piece.number > len(parts))
        parts.append(session.piece.text)
        if not session.piece.more:
            return "".join(parts)
        session.export_on()


def test_csv_has_all_that_match(gator: Gator, session: Session, monkeypatch: pytest.MonkeyPatch):
    """Newest first, from as many pieces as it takes; what does not match is not there."""
    monkeypatch.setattr(export, "_LOOKED_AT", 4)
    gator.options(name="sweep", tags=["a", "b"]).map(abs, range(10))
    gator.options(name="other").task(pow, 2, 10)
    session.filter("name:sweep")
    rows = list(csv.DictReader(io.StringIO(exported(session, "csv"))))
    assert [row["name"] for row in rows] == ["sweep"] * 10
    assert (rows[0]["queue"], rows[0]["status"], rows[0]["tags"]) == ("lab", "waiting", "a, b")
    assert rows[0]["started"] == ""
    assert session.piece.done == 10


def test_json_has_what_they_said(gator: Gator, session: Session):
    """Times, errors, progress, and the newest value of each metric."""

    def fit() -> None:
        progress(1, 2, "half", loss=0.5)
        raise ValueError("no more")

    task = gator.options(name="fit").task(fit)
    with pytest.raises(ValueError, match="no more"):
        gator.get(task.task_id)
    (one,) = json.loads(exported(session, "json"))
    assert (one["id"], one["status"], one["error"]) == (
        task.task_id,
        "failed",
        "ValueError: no more",
    )
    assert (one["progress"]["message"], one["metrics"]) == ("half", {"loss": 0.5})
    assert one["seconds"] >= 0
    assert one["created"].endswith("+00:00")


def test_words_and_nothing(gator: Gator, session: Session, monkeypatch: pytest.MonkeyPatch):
    """What no index answers is looked for in the whole store; nothing found is an empty list."""
    monkeypatch.setattr(export, "_LOOKED_AT", 2)
    gator.options(name="the first").task(pow, 2, 10)
    gator.map(abs, range(7))
    session.filter("first")
    assert [one["name"] for one in json.loads(exported(session, "json"))] == ["the first"]
    session.filter("nowhere")
    assert json.loads(exported(session, "json")) == []
    assert len(exported(session, "csv").splitlines()) == 1


def test_a_spreadsheet_computes_nothing(gator: Gator, session: Session):
    """Whatever it would take for a formula is text there, and in quotes, as ";" parts cells in some
    countries; a terminal finds nothing to obey, and a row is a row whatever it says."""
    texts = [*CORPUS.values(), " =1+1", "-2+3", "x;=1+1"]
    for text in texts:
        gator.options(name=text, tags=[text], queue=text).task(pow, 2, 10)
    written = exported(session, "csv")
    rows = list(csv.DictReader(io.StringIO(written)))
    assert len(rows) == len(texts)
    assert [row["name"] for row in rows[:3]] == ["x;=1+1", "'-2+3", "' =1+1"]
    assert '"x;=1+1"' in written
    cells = [row[column] for row in rows for column in ("name", "queue", "tags")]
    assert not [cell for cell in cells if cell.lstrip()[:1] in set("=+-@")]
    assert max(map(len, cells)) < 32_767  # what a spreadsheet takes
    assert "\x1b" not in written
    assert "\x00" not in written


def test_json_keeps_what_was_said(gator: Gator, session: Session):
    """To the letter, a megabyte too."""
    for text in CORPUS.values():
        gator.options(name=text, tags=[text]).task(pow, 2, 10)
    found = json.loads(exported(session, "json"))
    assert [(one["name"], one["tags"]) for one in reversed(found)] == [
        (text, [text]) for text in CORPUS.values()
    ]


def test_figures_that_json_does_not_have():
    """A store may hold anything: what comes out can be read."""
    text = export._parsed('{"a": NaN, "b": 1e999, "c": "\\ud800"}')
    assert text is not None
    assert text["a"] is None
    assert text["b"] is None
    row = export.written([{"progress": text}], "json", first=True, last=True)
    assert json.loads(row.encode("utf-8"))[0]["progress"]["c"] == "?"


def test_a_store_that_goes_breaks_it_off():
    """And says so: half a file is none."""
    told: list[export.Piece] = []
    job = export.Export(Query(), "csv", told.append)
    job.fail(StoreUnavailable("tasks.sqlite is gone"))
    assert (told[-1].more, told[-1].trouble) == (False, "tasks.sqlite is gone")


@pytest.mark.browser
@pytest.mark.slow
def test_a_click_saves_a_file(page: Page, shared_url: str, shared_store: str, tmp_path: Path):
    """Of what the filter shows."""
    with Gator(shared_store, "exports") as gator:
        gator.options(name="exported", delay_by=900).map(abs, range(3))
        gator.options(name="not exported", delay_by=900).task(pow, 2, 10)
    open_page(page, f"{shared_url}?q=name:exported")
    for kind in ("JSON", "CSV"):
        with page.expect_download(timeout=20 * SECONDS) as saved:
            page.get_by_role("button", name=f"Export as {kind}").click()
        path = tmp_path / kind
        saved.value.save_as(path)
        assert saved.value.suggested_filename.endswith(f".{kind.lower()}")
        expect(page.get_by_role("button", name=f"Export as {kind}")).to_be_visible()
    assert [one["name"] for one in json.loads((tmp_path / "JSON").read_text())] == ["exported"] * 3
    with (tmp_path / "CSV").open(encoding="utf-8-sig", newline="") as file:
        assert [row["queue"] for row in csv.DictReader(file)] == ["exports"] * 3
