"""Every order in which a few actors can do their steps on a real memory store, once each.

Each verb is one step: it holds the store's lock. An order is played from the start; a state that
was seen before is not gone on from, so that the number of states bounds the search and not that of
the orders.
"""

from collections.abc import Callable, Generator, Iterable
from typing import Any

from gator_nb.backends.base import Answer, Beat, Push, Settlement
from gator_nb.backends.memory import MemoryBackend
from gator_nb.record import Record
from gator_nb.states import RUNNING, SUCCESS, TERMINAL, TRANSITIONS, Status

from .specimens import LANE, worker
from .stores import Clock

LEASE = 40.0
Steps = Generator[None, None, None]
"""What one actor does: it runs to the next `yield`, which is one step."""

_KEPT = ("records", "envelopes", "outcomes", "presences", "departed", "paused")
_NEXT: dict[Status, set[Status]] = {}
for (_before, _), _after in TRANSITIONS.items():
    if _before is not None:
        _NEXT.setdefault(_before, {_before}).update(_after)


class World:
    """A store, its time, and what actors have been promised."""

    def __init__(self, pushes: Iterable[Push], workers: Iterable[str]) -> None:
        self.clock = Clock()
        self.backend = MemoryBackend()
        self.backend.clock = self.clock
        self.clock.advance(LEASE)
        self.workers = list(workers)
        for name in self.workers:
            self.backend.register(worker(name, lease=LEASE))
        self.backend.put(list(pushes))
        self.dead: set[str] = set()
        self.holds: dict[str, tuple[str, str]] = {}
        """Claims that are known to their worker, with its name and the task."""
        self.ended: dict[str, str] = {}
        """The claim whose end was acknowledged, by task."""
        self.canceled: set[str] = set()
        self._saved: tuple[dict[str, Any], dict[str, str], set[str]] | None = None
        self._before = dict(self.records)

    @property
    def records(self) -> dict[str, Record]:
        return self.backend._store.records

    # -- what actors do ------------------------------------------------------------------------

    def claim(self, name: str, limit: int = 1) -> list[Record]:
        claimed = [one.record for one in self.backend.claim(name, None, [LANE], limit)]
        for record in claimed:
            assert record.id not in self.canceled, "it was canceled, and is begun again"
            self.holds[record.claim or ""] = name, record.id
        return claimed

    def settle(self, record: Record, status: Status) -> None:
        claim, before = record.claim or "", self.records[record.id]
        outcome = claim.encode()
        (answer,) = self.backend.settle([Settlement(record.id, claim, status, 0, outcome)])
        self.holds.pop(claim, None)
        after = self.records[record.id]
        if answer is Answer.LOST:
            assert after == before, "a claim that has gone changed the task"
        else:
            assert after.settled == claim, "what was answered is not so"
            if after.status in TERMINAL:
                assert self.ended.setdefault(record.id, claim) == claim, "it was settled twice"

    def renew(self, name: str, record: Record) -> None:
        claim = record.claim or ""
        (answer,) = self.backend.renew(name, [Beat(record.id, claim, begun=True)])
        there = self.records[record.id]
        stands = there.status is RUNNING and there.claim == claim
        assert (answer is not Answer.LOST) is stands, "its holder was not told the truth"

    def cancel(self, task_id: str) -> None:
        self.backend.cancel([task_id], "a person")
        self.canceled.add(task_id)

    def save(self) -> None:
        """What is so now may come back."""
        store = self.backend._store
        state = {name: dict(getattr(store, name)) for name in _KEPT if name != "paused"}
        self._saved = state, dict(self.ended), set(self.canceled)

    def roll_back(self) -> None:
        """The store is again as it was saved, as a server is that lost its last moments."""
        assert self._saved is not None
        state, ended, canceled = self._saved
        store = self.backend._store
        for name, kept in state.items():
            getattr(store, name).clear()
            getattr(store, name).update(kept)
        store.halfway = True  # what follows from the records is derived anew
        self.ended, self.canceled = dict(ended), set(canceled)

    # -- what always holds ---------------------------------------------------------------------

    def check(self, *, rolled_back: bool = False) -> None:
        """After each step, beside what each step checks itself."""
        store = self.backend._store
        _ = store.index
        assert self.backend.verify() == []
        for record in self.records.values():
            if not rolled_back:
                before = self._before[record.id]
                assert before.status not in TERMINAL or record == before, "an end has changed"
                assert record.status in _reachable(before.status), (before, record)
        self._before = dict(self.records)

    def finish(self) -> None:
        """Somebody else comes: who died is reaped, strays go back, all is worked off."""
        for name in self.workers:
            if name not in self.dead:
                strays = [one for one in self.backend.held(name) if one[1] not in self.holds]
                self.backend.release(strays)
        self.backend.reap(self.workers)
        self.backend.register(worker("late", lease=LEASE))
        while claimed := self.claim("late"):
            self.settle(claimed[0], SUCCESS)
        for record in self.records.values():
            assert record.status in TERMINAL, f"it never ends: {record}"
            if record.id in self.ended:
                assert record.settled == self.ended[record.id], "another end than was acknowledged"
            if record.status is SUCCESS:
                assert self.backend.outcome(record.id) == (record.settled or "").encode()
        assert self.backend.verify() == []

    def seen_as(self) -> tuple[object, ...]:
        """What the future depends on. Claims are random, and go by the order of their coming."""
        names: dict[str | None, int] = {None: -1}
        state = [self._seen(record, names) for record in self.records.values()]
        saved = self._saved and [self._seen(r, names) for r in self._saved[0]["records"].values()]
        known = sorted(
            (names.setdefault(claim, len(names)), *who) for claim, who in self.holds.items()
        )
        store = self.backend._store
        promised = sorted(self.ended), sorted(self.canceled), sorted(self.dead)
        late = self.clock.time - self.backend._connected
        return repr(state), repr(saved), repr(known), repr(promised), round(late), repr(
            [(one.id, round(self.clock.time - one.renewed)) for one in store.presences.values()]
        )  # fmt: skip

    def _seen(self, one: Record, names: dict[str | None, int]) -> tuple[object, ...]:
        claims = [names.setdefault(claim, len(names)) for claim in (one.claim, one.settled)]
        asked = one.cancel_at is not None, one.cancel_step, one.reason, one.worker
        counted = one.attempts, one.losses, one.retries, one.alone, one.begun, one.open_deps
        return one.id, one.status, *claims, *asked, *counted


