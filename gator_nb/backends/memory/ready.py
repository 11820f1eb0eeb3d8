"""What is ready in a memory store: time moves tasks into the lines, a claim takes them out."""

from collections import Counter
from operator import itemgetter

from ...constants import PROMOTE_BATCH
from ...record import Record, limit_of
from .index import Line
from .step import Step
from .store import Store


def keep_time(store: Store, now: float) -> None:
    """Fail what has expired and ready what is due, a bounded number at a time."""
    index = store.index
    if not (_over(index.expiring, now) or _over(index.due, now)):
        return
    step, left = Step(store, now), PROMOTE_BATCH
    store.halfway = True
    for line, move in ((index.expiring, step.expire), (index.due, step.promote)):
        while left and (task_id := _over(line, now)):
            line.discard(task_id)
            record = step.there(task_id)
            if not record.done:
                move(record)
                left -= 1
    step.commit()


def _over(line: Line[float], now: float) -> str | None:
    """The task at the head of a line of times, when that time has come."""
    head = line.first() if line.keys else None
    return head[1] if head is not None and head[0] <= now else None


def take(store: Store, lines: list[Line[int]], limit: int, now: float) -> list[Record]:
    """Up to `limit` tasks off the heads of these lines, by rank; one that is alone by itself."""
    taken: list[Record] = []
    begun: Counter[str] = Counter()
    while len(taken) < limit:
        heads = [(head, line) for line in lines if (head := line.first()) is not None]
        if not heads:
            break
        (_, task_id), line = min(heads, key=itemgetter(0)) if len(heads) > 1 else heads[0]
        record = store.records[task_id]
        if record.limit is not None:
            name, _ = limit_of(record.limit)
            if begun[name] >= store.index.room(record.limit):
                lines = [one for one in lines if one is not line]
                continue
        late = record.expires is not None and record.expires <= now
        if late or (record.alone and taken):
            break  # a late one is failed by the next call
        line.discard(task_id)
        taken.append(record)
        if record.limit is not None:
            begun[name] += 1
        if record.alone:
            break
    return taken
