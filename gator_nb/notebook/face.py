"""One card on the page: a widget while there is something to do, beside the static card that is
saved.

The two are outputs of one cell. While the widget lives its style hides the static one; where no
kernel and no widget is, the static one is what a reader sees. It is brought up to date whenever
the status changes, so that a notebook tells what was last known however it was closed.
"""

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..errors import GatorError
from ..payload import one_line
from ..record import Record
from ..states import Status
from ..tasks.group import Group
from ..tasks.task import Task
from . import card, ended
from .follow_log import FollowedLog
from .looks import BUTTON, WIDTH, alarm, printed
from .page_style import hides_empty_place, style_of

if TYPE_CHECKING:
    from ..client.client import Client

Shown = Task | Group
_TICK = 1.0
"""Seconds between two refreshes of a running clock."""
_PLACE = 3.0
"""Seconds between two looks at a place in line."""
_REST = 10
"""What takes long, as the card of thousands of tasks, is done again after so many times as long."""
_WIDGET = 1.0
"""Seconds for which a widget stays: ipywidgets breaks where one is taken out of the page before all
of it is drawn (`BoxView.add_child_model` looks into a box that is disposed)."""
_EMPTY = {"text/plain": "", "text/html": ""}
_AGAIN = (Status.FAILED, Status.CANCELED)


def static(shown: Shown) -> dict[str, str]:
    """What is saved of it, by MIME type."""
    if isinstance(shown, Task):
        return {"text/plain": card.task_text(shown), "text/html": card.task_html(shown)}
    known = card.tally_of(shown)
    return {
        "text/plain": card.group_text(shown, known),
        "text/html": card.group_html(shown, known),
    }


