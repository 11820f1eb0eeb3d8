"""What a task and a group show of themselves, in a real kernel and outside of one."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.formatters import DisplayFormatter

from gator_nb import Gator, Task
from gator_nb.notebook.face import Face
from gator_nb.notebook.own_gator import NotebookGator
from gator_nb.notebook.own_line import own_line

from .conftest import PATIENCE, Kernel

VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET = {VIEW, "text/html", "text/plain"}
STATIC = {"text/html", "text/plain"}
HOSTILE = "<img src=x onerror=alert(1)>"

WORK = f"""
import time
from gator_nb import progress

def train(epochs):
    for epoch in range(epochs):
        progress(epoch + 1, epochs)
        time.sleep(0.02)
    return {{"accuracy": 0.93}}

def fail():
    time.sleep(0.3)
    raise ValueError({HOSTILE!r})
"""


class Card:
    """The output of one cell, followed after the cell has ended, as a front end follows it.

    Attributes:
        data: the static card, which is saved, as it was at first.
        widget: the live one beside it; None where there is none.
    """

    def __init__(self, kernel: Kernel, code: str) -> None:
        self._client = kernel.client
        request = kernel.client.execute(code)
        shown, changed = [], {}
        while True:
            message = self._next()
            assert message["msg_type"] != "error", message["content"]
            mine = message["parent_header"]["msg_id"] == request
            if message["msg_type"] == "display_data":
                assert mine
                shown.append(message["content"])
            elif message["msg_type"] == "update_display_data":  # before the cell has ended
                changed[message["content"]["transient"]["display_id"]] = message["content"]["data"]
            if mine and message["content"].get("execution_state") == "idle":
                break
        first, *others = shown
        self.data: dict[str, Any] = first["data"]
        self._place = first["transient"].get("display_id")
        self.widget = others[0]["data"] if others else None
        self._widgets_place = others[0]["transient"]["display_id"] if others else None
        self._newest = changed.get(self._place, self.data)

    def updated(self) -> dict[str, Any]:
        """What stands there after the next change of the static card."""
        while True:
            message = self._next()
            content = message["content"]
            if message["msg_type"] == "update_display_data":
                place = content["transient"]["display_id"]
                if place == self._widgets_place:
                    self.widget = content["data"]
                else:
                    assert place == self._place
                    return dict(content["data"])

    def ended(self) -> dict[str, Any]:
        """What stands there once it has ended, which may be at once."""
        data = self._newest
        while "as seen at" in data["text/html"]:
            data = self.updated()
        return data

    def _next(self) -> dict[str, Any]:
        return dict(self._client.get_iopub_msg(timeout=PATIENCE))


@pytest.fixture
def working(kernel: Kernel) -> Kernel:
    """A kernel with functions to run."""
    kernel.run(WORK)
    return kernel


def test_a_success_shows_its_result(working: Kernel):
    """A live card at first, beside a static one that is saved: that of a moment, and at the end
    that of its result, with nothing behind it."""
    card = Card(working, "gator.task(train, 40)")
    assert set(card.data) == STATIC
    assert "as seen at" in card.data["text/html"]
    assert set(card.widget) == WIDGET
    ended = card.ended()
    assert set(ended) == STATIC
    assert ended["text/plain"].startswith("success: train (")
    assert "{&#x27;accuracy&#x27;: 0.93}" in ended["text/html"]


def test_a_failure_shows_its_error_and_traceback(working: Kernel):
    ended = Card(working, "gator.task(fail)").ended()
    assert f"ValueError: {HOSTILE}" in ended["text/plain"]
    assert "ValueError: &lt;img src=x" in ended["text/html"]
    assert "traceback" in ended["text/html"]
    assert "<img" not in ended["text/html"]


def test_a_canceled_task_says_so_once_it_has_stopped(working: Kernel):
    card = Card(working, "task = gator.task(train, 9000)\ntask")
    working.client.execute("_ = task.cancel()")
    ended = card.ended()
    assert ended["text/plain"].startswith("canceled: train (")
    assert "canceled" in ended["text/html"]


def test_a_card_of_what_has_ended_needs_no_widget(working: Kernel):
    card = Card(working, "gator.task(train, 1).wait()")
    assert set(card.data) == STATIC
    assert card.widget is None
    assert "success" in card.data["text/html"]


def test_a_group_is_one_card(working: Kernel):
    """Counts and errors of all its tasks; a task that is in it twice does not keep it open."""
    call = 'gator.options(reuse=True, name="one name").map(train, [30, 31, 30])'
    card = Card(working, call)
    assert set(card.widget) == WIDGET
    assert "of 3 ended" in card.data["text/html"]
    ended = card.ended()
    assert ended["text/plain"] == "3 tasks: 3 success"
    assert "3 of 3 ended" in ended["text/html"]
    assert ended["text/html"].count("one name") == 1


def test_a_name_stays_text(working: Kernel):
    """Markup is shown as it was typed, and what turns a line round is left out."""
    card = Card(working, f"gator.options(name={HOSTILE + chr(0x202E)!r}, delay_by='1h').task(fail)")
    assert "&lt;img src=x onerror=alert(1)&gt;" in card.data["text/html"]
    assert "<img" not in card.data["text/html"]
    assert chr(0x202E) not in card.data["text/html"] + card.data["text/plain"]
    assert "starts in " in card.data["text/plain"]
    assert "0 ms" not in card.data["text/html"]


def test_cards_leave_no_thread(working: Kernel):
    """The thread that refreshes them ends with the last one."""
    Card(working, "gator.map(train, [5, 20])").ended()
    working.until(
        "not any(t.name == 'gator_nb cards' for t in __import__('threading').enumerate())"
    )


@pytest.mark.slow
def test_a_card_lives_through_a_store_that_is_away(working: Kernel):
    """Logs cannot be read while the task ends: the card waits, and then says how it ended."""
    card = Card(working, "task = gator.task(train, 60)\ntask")
    assert set(card.widget) == WIDGET
    working.client.execute("""
        from gator_nb.errors import StoreUnavailable

        backend, log, asked = gator.backend, gator.backend.log, []

        def away(*_):
            asked.append(task.handle.record.done)
            raise StoreUnavailable("the disk is away")

        backend.log = away
        while sum(asked) < 2:
            time.sleep(0.01)
        backend.log = log
    """)
    assert card.ended()["text/plain"].startswith("success")


# -- outside of a kernel -------------------------------------------------------------------------


@pytest.fixture
def gator() -> Iterator[Gator]:
    with Gator("memory://") as gator:
        yield gator


def bundle(shown: Any) -> dict[str, Any]:
    """What IPython makes of a value that a plain shell shows."""
    data, _ = DisplayFormatter().format(shown)
    return dict(data)


def test_in_a_terminal_it_is_a_repr(gator: Gator):
    """Plain Python knows no cards."""
    task = gator.task(pow, 2, 10)
    assert repr(task) == f"<Task pow {task.task_id[:8]} waiting>"
    assert repr(gator.map(pow, [2], [3])) == "<Group of 1: 1 waiting>"


def test_ipython_without_a_kernel_has_static_html(gator: Gator):
    """No widget where nothing could update one."""
    shown = bundle(gator.task(pow, 2, 10))
    assert set(shown) == STATIC
    assert "waiting" in shown["text/html"]


def test_a_task_that_was_not_pushed_is_its_repr():
    task = Task()
    task.to_call(pow, 2, 10)
    assert bundle(task)["text/plain"] == repr(task)
    assert task._repr_mimebundle_() == {"text/plain": repr(task)}


def test_a_group_of_none_is_its_repr(gator: Gator):
    assert bundle(gator.map(pow, [], []))["text/plain"] == "<Group of 0>"


def test_a_closed_store_still_shows_what_was_seen(gator: Gator):
    """Showing a value never raises."""
    task = gator.task(pow, 2, 10)
    gator.close()
    time.sleep(0.1)  # what was read last is not fresh any more
    shown = task._repr_mimebundle_()
    assert set(shown) == {"text/plain"}
    assert shown["text/plain"].startswith(repr(task))


def test_a_card_says_that_its_function_was_edited_since(kernel) -> None:
    """Another comment is no edit; another line of code is one."""
    kernel.run("def fit(x):\n    return x")
    kernel.run("task = gator.task(fit, 1).wait(30)")
    shown = "print('edited since this ran' in task._repr_mimebundle_()['text/html'])"
    kernel.run("def fit(x):  # the same\n    return x")
    assert kernel.run(shown).strip() == "False"
    kernel.run("def fit(x):\n    return x + 1")
    assert kernel.run(shown).strip() == "True"


def test_a_failure_shows_the_own_line_first_and_how_to_run_it_again(kernel: Kernel):
    """Not the library's line that raised; and a command, since a saved card has no button."""
    kernel.run("import json\ndef read(text):\n    return json.loads(text)")
    kernel.run("task = gator.task(read, '{bad').wait(30)\nhtml = task._repr_mimebundle_()")
    html = kernel.run("print(html['text/html'])")
    assert "line 3, in read: return json.loads(text)" in html
    assert html.index("line 3, in read") < html.index("JSONDecodeError")
    assert kernel.run("print(f'%gator retry {task.task_id[:8]}' in html['text/html'])") == "True\n"
    kernel.run("def read(text):\n    return text")
    assert "runs it again with the code as it was" in kernel.run(
        "print(task._repr_mimebundle_()['text/html'])"
    )


