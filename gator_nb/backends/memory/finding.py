"""Looking through the records of a memory store."""

from ...constants import EVERY
from ...record import Record
from ..base import Filter
from .store import Store


def in_queue(store: Store, queue: str) -> list[Record]:
    """The records of a queue, or with EVERY all."""
    records = store.records.values()
    return [record for record in records if queue == EVERY or record.queue == queue]


def open_dependency(store: Store, record: Record) -> str:
    """Why a task cannot run yet."""
    found = (store.records.get(task_id) for task_id in record.depends_on)
    named = [f"{one.id!r}, which is {one.status}" for one in found if one and not one.done]
    return f"task {record.id!r} cannot run yet: it depends on {' and '.join(named)}"


def fits(record: Record, where: Filter) -> bool:
    """Whether a record is one of those asked for."""
    return (
        (where.status is None or record.status in where.status)
        and (where.queue is None or record.queue == where.queue)
        and (where.name is None or record.name == where.name)
        and (where.tag is None or where.tag in record.tags)
        and (where.worker is None or record.worker == where.worker)
        and (where.session is None or record.session == where.session)
        and (where.group is None or record.group == where.group)
        and (where.call_key is None or record.call_key == where.call_key)
    )