class Face:
    """A card of a task or a group.

    Args:
        bundle: what is saved of it, by MIME type.
        start: called with this face once it has something to follow again.

    Attributes:
        told: the static card says how it ended.
        over: and the widget has gone that has nothing more to do.
        looked_at, look_at: when the store was asked about its tasks, and when that is done again.
    """

    told = over = False
    looked_at = look_at = 0.0

    def __init__(
        self,
        shown: Shown,
        bundle: Callable[[Shown], dict[str, str]],
        start: Callable[["Face"], None],
    ) -> None:
        self._bundle, self._start = bundle, start
        self._mark = f"gator-{secrets.token_hex(4)}"
        self._box: Any = None
        self._static: Any = None
        self._live: Any = None
        self._displayed_at = 0.0
        self._take(shown)

    def _take(self, shown: Shown) -> None:
        """Show that from here on."""
        self.shown, self.told, self.over = shown, False, False
        self.by_id: dict[str, list[Task]] = {}
        for task in self.tasks:
            self.by_id.setdefault(task.task_id, []).append(task)
        self._log = FollowedLog(shown) if isinstance(shown, Task) else None
        self._tally = None if isinstance(shown, Task) else card.tally_of(shown)
        self._trouble = ""
        self._shown_at = self._rests_until = 0.0
        self._stale = True
        self._saved: object = None

    @property
    def client(self) -> "Client":
        return self.tasks[0].handle.client

    @property
    def tasks(self) -> list[Task]:
        return [self.shown] if isinstance(self.shown, Task) else list(self.shown)

    @property
    def done(self) -> bool:
        """Nothing will change any more."""
        return self._open_ones()[0] == 0

    def see(self, record: Record) -> None:
        """Take news of one of its tasks."""
        several = self.by_id[record.id]
        for task in several:
            task.handle.see(record)
        if self._tally is not None:
            self._tally.see(several[0].handle.record)

    def count_anew(self) -> None:
        """A handle may have been told of its task by others."""
        if isinstance(self.shown, Group):
            self._tally = card.tally_of(self.shown)

    # -- on the page ---------------------------------------------------------------------------

    def display(self, view: dict[str, str], *, widget: bool) -> None:
        """Put it into the cell that runs.

        Args:
            view: what is saved of it now.
            widget: somebody is there to press buttons.
        """
        from IPython.display import display

        self._saved = self._state()
        self._static = display(self._marked(view), raw=True, display_id=True)
        if widget:
            self._build()
            shown = self._box._repr_mimebundle_()
            self._live = display(shown | _EMPTY, raw=True, display_id=True)
            self._displayed_at = time.monotonic()

    def _marked(self, view: dict[str, str]) -> dict[str, str]:
        """The static card, which the widget's style finds by its mark."""
        html = f'<div class="{self._mark}">{hides_empty_place(self._mark)}{view["text/html"]}</div>'
        return view | {"text/html": html}

    def _build(self) -> None:
        import ipywidgets

        wide = {"flex": "1 1 auto", "min_width": "0", "margin": "0"}
        self._html = ipywidgets.HTML(layout=wide)
        self._cancel = ipywidgets.Button(
            tooltip="Stop it, or take it off the queue; while a cell runs, after that cell",
            layout={
                "width": f"{BUTTON}px", "flex": "0 0 auto", "margin": f"0 0 0 -{BUTTON}px",
            },
        )  # fmt: skip
        self._cancel.on_click(lambda _: self.cancel())
        top = ipywidgets.HBox([self._html, self._cancel], layout={"align_items": "flex-start"})
        self._fold = ipywidgets.HTML(style_of(self._mark), layout=wide)
        self._fold.add_class("gator-fold")
        self._text = ipywidgets.HTML(layout=wide, tabbable=True)
        self._text.add_class("gator-log")
        self._again = ipywidgets.HBox(layout={"flex_flow": "row wrap", "margin": "4px 0 0 -2px"})
        self._box = ipywidgets.VBox(
            [top, self._fold, self._text, self._again],
            layout={"max_width": f"{WIDTH}px", "margin": "2px 20px 2px 0"},
            _view_count=0,  # pages count themselves here
        )  # JupyterLab leaves as much beside static HTML
        self._box.observe(self._tell_again, "_view_count")
        self._box.add_class("gator-card")
        self._box.add_class(f"{self._mark}-live")
        with suppress(GatorError):  # the store went away just now: it is drawn once that is back
            self._draw()

    def _tell_again(self, change: dict[str, Any]) -> None:
        """A page that has just drawn it, as one that was loaded again, may have missed the end:
        what is sent before a page has made its widgets is lost."""
        if self.told and change["new"] > change["old"]:
            for widget in (self._html, self._cancel, self._text, self._fold, self._again):
                widget.send_state()

    def _draw(self) -> None:
        """Bring the widget up to date; what is as it was is not sent."""
        self._html.value = self._rows() + alarm(self._trouble)
        if self._log is not None and self.tasks[0].handle.record.attempts:
            self._log.read()
            self._text.value = printed(self._log.text, self._log.left_out)
        (self._fold.remove_class if self._text.value else self._fold.add_class)("gator-none")
        self._name_buttons()

    def _rows(self) -> str:
        shown = self.shown
        if isinstance(shown, Group):
            return card.group_rows(shown, self._tally or card.tally_of(shown), live=True)
        return card.task_rows(shown, live=True) + (ended.images(shown) if shown.done() else "")

    def _name_buttons(self) -> None:
        open_ones, stopping = self._open_ones()
        all_asked = 0 < open_ones == stopping
        self._cancel.layout.display = None if open_ones else "none"
        self._cancel.disabled = all_asked
        self._cancel.description = "Canceling" if all_asked else "Cancel"
        wanted = [] if open_ones else self._ways_to_retry()
        if [name for name, _ in wanted] != [one.description for one in self._again.children]:
            self._again.children = [self._button(name, how) for name, how in wanted]

    def _open_ones(self) -> tuple[int, int]:
        """How many tasks have not ended, and how many of these have been asked to stop."""
        if self._tally is not None:
            return self._tally.total - self._tally.ended, self._tally.canceling
        record = self.tasks[0].handle.record
        return int(not record.done), int(record.canceling)

    # -- following -----------------------------------------------------------------------------

    def refresh(self, *, changed: bool) -> None:
        """Bring the card up to date, when there is something to say.

        Raises:
            GatorError: the store is away; it is tried again.
        """
        now = time.monotonic()
        self._stale |= changed
        if self.done:
            self._end()
            return
        if now < self._rests_until or not (self._stale or now - self._shown_at >= self._pace()):
            return
        self._shown_at, self._stale = now, False
        if self._box is not None:
            self._draw()
        self._save()
        self._rests_until = now + _REST * (time.monotonic() - now)

    def _pace(self) -> float:
        """Seconds after which it looks different by itself."""
        if isinstance(self.shown, Task):
            moving = (Status.RUNNING, Status.DELAYED, Status.RETRYING)
            return _TICK if self.shown.handle.record.status in moving else _PLACE
        return _PLACE

    def _save(self) -> None:
        """Renew the static card where the status is another one."""
        state = self._state()
        if state != self._saved:
            view = self._bundle(self.shown)
            if "text/html" in view:
                self._saved = state
                self._static.update(self._marked(view), raw=True)

    def _state(self) -> object:
        """What makes the static card another one; of a group, only that it has ended."""
        record = self.tasks[0].handle.record
        return self.done or (isinstance(self.shown, Task) and (record.status, record.canceling))

    def _end(self) -> None:
        """The static card in the place of the widget; that stays where there is something to do.

        A page that was loaded again meanwhile is not told, and still has the widget: it says the
        same, and stays."""
        if not self.told:
            view = self._bundle(self.shown)
            if "text/html" not in view:  # the store is away: the card stays until it is back
                return
            if self._box is not None:
                self._draw()
            self._static.update(self._marked(view), raw=True)
            self.told = True
        if self._live is None or self._may_retry():
            self.over = True
        elif time.monotonic() - self._displayed_at >= _WIDGET:
            self._live.update(_EMPTY, raw=True)
            self.over = True

    # -- what a person does --------------------------------------------------------------------

    def cancel(self) -> None:
        self._do(self.shown.cancel)
        self.count_anew()
        self._name_buttons()

    def look_at_edits(self) -> None:
        """A cell has run, and the function may be another one."""
        if self.over and self._box is not None and self._may_retry():
            self._draw()

    def _may_retry(self) -> bool:
        if isinstance(self.shown, Task):
            return self.shown.handle.record.status in _AGAIN
        return self._tally is not None and self._tally.failed > 0

    def _ways_to_retry(self) -> list[tuple[str, Callable[[], Shown]]]:
        """The names of the buttons, and what they do."""
        shown = self.shown
        if not self._may_retry():
            return []
        if isinstance(shown, Group):
            return [("Retry failed", shown.retry_failed)]
        if not ended.edited(shown):
            return [("Retry", shown.retry)]
        return [
            ("Retry the old code", shown.retry),
            ("Run the new code", lambda: shown.retry(edited=True)),
        ]

    def _button(self, name: str, how: Callable[[], Shown]) -> Any:
        import ipywidgets

        button = ipywidgets.Button(description=name, layout={"width": "auto"})
        button.on_click(lambda _: self.retry(how))
        return button

    def retry(self, how: Callable[[], Shown]) -> None:
        """Show the new task or group in this place; where there is none, why."""
        again: list[Shown] = []
        self._do(lambda: again.append(how()))
        if not again:
            self._draw()
            return
        self._take(again[0])
        self._text.value = ""
        self._draw()
        self._save()
        self._start(self)

    def _do(self, action: Callable[[], object]) -> None:
        """What cannot be done is told on the card: a button has no cell for it."""
        try:
            action()
            self._trouble = ""
        except (GatorError, TypeError, ValueError) as error:
            self._trouble = one_line(str(error), 600)