def _reachable(status: Status) -> set[Status]:
    """In one verb a task may be promoted and claimed, or lost and begun."""
    return {
        after for middle in _NEXT.get(status, {status}) for after in _NEXT.get(middle, {middle})
    }


def explore(world: Callable[[], World], actors: list[Callable[[World], Steps]]) -> tuple[int, int]:
    """Play every order; answers how many states and ends were seen.

    Raises:
        AssertionError: with the order in which it was found, the shortest there is.
    """
    seen: set[object] = set()
    orders: list[tuple[int, ...]] = [()]
    ends = 0
    for order in orders:  # grows meanwhile: the short ones come first
        try:
            there, alive = _played(world, actors, order)
            state = (there.seen_as(), tuple(sorted(alive)), _places(order, alive))
            if state in seen:
                continue
            seen.add(state)
            if not alive:
                ends += 1
                there.finish()
        except AssertionError as error:
            error.add_note(f"in the order {[actors[one].__name__ for one in order]}")
            raise
        orders += [(*order, one) for one in alive]
    return len(seen), ends


def _places(order: tuple[int, ...], alive: list[int]) -> tuple[int, ...]:
    return tuple(order.count(one) for one in alive)


def _played(
    world: Callable[[], World], actors: list[Callable[[World], Steps]], order: tuple[int, ...]
) -> tuple[World, list[int]]:
    """The world after these steps, and who has more to do."""
    there = world()
    steps = [actor(there) for actor in actors]
    alive = set(range(len(actors)))
    for one in steps:
        next(one)  # to its first step, which it has not done
    for place, one in enumerate(order):
        if next(steps[one], alive) is alive:
            alive.discard(one)
        alive -= {number for number, actor in enumerate(actors) if actor.__name__ in there.dead}
        if place == len(order) - 1:
            there.check(rolled_back=actors[one].__name__ == "rollback")
        else:
            there._before = dict(there.records)
    return there, sorted(alive)
