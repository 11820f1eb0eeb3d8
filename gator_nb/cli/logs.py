"""`gator-nb logs`."""

import codecs
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from ..backends.base import Listener
from ..durations import duration
from ..gator import Gator
from ..output.rich_output import Splitter, text_of
from ..record import Record
from .arguments import Id, Json, Store, open_existing
from .finding import find
from .showing import print_json, safe, tell, took, word_of

_LOOK_AGAIN = 1.0
"""Seconds after which a follower looks though nothing woke it; a store that has gone is told."""


def logs(
    task: Id,
    store: Store = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the task has ended.")
    ] = False,
    tail: Annotated[
        int | None,
        typer.Option("--tail", "-n", min=0, help="Only the last lines.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    with open_existing(store) as gator:
        (record,) = find(gator, [task])
        if not follow:
            text = text_of(gator.backend.log(record.id)).decode("utf-8", "replace")
            _write(record, _last_lines(text, tail), as_json)
            return
        _follow(gator, record, tail, as_json)
        ended = gator.client.record(record.id)
        seconds = took(ended, gator.backend.now())
        after = "" if seconds is None else f" after {duration(seconds)}"
        tell(f"{safe(ended.label)}: {word_of(ended)}{after}")


def _follow(gator: Gator, record: Record, tail: int | None, as_json: bool) -> None:
    listener = gator.backend.listen(["news"])
    try:
        for number, text in enumerate(_pieces(gator, record.id, listener)):
            _write(record, text if number else _last_lines(text, tail), as_json)
    except KeyboardInterrupt:
        tell("\nthe task goes on")
        raise typer.Exit(130) from None
    finally:
        listener.close()


def _pieces(gator: Gator, task_id: str, listener: Listener) -> Iterator[str]:
    """What it has printed, then what comes until it has ended; displays are left out."""
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    splitter, start = Splitter(), 0
    while True:
        done = gator.client.record(task_id).done  # before the log, which is complete then
        data = gator.backend.log(task_id, start)
        start += len(data)
        pieces = splitter.feed(data) + ([splitter.rest()] if done else [])
        yield decode(b"".join(one for one in pieces if isinstance(one, bytes)), done)
        if done:
            return
        listener.wait(_LOOK_AGAIN)


def _write(record: Record, text: str, as_json: bool) -> None:
    if not text:
        return
    if as_json:
        print_json({"id": record.id, "text": text})
    else:
        sys.stdout.write(text)
        sys.stdout.flush()


def _last_lines(text: str, tail: int | None) -> str:
    if tail is None:
        return text
    return "".join(text.splitlines(keepends=True)[-tail:]) if tail else ""
