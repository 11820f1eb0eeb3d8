"""Which finished tasks of a memory store may be forgotten."""

from collections.abc import Collection
from heapq import nsmallest

from ...record import Record


def forgettable(records: Collection[Record], before: float, now: float, limit: int) -> list[Record]:
    """Up to `limit` tasks that ended before `before` and that nothing keeps, oldest end first.

    Kept are those that ask to be, the newest of each name in its queue, with that one's group,
    groups that have an unfinished task, and what an unfinished task depends on.
    """
    newest = {(one.queue, one.name): one for one in records if one.name is not None}
    unfinished = [one for one in records if not one.done]
    needed = {task_id for one in unfinished for task_id in one.depends_on}
    ids = needed | {one.id for one in newest.values()}
    groups = {one.group for one in (*newest.values(), *unfinished)} - {None}
    ended = [
        (one.finished, one.seq, one)
        for one in records
        if one.finished is not None and one.finished < before
        if one.finished + (one.keep or 0) <= now
        if one.id not in ids and one.group not in groups
    ]
    return [one for *_, one in nsmallest(limit, ended)]
