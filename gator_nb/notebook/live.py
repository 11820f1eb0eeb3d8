"""Live cards: a widget while the task goes on, static HTML in its place once it has ended.

One thread refreshes every live card of a client, at most five times a second, and only those
whose task changed or whose clock ticks. It ends with the last card.
"""

import threading
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeGuard

from ..errors import GatorError
from ..record import Record
from ..states import Status
from ..tasks.group import Group
from ..tasks.task import Task
from . import card

if TYPE_CHECKING:
    from ..client.client import Client

_PACE = 0.2
"""Seconds between two refreshes of one card."""
_LOOK_EVERY = 5.0
"""Seconds between two looks at the store for what no news told."""
_TICK = 1.0
"""Seconds between two refreshes of the clock of a running task."""
_REST = 10
"""What takes long, as the card of thousands of tasks, is done again after so many times as long."""


def bundle(shown: object) -> dict[str, str]:
    """A task or a group as it stands, for places without widgets and for the saved notebook."""
    if not _stored(shown):
        return {"text/plain": repr(shown)}
    try:
        if isinstance(shown, Group):
            shown.refresh()
        return {"text/plain": _text(shown), "text/html": _html(shown)}
    except GatorError as error:
        return {"text/plain": f"{shown!r}, as last seen: {error}"}


def show(shown: object) -> None:
    """Display a task or a group in this cell: live while it goes on."""
    from IPython.display import display

    view = bundle(shown)
    face = _Face(shown) if _stored(shown) and "text/html" in view else None
    if face is None or face.done:
        display(view, raw=True)
        return
    widget = face.widget()._repr_mimebundle_()
    face.place = display(widget | view, raw=True, display_id=True)
    flusher_of(face.client).add(face)


def _stored(shown: object) -> TypeGuard[Task | Group]:
    """It is in a store; other tasks, and a group of none, are plain objects."""
    return shown.pushed if isinstance(shown, Task) else isinstance(shown, Group) and bool(shown)


def _asked(record: Record) -> bool:
    return record.cancel_at is not None and record.status is Status.RUNNING


def _text(shown: Task | Group) -> str:
    return card.task_text(shown) if isinstance(shown, Task) else card.group_text(shown)


def _html(shown: Task | Group, *, live: bool = False) -> str:
    if isinstance(shown, Task):
        return card.task_html(shown, live=live)
    return card.group_html(shown, live=live)


class _Face:
    """One card on the page.

    Attributes:
        place: the output that the card stands in.
        over: the page shows how it ended.
    """

    place: Any = None
    over = False

    def __init__(self, shown: Task | Group) -> None:
        self.shown = shown
        self.by_id: dict[str, list[Task]] = {}
        for task in self.tasks:
            self.by_id.setdefault(task.task_id, []).append(task)
        self._box: Any = None
        self._html: Any = None
        self._button: Any = None
        self._shown_at = 0.0
        self._rests_until = 0.0
        self._stale = False

    @property
    def client(self) -> "Client":
        return self.tasks[0].handle.client

    @property
    def tasks(self) -> list[Task]:
        return [self.shown] if isinstance(self.shown, Task) else list(self.shown)

    @property
    def done(self) -> bool:
        """Nothing will change any more."""
        return all(task.handle.record.done for task in self.tasks)

    @property
    def ticking(self) -> bool:
        """Its clock runs, or counts down."""
        moving = (Status.RUNNING, Status.DELAYED, Status.RETRYING)
        return any(task.handle.record.status in moving for task in self.tasks)

    def see(self, record: Record) -> None:
        for task in self.by_id[record.id]:
            task.handle.see(record)

    def widget(self) -> Any:
        """The card with a Cancel button in its upper right corner."""
        import ipywidgets

        self._html = ipywidgets.HTML(
            _html(self.shown, live=True),
            layout={"flex": "1 1 auto", "min_width": "0", "margin": "0"},
        )
        self._button = ipywidgets.Button(
            tooltip="Stop it, or take it off the queue; while a cell runs, after that cell",
            layout={
                "width": f"{card.BUTTON}px", "flex": "0 0 auto",
                "margin": f"6px 8px 0 -{card.BUTTON + 8}px",
            },
        )  # fmt: skip
        self._button.on_click(lambda _: self.cancel())
        self._name_button()
        self._box = ipywidgets.HBox(
            [self._html, self._button],
            layout={
                "max_width": f"{card.WIDTH}px", "align_items": "flex-start", "overflow": "hidden",
                "margin": "0 20px 0 0",  # JupyterLab leaves as much beside static HTML
            },
        )  # fmt: skip
        return self._box

    def cancel(self) -> None:
        self.shown.cancel()
        self._name_button()

    def _name_button(self) -> None:
        going_on = [task for task in self.tasks if not task.handle.record.done]
        asked = all(_asked(task.handle.record) for task in going_on)
        self._button.disabled = asked
        self._button.description = "Canceling" if asked else "Cancel"

    def refresh(self, *, changed: bool) -> None:
        """Bring the card up to date, when there is something to say."""
        now = time.monotonic()
        self._stale |= changed
        if now < self._rests_until and not self.done:
            return
        ticks = self.ticking and now - self._shown_at >= _TICK
        if not (self._stale or ticks or self.done):
            return
        self._shown_at, self._stale = now, False
        if self.done:
            self._end()
            return
        self._html.value = _html(self.shown, live=True)
        self._name_button()
        self._rests_until = now + _REST * (time.monotonic() - now)

    def _end(self) -> None:
        """Static HTML in the place of the widget. A page that was loaded again meanwhile is not
        told of that, and still has the widget: it says the same, and stays."""
        view = bundle(self.shown)
        if "text/html" not in view:  # the store is away: the card stays until it is back
            return
        self.over = True
        self._html.value = view["text/html"]
        self._box.children = (self._html,)
        self._button.close()
        self.place.update(view, raw=True)


class Flusher:
    """The thread that refreshes the live cards of one client."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._faces: set[_Face] = set()
        self._changed: dict[str, Record] = {}
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, face: _Face) -> None:
        """Keep a card up to date until its tasks have ended."""
        with self._lock:
            self._faces.add(face)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._run, name="gator_nb cards", daemon=True
                )
                self._thread.start()
        self._news.set()

    def _run(self) -> None:
        with self._client.watcher.subscribed(self._hear):
            look_at = 0.0
            while self._refresh_all():
                began = time.monotonic()
                if began >= look_at:
                    self._look()
                    took = time.monotonic() - began
                    look_at = began + max(_LOOK_EVERY, _REST * took)
                self._news.wait(_TICK)
                self._news.clear()
                time.sleep(_PACE)

    def _hear(self, records: list[Record]) -> None:
        with self._lock:
            self._changed.update((record.id, record) for record in records)
        self._news.set()

    def _look(self) -> None:
        """Read every open task, for what no news told."""
        with self._lock:
            tasks = [task for face in self._faces for task in face.tasks]
        ids = list({task.task_id for task in tasks if not task.handle.record.done})
        with suppress(GatorError):
            found = self._client.backend.get(ids)
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
        with self._lock:
            self._faces = {face for face in self._faces if not face.over}
            if not self._faces:
                self._thread = None
            return bool(self._faces)


_flushers: "weakref.WeakKeyDictionary[Client, Flusher]" = weakref.WeakKeyDictionary()


def flusher_of(client: "Client") -> Flusher:
    """The flusher of a client, made at its first card."""
    if client not in _flushers:
        _flushers[client] = Flusher(client)
    return _flushers[client]
