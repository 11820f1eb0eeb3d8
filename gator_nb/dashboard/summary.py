"""What a sight of a store comes to, in numbers."""

from collections.abc import Collection

from ..client.workforce import serves
from ..states import UNSTARTED, WAITING, Status
from .following import Sight, WorkerSeen
from .query import STATUSES_OF, Counts, counted

ALL = "all"
WORKERS = "workers"


def tile_counts(sight: Sight) -> dict[str, int]:
    """How many tasks or workers each tile stands for."""
    total: dict[Status, int] = dict.fromkeys(Status, 0)
    for by_status in sight.counts.values():
        for status, n in by_status.items():
            total[status] += n
    tiles = {tile: sum(total[s] for s in statuses) for tile, statuses in STATUSES_OF.items()}
    return {**tiles, ALL: sum(total.values()), WORKERS: len(sight.workers)}


def unstarted(sight: Sight) -> dict[str, int]:
    """How many tasks of each queue have not started, those with the most first."""
    found = {
        queue: sum(n for status, n in by_status.items() if status in UNSTARTED)
        for queue, by_status in sight.counts.items()
    }
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def matching_count(sight: Sight, page_number: int) -> int | None:
    """How many tasks fit, where that is known."""
    query, page = sight.look.query, sight.page
    if query.by_status_alone:
        return counted(sight.counts, query.where)
    whole = page_number == 1 and page.next is None and sight.search == "done"
    return len(page.records) if whole else None


def unserved_queues(counts: Counts, workers: Collection[WorkerSeen]) -> dict[str, int]:
    """Queues with tasks that could run now, and how many, where no live worker would take them."""
    there = [worker.presence for worker in workers]
    ready = {queue: by.get(WAITING, 0) for queue, by in counts.items()}
    return {
        queue: n for queue, n in ready.items() if n and not any(serves(one, queue) for one in there)
    }
