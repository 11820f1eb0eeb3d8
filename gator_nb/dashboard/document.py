"""What a session has to do with its Panel document: when it is there, and how it is reached."""

import ctypes
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import panel as pn
import param
from panel.util.parameters import edit_readonly
from tornado.ioloop import IOLoop

from .state import Schedule

_CONNECTS_WITHIN = 10.0
"""Seconds that a page may take to load before its session counts as left."""
_COLLECTED_AFTER = 15.0
"""Seconds after the end of a session by which Panel has had its circles collected."""
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None


def scheduler() -> Schedule:
    """Runs what the poller tells on the session's own thread, all its updates in one message.

    A document that is over takes no callback, and its end is heard of a moment after it: only on
    the server's loop, where it ends too, is it known to be there.
    """
    doc = pn.state.curdoc
    if doc is None:
        return lambda call: call()
    loop = IOLoop.current()

    def held(call: Callable[[], None]) -> None:
        with pn.io.hold():
            call()

    def on_loop(call: Callable[[], None]) -> None:
        if doc.session_context is not None:
            doc.add_next_tick_callback(partial(held, call))

    return lambda call: loop.add_callback(on_loop, call)


def presence() -> Callable[[], bool]:
    """Whether a browser is there to see this session; a closed one's lives on for a while."""
    began, doc = time.monotonic(), pn.state.curdoc

    def present() -> bool:
        if doc is None:
            return True
        context = doc.session_context
        session = getattr(context, "session", None)
        loads = context is not None and time.monotonic() - began < _CONNECTS_WITHIN
        return loads or (session is not None and session.connection_count > 0)

    return present


def send_from_the_start(doc: Any) -> None:
    """Have what changes while a browser still draws its page sent, too.

    Panel 1.9 takes a page for connected once it is drawn, and drops what changes before that; but a
    browser took the document before it began to draw. Of a store where nothing happens it would
    show an older state for good. What is sent before the document is taken costs nothing.
    """
    pn.state._connected[doc] = True  # noqa: SLF001 -- there is no public name


class _Idle(param.Parameterized):
    busy = param.Boolean(default=False)


def follow_nobody_else(page: Any) -> None:
    """Panel's page follows whether its process is busy with anybody: each message of one browser
    would cost every page, and a closed one would be kept, with its session, for good."""
    with edit_readonly(page):
        page.busy = _Idle().param.busy  # another reference takes the place of the first


def give_memory_back_soon() -> None:
    """Once a session has ended: glibc keeps what is free, and a server that has had many pages at
    once would stay as large as it was then."""
    if _trim is not None:
        IOLoop.current().call_later(_COLLECTED_AFTER, _trim, 0)
