"""The filter line: what it means, and what it says where it means nothing."""

import pytest

from gator_nb import Status
from gator_nb.backends.base import Filter
from gator_nb.dashboard.query import BadFilter, Query, parse, resolve, tile_of, with_status
from gator_nb.record import Record


def fits(text: str, record: Record) -> bool:
    return resolve(parse(text), {}).fits(record)


def test_keys_are_asked_of_the_store():
    """What has an index is left to it; quotes hold a value with spaces together."""
    query = parse('status:failed queue:etl name:"load table" tag:sweep')
    assert query.where == Filter(frozenset({Status.FAILED}), "etl", "load table", "sweep")
    assert resolve(query, {}).indexed


def test_words_are_looked_for():
    """Without a key a word may stand in the label, the error, the queue, a tag, or begin the id."""
    record = Record("3f2a", "etl", label="load Table", error="ValueError: oops", tags=("night",))
    assert all(fits(word, record) for word in ("table", "OOPS", "etl", "night", "3f2", "load oops"))
    assert not any(fits(word, record) for word in ("f2a", "tables", "load missing"))


def test_an_error_is_looked_for_in_errors_alone():
    """`error:` does not find the name."""
    record = Record("a", "lab", Status.FAILED, label="oops", error="ValueError: bad row")
    assert fits("error:valueerror error:row", record)
    assert not fits("error:oops", record)


def test_statuses_go_by_their_words_and_those_of_the_tiles():
    """Several are one or the other."""
    assert parse("status:failed,canceled").where.status == {Status.FAILED, Status.CANCELED}
    assert Status.DELAYED in (parse("status:queued").where.status or ())
    assert tile_of(parse("status:success")) == "finished"


def test_a_status_that_there_is_not_is_told():
    """With those that there are."""
    with pytest.raises(BadFilter, match="no status is called 'done'; there are queued, running"):
        parse("status:done")


def test_one_queue_only():
    """A task is in one queue: two match nothing, which is worth saying."""
    with pytest.raises(BadFilter, match="one queue only"):
        parse("queue:a queue:b")


def test_what_looks_like_a_key_may_be_a_word():
    """An address in a name can be looked for."""
    assert parse("s3:bucket lr=0.1").words == ("s3:bucket", "lr=0.1")


@pytest.mark.parametrize(
    "text", ['"', ':""', "a:", '":', "\x00", '"unclosed words', "::", "status:"]
)
def test_any_text_means_something_or_is_refused(text: str):
    """A forged address cannot break a page."""
    assert isinstance(parse(text), Query)


def test_a_worker_goes_by_its_name():
    """The store knows ids; where two had the name, either is meant."""
    assert resolve(parse("worker:lab"), {"1f": "lab"}).where.worker == "1f"
    assert resolve(parse("worker:lab"), {"1f": "lab", "2e": "lab"}).workers == {"1f", "2e"}
    assert resolve(parse("worker:1f"), {}).where.worker == "1f"


def test_a_tile_changes_the_status_and_nothing_else():
    """What was typed beside it stays."""
    assert with_status("queue:etl status:failed oops", "running") == "status:running queue:etl oops"
    assert with_status("status:failed", None) == ""
