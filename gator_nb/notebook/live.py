"""Live cards: who keeps them up to date.

One thread refreshes every live card of a client, at most five times a second, and only those whose
task changed or whose clock ticks. It ends with the last card.
"""

import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeGuard

from ..errors import GatorError
from ..record import Record
from ..tasks.group import Group
from ..tasks.task import Task
from .face import Face, Shown, static
from .unattended import unattended

if TYPE_CHECKING:
    from ..client.client import Client

_PACE = 0.2
"""Seconds between two refreshes of one card."""
_FRESH = 1.0
"""Seconds for which what a group knows of its tasks will do: to read ten thousand takes longer."""
_LOOK_EVERY = 5.0
"""Seconds between two looks at the store for what no news told."""
_MANY, _PATIENT = 200, 1.0
"""Of a card of so many tasks the first look is so many seconds late: news tells of most of them."""
_IDLE = 1.0
"""Seconds between two rounds without news."""
_REST = 50
"""A look that takes long is repeated after so many times as long."""
_WATCHED = 50
"""Ended cards that tell when their function was edited since: the newest ones."""


def bundle(shown: object) -> dict[str, str]:
    """A task or a group as it stands, for places without widgets and for the saved notebook."""
    if not _stored(shown):
        return {"text/plain": repr(shown)}
    try:
        if isinstance(shown, Group):
            shown.refresh(older=_FRESH)
        return static(shown)
    except GatorError as error:
        return {"text/plain": f"{shown!r}, as last seen: {error}"}


def show(shown: object) -> None:
    """Display a task or a group in this cell: live while it goes on, with buttons where somebody
    can press them."""
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    view = bundle(shown)
    if not _stored(shown) or "text/html" not in view:
        display(view, raw=True)
        return
    client = (shown if isinstance(shown, Task) else shown[0]).handle.client
    flusher = flusher_of(client)
    face = Face(shown, bundle, flusher.add)
    if face.done:
        display(view, raw=True)
        return
    face.display(view, widget=not unattended(get_ipython()))
    flusher.add(face)


def settle_cards(client: "Client", within: float = 5.0) -> None:
    """Wait until the cards of tasks that have ended say so, as a kernel's last cell has to."""
    flusher = _flushers.get(client)
    if flusher is not None:
        flusher.settle(within)


def _stored(shown: object) -> TypeGuard[Shown]:
    """It is in a store; other tasks, and a group of none, are plain objects."""
    return shown.pushed if isinstance(shown, Task) else isinstance(shown, Group) and bool(shown)


class Flusher:
    """The thread that refreshes the live cards of one client."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._faces: set[Face] = set()
        self._ended: deque[Face] = deque(maxlen=_WATCHED)
        self._changed: dict[str, Record] = {}
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._round_over = threading.Condition(self._lock)
        self._thread: threading.Thread | None = None
        self._hooked = False

    def add(self, face: Face) -> None:
        """Keep a card up to date until its tasks have ended."""
        self._hear_of_cells()
        with self._lock:
            face.looked_at = time.monotonic()
            face.look_at = face.looked_at + (_PATIENT if len(face.by_id) > _MANY else 0.0)
            self._faces.add(face)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._run, name="gator_nb cards", daemon=True
                )
                self._thread.start()
        self._news.set()

    def settle(self, within: float) -> None:
        """Wait until all cards whose tasks have ended say so."""
        deadline = time.monotonic() + within
        with self._lock:
            faces = list(self._faces)
        self._look(dict.fromkeys(faces, 0.0))
        with self._round_over:
            while any(self._has_to_tell(face) for face in self._faces):
                self._news.set()
                if not self._round_over.wait(max(0.0, deadline - time.monotonic())):
                    return

    def _has_to_tell(self, face: Face) -> bool:
        """Its tasks have ended, by news that they have not been told yet."""
        return not face.told and all(
            one.handle.record.done
            or ((heard := self._changed.get(one.task_id)) is not None and heard.done)
            for one in face.tasks
        )

    def _hear_of_cells(self) -> None:
        """After each cell a function may be another one."""
        from IPython.core.getipython import get_ipython

        shell: Any = get_ipython()
        if not self._hooked and shell is not None:
            self._hooked = True
            shell.events.register("post_run_cell", self._look_at_edits)

    def _look_at_edits(self, *_: object) -> None:
        for face in list(self._ended):
            with suppress(GatorError):
                face.look_at_edits()

    def _run(self) -> None:
        with self._client.watcher.subscribed(self._hear):
            while self._refresh_all():
                self._look_round()
                self._news.wait(_IDLE)
                self._news.clear()
                time.sleep(_PACE)

    def _look_round(self) -> None:
        """Look at the tasks of each card from time to time, where no news has told of them."""
        began = time.monotonic()
        with self._lock:
            due = [face for face in self._faces if began >= face.look_at]
        if not due:
            return
        self._look({face: began - face.looked_at for face in due})
        again = began + max(_LOOK_EVERY, _REST * (time.monotonic() - began))
        for face in due:
            face.count_anew()
            face.looked_at, face.look_at = began, again

    def _hear(self, records: list[Record]) -> None:
        with self._lock:
            self._changed.update((record.id, record) for record in records)
        self._news.set()

    def _look(self, older: Mapping[Face, float]) -> None:
        """Read the open tasks of these cards, save what was read since so many seconds."""
        ids = {
            task.task_id
            for face, seconds in older.items()
            for task in face.tasks
            if not task.handle.record.done and task.handle.age >= seconds
        }
        with suppress(GatorError):
            found = self._client.backend.get(list(ids))
            self._hear([record for record in found if record is not None])

    def _refresh_all(self) -> bool:
        """One round; False when no card is left, and the thread ends."""
        with self._lock:
            changed, self._changed = self._changed, {}
            faces = list(self._faces)
        for face in faces:
            mine = changed.keys() & face.by_id.keys()
            for task_id in mine:
                face.see(changed[task_id])
            with suppress(GatorError):  # the store is away: the card stays until it is back
                face.refresh(changed=bool(mine))
        with self._round_over:
            self._ended.extend(face for face in faces if face.over)
            self._faces = {face for face in self._faces if not face.over}
            self._round_over.notify_all()
            if not self._faces:
                self._thread = None
            return bool(self._faces)


_flushers: "weakref.WeakKeyDictionary[Client, Flusher]" = weakref.WeakKeyDictionary()


def flusher_of(client: "Client") -> Flusher:
    """The flusher of a client, made at its first card."""
    if client not in _flushers:
        _flushers[client] = Flusher(client)
    return _flushers[client]
