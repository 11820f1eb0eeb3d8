"""The page: one factory behind every door.

`panel serve gator_nb/dashboard/app.py --args DSN` runs this file for each session, under a name
of its own, which is why its imports are absolute.
"""

import sys
from typing import Any

import panel as pn
import panel_material_ui as pmui

from gator_nb.dashboard import views
from gator_nb.dashboard.document import (
    follow_nobody_else,
    give_memory_back_soon,
    presence,
    scheduler,
    send_from_the_start,
)
from gator_nb.dashboard.state import Session
from gator_nb.dashboard.store import open_shared, resolved
from gator_nb.dashboard.views.source import first_script, page_style
from gator_nb.errors import GatorError

TITLE = "Gator queue"
READ_ONLY = "--read-only"
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


_TEMPLATE = f"""{{% extends "base.html" %}}
{{% block preamble %}}{{{{ super() }}}}
<script>{{% raw %}}{first_script(views.DARK)}{{% endraw %}}</script>
{{% endblock %}}"""
_THEME = {"light": _scheme("#0b5cab"), "dark": _scheme("#74b9ff")}
_LAYOUT = {
    "backgroundColor": "var(--g-bg)",
    "minHeight": "100vh",
    "& header .MuiToolbar-root > .MuiBox-root": {"minWidth": 0},  # a long address gives way
    "& .main": {"backgroundColor": "var(--g-bg)"},
    "& .main-content": {"gap": "16px", "padding": {"xs": "12px 10px 24px", "sm": "20px 24px 32px"}},
}


def create_app(dsn: str | None = None, *, read_only: bool = False) -> Any:
    """The dashboard of a store, as a Panel object for one session.

    Args:
        dsn: the store's address; None is `$GATOR_NB_CONN`, else the user's own store.
        read_only: it shows, and does nothing.
    """
    try:
        address = _shown(dsn)
    except GatorError as error:
        return _page(views.refusal(str(error)))
    state = Session(address, scheduler(), charts=True, read_only=read_only, present=presence())
    if pn.state.curdoc is not None:
        pn.state.on_session_destroyed(lambda _context: state.close())
        pn.state.on_session_destroyed(lambda _context: give_memory_back_soon())
        send_from_the_start(pn.state.curdoc)
    charts = views.charts(state)
    main = [
        views.banners(state),
        views.tiles(state),
        views.empty_state(state),
        charts,
        views.filter_line(state),
        views.table(state),
        views.workers(state),
        views.drawer(state),
        views.address(state, pn.state.session_args),
    ]
    dark = pn.state.cookies.get(views.DARK) == "1"
    bar = views.bar(state, dark=dark)
    page = _page(*main, header=[bar], last_on_a_phone=main.index(charts), dark=dark)
    bar.param.watch(lambda event: setattr(page, "dark_theme", event.new), "dark")
    page.param.watch(lambda event: setattr(bar, "dark", event.new), "dark_theme")
    return page


def _page(
    *main: Any,
    header: list[Any] | None = None,
    last_on_a_phone: int | None = None,
    dark: bool = False,
) -> Any:
    layout: dict[str, Any] = _LAYOUT
    if last_on_a_phone is not None:
        place = f"& .main-content > :nth-child({last_on_a_phone + 1}) > *"
        layout = {**_LAYOUT, place: {"order": {"xs": 1, "sm": 0}}}
    page = pmui.Page(
        meta_title=TITLE,
        main=list(main),
        header=header or [],
        dark_theme=dark,
        main_width=1360,
        theme_config=_THEME,
        sx=layout,
        raw_css=[page_style()],
        template=_TEMPLATE,
        busy_indicator=None,
    )
    follow_nobody_else(page)
    return page


def _shown(dsn: str | None) -> str:
    """The address of a store that may be shown. One that is away for a while is waited for.

    Raises:
        GatorError: it can never be shown.
    """
    address = resolved(dsn)
    if address.startswith(("memory:", "locmem:")):
        open_shared(address).close()
    return address


if __name__.startswith("bokeh_app"):
    given = [argument for argument in sys.argv[1:] if argument != READ_ONLY]
    create_app(given[0] if given else None, read_only=READ_ONLY in sys.argv).servable()
