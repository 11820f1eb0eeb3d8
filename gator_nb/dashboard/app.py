"""The page: one factory behind every door.

`panel serve gator_nb/dashboard/app.py --args DSN` runs this file for each session, under a name
of its own, which is why its imports are absolute.
"""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui

from gator_nb.dashboard import views
from gator_nb.dashboard.state import Schedule, Session
from gator_nb.dashboard.store import open_shared, resolved
from gator_nb.dashboard.views.source import page_style
from gator_nb.errors import GatorError

TITLE = "Gator queue"

_BAR = {
    "backgroundColor": "var(--g-surface)",
    "backgroundImage": "none",
    "color": "var(--g-text)",
    "borderBottom": "1px solid var(--g-line)",
    "boxShadow": "none",
}


def _scheme(primary: str) -> dict[str, Any]:
    return {
        "palette": {"primary": {"main": primary}},
        "components": {"MuiAppBar": {"styleOverrides": {"root": _BAR}}},
    }


_THEME = {"light": _scheme("#0b5cab"), "dark": _scheme("#74b9ff")}
_LAYOUT = {
    "backgroundColor": "var(--g-bg)",
    "minHeight": "100vh",
    "& .main": {"backgroundColor": "var(--g-bg)"},
    "& .main-content": {"gap": "16px", "padding": {"xs": "12px 10px 24px", "sm": "20px 24px 32px"}},
}


def create_app(dsn: str | None = None) -> Any:
    """The dashboard of a store, as a Panel object for one session.

    Args:
        dsn: the store's address; None is `$GATOR_NB_CONN`, else the user's own store.
    """
    address = resolved(dsn)
    pn.extension()
    refused = _refused(address)
    if refused is not None:
        return _page(views.refusal(refused))
    state = Session(address, _scheduler())
    if pn.state.curdoc is not None:
        pn.state.on_session_destroyed(lambda _context: state.close())
    main = [
        views.banners(state),
        views.tiles(state),
        views.empty_state(state),
        views.table(state),
        views.workers(state),
    ]
    return _page(*main, header=[views.bar(state)])


def _page(*main: Any, header: list[Any] | None = None) -> Any:
    return pmui.Page(
        meta_title=TITLE,
        main=list(main),
        header=header or [],
        main_width=1360,
        theme_config=_THEME,
        sx=_LAYOUT,
        raw_css=[page_style()],
        busy_indicator=None,
    )


def _scheduler() -> Schedule:
    """Runs what the poller tells on the session's own thread, all its updates in one message."""
    doc = pn.state.curdoc
    if doc is None:
        return lambda call: call()

    def held(call: Callable[[], None]) -> None:
        with pn.io.hold():
            call()

    def schedule(call: Callable[[], None]) -> None:
        doc.add_next_tick_callback(partial(held, call))

    return schedule


def _refused(dsn: str) -> str | None:
    """Why this store can never be shown. One that is away for a while is waited for instead."""
    if not dsn.startswith(("memory:", "locmem:")):
        return None
    try:
        open_shared(dsn).close()
    except GatorError as error:
        return str(error)
    return None


if __name__.startswith("bokeh_app"):
    create_app(sys.argv[1] if len(sys.argv) > 1 else None).servable()