IN_A_LIBRARY = """
  File "/tmp/ipykernel_1/2.py", line 3, in fit
    b()
  File "/env/lib/python3.11/site-packages/b.py", line 9, in b
    raise
"""
CHAINED = """
Traceback (most recent call last):
  File "a.py", line 1, in f
    first
E

Traceback (most recent call last):
  File "b.py", line 2, in g
    second
E
"""


@pytest.mark.parametrize(
    ("traceback", "line"),
    [
        ("", ""),
        ("ValueError: no frames", ""),
        ('  File "/x/lib/python3.11/json/decoder.py", line 353, in raw_decode\n    a\n', ""),
        (IN_A_LIBRARY, "line 3, in fit: b()"),
        (CHAINED, "b.py, line 2, in g: second"),
    ],
)
def test_the_own_line_of_a_traceback(traceback: str, line: str):
    """The innermost frame that is in no library, of the error that came last."""
    assert own_line(traceback) == line


def test_the_gator_displays_as_a_summary(kernel: Kernel):
    """What `%gator` prints, and the same as a card; a queue's name stays text."""
    kernel.run("gator.map(abs, range(3)).wait(timeout=30)")
    assert kernel.run("gator") == kernel.run("%gator").rstrip("\n")
    html = kernel.run("print(gator._repr_mimebundle_()['text/html'])")
    assert "my-notebook" in html
    assert 'aria-label="3 success"' in html
    with NotebookGator.on("memory://", HOSTILE) as gator:
        shown = gator._repr_mimebundle_()
        assert "<img" not in shown["text/html"]
        gator.close()
        assert "text/html" not in gator._repr_mimebundle_()


