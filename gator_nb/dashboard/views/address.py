"""The page's address, which says what a session looks at."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

import param
from panel.custom import JSComponent

from ..state import Session
from ..summary import WORKERS
from .derived import derived
from .source import script, style


class Address(JSComponent):
    """Keeps the browser's address; answers `{"search": text}` where a person goes back."""

    search = param.String()

    _esm = script("address")
    _stylesheets = style()

    def __init__(self, state: Session, **params: Any) -> None:
        self._state = state
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        match msg:
            case {"search": str(search)}:
                go_to(self._state, parse_qs(search.removeprefix("?")))


def address(state: Session, asked: Mapping[str, Any]) -> Any:
    """What mirrors a session in its page's address.

    Args:
        asked: the parameters that the page was asked for with, by name; lists of text or bytes.
    """
    go_to(state, asked)
    told = state.param
    search = derived(search_of, told.filter_text, told.task, told.shown)
    return Address(state, search=search, width=0, height=0, margin=0)


def search_of(filter_text: str, task: str, shown: str) -> str:
    """
    >>> search_of("status:failed oops", "3f2a", "some")
    '?q=status%3Afailed+oops&task=3f2a'
    """
    view = WORKERS if shown == WORKERS else ""
    given = {"q": filter_text, "view": view, "task": task}
    text = urlencode({name: value for name, value in given.items() if value})
    return f"?{text}" if text else ""


def go_to(state: Session, asked: Mapping[str, Any]) -> None:
    """Look at what an address asks for; what else it may say is left alone."""
    text, task, view = (_first(asked, name) for name in ("q", "task", "view"))
    if text != state.filter_text:
        state.filter(text)
    if (view == WORKERS) != (state.shown == WORKERS):
        state.show(WORKERS)
    if task != state.task:
        state.open_task(task)


def _first(asked: Mapping[str, Any], name: str) -> str:
    value = next(iter(asked.get(name) or []), "")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
