"""`display(...)` inside of a task goes into its log, and never under a cell that has nothing to do
with it."""

import base64
import sys
from types import ModuleType
from typing import Any

from ..output.post_import import when_imported
from ..output.rich_output import Display
from .figures import display_of
from .running import current_try


def capture_displays() -> None:
    """In a thread of a notebook's kernel: keep what this thread displays for the try in it.

    ipykernel asks the hooks of the publishing thread before anything is sent.
    """
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    register = getattr(getattr(shell, "display_pub", None), "register_hook", None)
    if register is not None:
        register(_keep)


def _keep(message: dict[str, Any]) -> dict[str, Any] | None:
    one = current_try()
    if one is None:
        return message
    content = message["content"]
    one.show(_display(content["data"], content["metadata"]))
    return None


def teach_displays() -> None:
    """In a process without a shell: have `display` show into the log. May be repeated."""
    when_imported("IPython.core.display_functions", _teach)


def _teach(module: ModuleType) -> None:
    plain, publish = module.display, module.publish_display_data

    def display(*objects: Any, include: Any = None, exclude: Any = None, metadata: Any = None,
                raw: bool = False, display_id: Any = None, **more: Any) -> Any:  # fmt: skip
        one = current_try()
        if one is None:
            return plain(*objects, include=include, exclude=exclude, metadata=metadata, raw=raw,
                         display_id=display_id, **more)  # fmt: skip
        for shown in objects:
            data, found = (shown, {}) if raw else _formatted(shown, include, exclude)
            if data:
                one.show(_display(data, found | (metadata or {})))
        if not display_id:
            return None
        return module.DisplayHandle(None if display_id is True else display_id)

    def publish_display_data(data: Any, metadata: Any = None, **more: Any) -> Any:
        one = current_try()
        if one is None:
            return publish(data, metadata, **more)
        return one.show(_display(data, metadata or {}))

    for place in (module, sys.modules.get("IPython.display")):  # it may have taken them already
        if place is not None:
            vars(place).update(display=display, publish_display_data=publish_display_data)


def _formatted(shown: Any, include: Any, exclude: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The MIME bundle of an object, as IPython would have it; empty when it displayed itself."""
    if type(shown).__module__ == "matplotlib.figure":
        return dict(display_of(shown).data), {}
    import IPython
    from IPython.core.formatters import DisplayFormatter

    shell = IPython.get_ipython()
    # That of a terminal knows plain text only.
    formatter: Any = shell.display_formatter if hasattr(shell, "kernel") else DisplayFormatter()
    data, metadata = formatter.format(shown, include, exclude)
    return data, metadata


def _display(data: dict[str, Any], metadata: dict[str, Any]) -> Display:
    return Display({kind: _text(value) for kind, value in data.items()}, metadata)


def _text(value: Any) -> str:
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else str(value)