def test_a_live_card_of_many_asks_the_store_for_nothing(gator: Gator, monkeypatch):
    """Ten thousand tasks are drawn from what the news has brought, and what takes long waits."""
    group = gator.map(abs, range(200))
    card = Face(group, bundle, lambda _: None)
    card._build()
    sent: list[str] = []
    card._html.observe(lambda change: sent.append(change["new"]), "value")
    task = gator.get(group[0].task_id)
    monkeypatch.setattr(gator.backend, "get", None)
    card._shown_at, card._stale = time.monotonic(), False
    card.refresh(changed=False)
    assert sent == []  # it knows of no change, and nothing is sent
    card._saved = card._state()
    card.see(task.handle.record)
    card.refresh(changed=True)
    assert "1 of 200 ended" in sent[-1]
    assert card._rests_until > 0


def test_a_reused_task_says_so(gator: Gator):
    """What the card shows was not run for this cell; the handle that pushed it says nothing."""
    options = gator.options(reuse=True)
    first, again = options.task(pow, 2, 10), options.task(pow, 2, 10)
    told = f"reused, pushed {first.created:%Y-%m-%d %H:%M}"
    assert told in bundle(again)["text/html"]
    assert told in bundle(again)["text/plain"]
    assert "reused" not in bundle(first)["text/html"] + bundle(gator[first.task_id])["text/html"]


def test_a_task_that_died_with_its_worker_says_lost(kernel: Kernel):
    """It failed through no fault of its code, and no status says that."""
    kernel.run("import os, signal, time\ndef die(): os.kill(os.getpid(), signal.SIGKILL)")
    kernel.run("options = gator.options(run_in='process', on_lost='fail')")
    kernel.run("task = options.task(die).wait(60)")
    assert kernel.run("task").startswith("lost: die (")
