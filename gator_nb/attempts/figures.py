"""matplotlib's figures of a task go into its log, and never under a cell that has nothing to do
with it."""

import base64
import io
import sys
import threading
from types import ModuleType
from typing import Any

from ..boundary import calls_users
from ..output.post_import import when_imported
from ..output.rich_output import Display
from .running import Try, current_try

_numbering = threading.Lock()


def teach_figures() -> None:
    """Have figures remember which try they were drawn in, and show each try its own alone. May be
    repeated."""
    when_imported("matplotlib._pylab_helpers", _teach_managers)
    when_imported("matplotlib.pyplot", _teach_show)


def _teach_managers(module: ModuleType) -> None:
    gcf = module.Gcf
    plain = gcf._set_new_active_manager  # noqa: SLF001 -- the one place that all of them pass

    def _set_new_active_manager(manager: Any) -> None:
        manager.gator_nb_claim, manager.gator_nb_number = _claim(), manager.num
        with _numbering:
            if gcf.figs.get(manager.num, manager) is not manager:  # another task has that number
                manager.num = max(gcf.figs) + 1
            plain(manager)

    def get_all_fig_managers() -> list[Any]:
        return [manager for manager in list(gcf.figs.values()) if _is_mine(manager)]

    def get_fig_manager(number: int) -> Any:
        mine = get_all_fig_managers()
        found = [one for one in mine if getattr(one, "gator_nb_number", one.num) == number]
        if found:
            gcf.set_active(found[-1])
        return found[-1] if found else None

    def get_active() -> Any:
        mine = get_all_fig_managers()
        return mine[-1] if mine else None

    def destroy_all() -> None:
        for manager in get_all_fig_managers():
            gcf.destroy(manager)

    gcf._set_new_active_manager = _set_new_active_manager  # noqa: SLF001
    gcf.get_all_fig_managers, gcf.get_active = get_all_fig_managers, get_active
    gcf.destroy_all, gcf.get_fig_manager = destroy_all, get_fig_manager


def _teach_show(module: ModuleType) -> None:
    plain = module.show

    def show(*args: Any, **kwargs: Any) -> Any:
        one = current_try()
        return plain(*args, **kwargs) if one is None else show_figures(one)

    module.show = show  # type: ignore[attr-defined]


def _is_mine(manager: Any) -> bool:
    """Whether this figure is of the task that runs here; outside of tasks, of none."""
    return getattr(manager, "gator_nb_claim", None) == _claim()


def _claim() -> str | None:
    one = current_try()
    return None if one is None else one.claim


def show_figures(one: Try) -> None:
    """Put the open figures of a try into its log, and close them."""
    helpers: Any = sys.modules.get("matplotlib._pylab_helpers")
    if helpers is None:
        return
    for manager in list(helpers.Gcf.figs.values()):
        if getattr(manager, "gator_nb_claim", None) == one.claim:
            one.show(display_of(manager.canvas.figure))
            helpers.Gcf.destroy(manager)


@calls_users
def display_of(figure: Any) -> Display:
    """A figure as a PNG."""
    image = io.BytesIO()
    figure.savefig(image, format="png", bbox_inches="tight")
    data = base64.b64encode(image.getvalue()).decode("ascii")
    return Display({"image/png": data, "text/plain": repr(figure)}, {})
