"""Live cards: a widget while the task goes on, static HTML in its place once it has ended.

One thread refreshes every live card of a client, at most five times a second, and only those
whose task changed or whose clock ticks. It ends with the last card.
"""

import threading
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..errors import GatorError
from ..group import Group
from ..record import Record
from ..states import Status
from ..task import Task
from . import card

if TYPE_CHECKING:
    from ..client import Client

_PACE = 0.2
"""Seconds between two refreshes of one card."""
_LOOK_EVERY = 5.0
"""Seconds between two looks at the store for what no news told."""
_TICK = 1.0
"""Seconds between two refreshes of the clock of a running task."""


def show(shown: Task | Group) -> None:
    """Display a task or a group in this cell: live while it goes on."""
    from IPython.display import display

    face = _Face(shown)
    if face.done:
        display(face.bundle(), raw=True)
        return
    widget = face.widget()
    view = {**face.bundle(), **widget._repr_mimebundle_()}
    face.place = display(view, raw=True, display_id=True)
    flusher_of(face.client).add(face)


class _Face:
    """One card on the page."""

    def __init__(self, shown: Task | Group) -> None:
        self.shown = shown
        self.by_id = {task.task_id: task for task in self.tasks}
        self.place: Any = None
        self._html: Any = None
        self._button: Any = None
        self._shown_at = 0.0
        self._last = ""

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
        return any(task.handle.record.status is Status.RUNNING for task in self.tasks)

    def html(self) -> str:
        shown = self.shown
        return card.task_html(shown) if isinstance(shown, Task) else card.group_html(shown)

    def bundle(self) -> dict[str, str]:
        """The card for places without widgets, and for the saved notebook."""
        shown = self.shown
        text = card.task_text(shown) if isinstance(shown, Task) else card.group_text(shown)
        return {"text/plain": text, "text/html": self.html()}

    def widget(self) -> Any:
        """The card with a Cancel button."""
        import ipywidgets

        self._last = self.html()
        self._html = ipywidgets.HTML(self._last, layout={"flex": "1 1 auto", "max_width": "720px"})
        self._button = ipywidgets.Button(
            description="Cancel", tooltip="Stop it, or take it off the queue",
            layout={"width": "84px", "flex": "0 0 auto", "margin": "4px 8px"},
        )  # fmt: skip
        self._button.on_click(lambda _: self.cancel())
        row = {"max_width": "820px", "align_items": "flex-start"}
        return ipywidgets.HBox([self._html, self._button], layout=row)

    def cancel(self) -> None:
        self._button.disabled = True
        self._button.description = "Canceling"
        self.shown.cancel()

    def refresh(self, *, changed: bool) -> None:
        """Bring the card up to date, when there is something to say."""
        now = time.monotonic()
        if not changed and not (self.ticking and now - self._shown_at >= _TICK):
            return
        self._shown_at = now
        if self.done:
            self.place.update(self.bundle(), raw=True)
            self._html.close()
            self._button.close()
            return
        html = self.html()
        if html != self._last:
            self._html.value = self._last = html


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
            looked_at = 0.0
            while self._refresh_all():
                if time.monotonic() - looked_at >= _LOOK_EVERY:
                    looked_at = time.monotonic()
                    self._look()
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
            tasks = [task for face in self._faces for task in face.by_id.values()]
        ids = [task.task_id for task in tasks if not task.handle.record.done]
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
                face.by_id[task_id].handle.see(changed[task_id])
            with suppress(GatorError):  # the store is away: the card stays until it is back
                face.refresh(changed=bool(mine))
        with self._lock:
            self._faces = {face for face in self._faces if not face.done}
            if not self._faces:
                self._thread = None
            return bool(self._faces)


_flushers: "weakref.WeakKeyDictionary[Client, Flusher]" = weakref.WeakKeyDictionary()


def flusher_of(client: "Client") -> Flusher:
    """The flusher of a client, made at its first card."""
    if client not in _flushers:
        _flushers[client] = Flusher(client)
    return _flushers[client]
