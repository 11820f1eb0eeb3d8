"""`gator-nb cancel` and `retry`."""

import sys
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from ..errors import GatorError
from ..gator import Gator
from ..record import Record
from ..states import CANCELED, TERMINAL, Status
from ..tasks.task import Task
from .arguments import Ids, Json, Queues, Statuses, Store, Yes, one_or_every, open_existing
from .facts import facts_of
from .finding import find
from .listing import list_of
from .showing import print_json, safe, short_id, tasks, tell, word_of

_BY = "gator-nb"
_CHUNK = 1_000
"""Tasks that one step of the store is about, so that it serves others in between."""
_OPEN = frozenset(Status) - TERMINAL


def cancel(
    ids: Ids = None,
    store: Store = None,
    every: Annotated[bool, typer.Option("--all", help="Every task that has not ended.")] = False,
    queue: Queues = None,
    status: Statuses = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return once all have ended.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Kill processes without waiting for their code.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    many = every or bool(queue) or bool(status)
    if bool(ids) == many:
        raise typer.BadParameter("give ids, or --all, --queue or --status for many")
    with open_existing(store) as gator:
        if many:
            wanted = frozenset(status or _OPEN) & _OPEN
            found = list_of(gator, wanted, one_or_every(queue)) if wanted else []
            _ask("cancel", len(found), yes)
        else:
            found = find(gator, ids or ())
        records = _cancel(gator, found, force)
        if wait:
            records = _ended(gator, records)
        now = gator.backend.now()
        if as_json:
            for record in records:
                print_json(facts_of(record, now))
        _tell(records, many=many)
    raise typer.Exit(1 if any(one.done and one.status is not CANCELED for one in records) else 0)


def retry(ids: Ids = None, store: Store = None, as_json: Json = False) -> None:
    if not ids:
        raise typer.BadParameter("give ids")
    with open_existing(store) as gator:
        found = find(gator, ids)
        running = [one for one in found if not one.done]
        if running:
            named = ", ".join(f"{short_id(one.id)} ({word_of(one)})" for one in running)
            raise GatorError(f"not ended yet: {named}; cancel first, or wait. Nothing was retried")
        for record in found:
            fresh = Task.stored(gator.client, record).retry().handle.record
            if as_json:
                print_json(facts_of(fresh, gator.backend.now()))
            else:
                typer.echo(
                    f"{short_id(fresh.id)}  {safe(fresh.label)}, again as {short_id(record.id)}"
                )


def _ask(what: str, number: int, yes: bool) -> None:
    """Name the count before much is done at once."""
    if number <= 1 or yes:
        return
    if not sys.stdin.isatty():
        raise GatorError(f"this would {what} {tasks(number)}: add --yes")
    typer.confirm(f"{what} {tasks(number)}?", abort=True, err=True)


def _cancel(gator: Gator, found: Sequence[Record], force: bool) -> list[Record]:
    """Newest first: what waits for a task is named before it, and canceled instead of failed."""
    newest_first = sorted(found, key=lambda record: -record.seq)
    after: dict[str, Record] = {}
    for start in range(0, len(newest_first), _CHUNK):
        several = [record.id for record in newest_first[start : start + _CHUNK]]
        canceled = gator.backend.cancel(several, _BY, force=force)
        after |= {record.id: record for record in canceled}
    return [after[record.id] for record in found]


def _ended(gator: Gator, records: Iterable[Record]) -> list[Record]:
    """These records once all have ended. Interrupting it stops the waiting only."""
    after = {record.id: record for record in records}
    open_ones = [record.id for record in after.values() if not record.done]
    try:
        for ending in gator.client.watcher.ended(open_ones, None):
            after[ending.record.id] = ending.record
    except KeyboardInterrupt:
        tell("\nnot waited for; what runs was asked to stop and has not said that it did")
        raise typer.Exit(130) from None
    return list(after.values())


def _tell(records: Sequence[Record], *, many: bool) -> None:
    """What is true by now, in one line, and a line for each named task that had ended."""
    asked = [one for one in records if not one.done]
    canceled = [one for one in records if one.status is CANCELED]
    others = [one for one in records if one.done and one.status is not CANCELED]
    parts = [f"{tasks(len(canceled))} canceled"] if canceled or not (asked or others) else []
    if asked:
        parts.append(f"{tasks(len(asked))} asked to stop, and running until then")
    if others and many:
        parts.append(f"{tasks(len(others))} ended before")
    if parts:
        tell("; ".join(parts))
    for one in [] if many else others:
        tell(f"{short_id(one.id)} ({safe(one.label)}) had ended: {word_of(one)}")
