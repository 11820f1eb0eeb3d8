"""The log of a task as a card follows it: each piece is read once."""

import codecs

from ..output.rich_output import Splitter, as_text
from ..tasks.task import Task

MOST = 20_000
"""Characters that are kept, the last ones; the rest is `task.logs()`."""


class FollowedLog:
    """What a task has printed so far.

    Attributes:
        text: the end of it.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._start = 0
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._splitter = Splitter()
        self.text = ""
        self._cut = 0

    def read(self) -> bool:
        """Read what has come since; whether there is any.

        Raises:
            GatorError: the store does not answer; what it has is read later.
        """
        handle = self._task.handle
        data = handle.client.backend.log(handle.record.id, self._start)
        self._start += len(data)
        pieces = self._splitter.feed(data) + ([self._splitter.rest()] * handle.record.done)
        new = self._decode(b"".join(map(as_text, pieces)), final=handle.record.done)
        whole = self.text + new
        self.text = whole[-MOST:]
        self._cut += len(whole) - len(self.text)
        return bool(new)

    @property
    def left_out(self) -> int:
        """Characters before `text`."""
        return self._cut
