"""`renew`: a worker lives, and tells of its tasks."""

from gator_nb.backends.base import Answer, Backend, Beat

from .specimens import beat, call, push, record, success, take, take_one
from .stores import Clock


def test_the_lease_is_renewed(backend: Backend, clock: Clock) -> None:
    clock.advance(50)
    assert backend.renew("w1", []) == []
    renewed = {one.id: one.renewed for one in backend.presences()}
    assert renewed == {"w1": clock.time, "w2": clock.time - 50}


def test_a_claim_that_stands_is_kept(backend: Backend) -> None:
    push(backend, "a")
    claimed = take_one(backend)
    assert backend.renew("w1", [beat(claimed)]) == [Answer.KEPT]
    kept = record(backend, "a")
    assert kept._replace(version=0) == claimed._replace(version=0)


def test_news_is_written_and_none_leaves_a_field(backend: Backend) -> None:
    push(backend, "a")
    claimed = take_one(backend)
    backend.renew("w1", [beat(claimed, progress="1", metrics="m", cancel_step="asked")])
    backend.renew("w1", [beat(claimed, progress="2")])
    told = record(backend, "a")
    assert (told.progress, told.metrics, told.cancel_step) == ("2", "m", "asked")


def test_begun_is_told_once_and_stays(backend: Backend) -> None:
    backend.put([call("a"), call("b")])
    claimed = take(backend, 2)[0].record
    assert not claimed.begun
    backend.renew("w1", [beat(claimed, begun=True)])
    backend.renew("w1", [beat(claimed)])
    assert record(backend, "a").begun
    assert not record(backend, "b").begun


def test_output_is_appended(backend: Backend) -> None:
    push(backend, "a")
    claimed = take_one(backend)
    backend.renew("w1", [beat(claimed, log=b"one ")])
    backend.renew("w1", [beat(claimed, log=b"two ")])
    backend.settle([success(claimed, log=b"three")])
    assert backend.log("a") == b"one two three"


def test_a_request_to_stop_is_told_every_time(backend: Backend) -> None:
    push(backend, "a")
    claimed = take_one(backend)
    backend.cancel(["a"], "me")
    assert backend.renew("w1", [beat(claimed)]) == [Answer.CANCEL]
    assert backend.renew("w1", [beat(claimed, cancel_step="asked")]) == [Answer.CANCEL]


def test_a_claim_that_does_not_stand_is_lost(backend: Backend) -> None:
    """Forged, of an unknown task, taken away, or settled already; and its news is dropped."""
    backend.put([call("a"), call("b")])
    one, two = (claimed.record for claimed in take(backend, 2))
    backend.settle([success(one)])
    beats = [beat(one), Beat("b", "0" * 32, progress="forged"), Beat("nobody", "0" * 32)]
    assert backend.renew("w1", beats) == [Answer.LOST] * 3
    assert record(backend, "b") == two
    backend.reap(["w1"])
    take_one(backend, by="w2")
    assert backend.renew("w1", [beat(two, progress="late", log=b"late")]) == [Answer.LOST]
    assert (record(backend, "b").progress, backend.log("b")) == (None, b"")


def test_each_of_a_batch_is_answered_by_itself(backend: Backend) -> None:
    backend.put([call("a"), call("b"), call("c")])
    one, two, three = (claimed.record for claimed in take(backend, 3))
    backend.cancel(["b"], "me")
    backend.settle([success(three)])
    answers = backend.renew("w1", [beat(one), beat(two), beat(three)])
    assert answers == [Answer.KEPT, Answer.CANCEL, Answer.LOST]
