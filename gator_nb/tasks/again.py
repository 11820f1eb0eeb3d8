"""Running a stored call again: a new task round the same pickled bytes, which are not loaded."""

from collections.abc import Mapping
from typing import Any

from ..backends.base import Push
from ..client.client import Client
from ..definition import columns, lane_for
from ..payload import peek, seal_call
from ..record import Record


def again(
    client: Client,
    record: Record,
    task_id: str,
    options: Mapping[str, Any] | None = None,
    instead: Mapping[str, str] | None = None,
) -> Push:
    """What to push for a retry of `record` as `task_id`.

    Without options the old envelope serves it, and no key is needed; with some a new one is
    signed round the same payload.

    Args:
        options: those to change, checked, under the names that are signed, and `name`.
        instead: tasks that the call waits for, and the ones to wait for in their place.

    Raises:
        TaskNotFound: the call is not in the store any more.
        Untrusted, KeyMissing: a new envelope would be signed, and the old one does not verify.
    """
    envelope = client.backend.envelope(record.id)
    depends_on = _still_there(client, record, instead or {})
    if options or instead:
        return _signed_anew(client, record, task_id, envelope, options or {}, depends_on)
    signed = dict(peek(envelope).get("options", {}))
    return Push(_fresh(client, record, task_id, signed, depends_on), None)


def _fresh(
    client: Client,
    record: Record,
    task_id: str,
    signed: Mapping[str, Any],
    depends_on: Mapping[str, str],
) -> Record:
    """A record for another run. It has no key: nothing that is asked for anew is to be reused."""
    span = None if record.expires is None else record.expires - record.created
    return Record(
        id=task_id,
        queue=record.queue,
        lane=record.lane,
        priority=record.priority,
        origin=record.origin,
        parent=record.id,
        session=client.arrive(),
        group=record.group,
        name=record.name,
        label=record.label,
        expires=None if span is None else client.backend.now() + span,
        retries=int(signed.get("retries", 0)),
        keep=record.keep,
        on_lost=record.on_lost,
        checkpoint=record.checkpoint,
        limit=record.limit,
        needs=record.needs,
        tags=record.tags,
        depends_on=tuple(depends_on.values()),
        refs=record.refs,
    )


def _signed_anew(
    client: Client,
    record: Record,
    task_id: str,
    envelope: bytes,
    options: Mapping[str, Any],
    depends_on: Mapping[str, str],
) -> Push:
    header, payload = client.verified(record, envelope)
    old = {option: value for option, value in header.options.items() if option != "due"}
    signed = {**old, **options}
    name = signed.pop("name", record.name)
    if "depends_on" in options:
        named = [*options["depends_on"], *(header.results or {}).values()]
        depends_on = {one: depends_on.get(one, one) for one in named}
    fresh = _fresh(client, record, task_id, signed, depends_on)._replace(
        queue=options.get("queue") or record.queue,
        lane=lane_for(header.python, client.keyring, signed),
        origin=task_id,
        name=name,
        label=name or (header.function.rpartition(".")[2] if record.name else record.label),
        due=options.get("due"),
        **columns(options),
    )
    signed["expires"] = fresh.expires
    results = {ref: depends_on.get(one, one) for ref, one in (header.results or {}).items()}
    changed = header._replace(
        origin=task_id, queue=fresh.queue, name=fresh.name, label=fresh.label, options=signed,
        session=fresh.session, results=results or None,
    )  # fmt: skip
    return Push(fresh, seal_call(client.keyring, changed, payload))


def _still_there(client: Client, record: Record, instead: Mapping[str, str]) -> dict[str, str]:
    """What the old task waited for, save what has been forgotten, and what is waited for now."""
    if not record.depends_on:
        return {}
    found = client.backend.get(record.depends_on)
    there = [one for one, known in zip(record.depends_on, found, strict=True) if known is not None]
    return {one: instead.get(one, one) for one in there}
