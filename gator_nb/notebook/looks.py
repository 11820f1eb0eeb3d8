"""How cards look: colours, frames, rows.

The colours are JupyterLab's own variables, so a card follows the theme; each has a fallback for
places that have none. User text is escaped, and cleaned of what a browser could obey.
"""

from html import escape
from typing import NamedTuple

from ..states import Status

WIDTH = 720
"""The width of a card in pixels, where there is room."""
BUTTON = 96
"""The width of the button that lies in the upper right corner of a live card."""
_BUTTON_HEIGHT = 30
NAME_LIMIT = 80
ERROR_LIMIT = 300
_TEXT_LIMIT = 20_000
"""Characters of a log or traceback that a card shows; the rest is `task.logs()`."""


class Look(NamedTuple):
    icon: str
    colour: str


INFO = "var(--jp-info-color1, #1976d2)"
GOOD = "var(--jp-success-color1, #2e7d32)"
BAD = "var(--jp-error-color1, #c62828)"
WARN = "color-mix(in srgb, var(--jp-warn-color1, #b26a00) 75%, currentcolor)"
"""An orange that can be read on white, and on black."""
QUIET = "var(--jp-ui-font-color2, #757575)"

LOOKS = {
    Status.WAITING: Look("◷", QUIET),
    Status.DELAYED: Look("◷", QUIET),
    Status.RETRYING: Look("↻", WARN),
    Status.BLOCKED: Look("‖", QUIET),
    Status.RUNNING: Look("▶", INFO),
    Status.SUCCESS: Look("✓", GOOD),
    Status.FAILED: Look("✕", BAD),
    Status.CANCELED: Look("⊘", QUIET),
}

FRAME = (
    "border:1px solid var(--jp-border-color2, #bdbdbd);border-radius:6px;padding:8px 12px;"
    f"margin:2px 0;max-width:{WIDTH}px;box-sizing:border-box;line-height:1.5;"
    "color:var(--jp-ui-font-color1, inherit);"
    "font-family:var(--jp-ui-font-family, system-ui, sans-serif);font-size:13px"
)
CODE = "font-family:var(--jp-code-font-family, monospace);font-size:12px"
MONO = (
    f"{CODE};line-height:1.4;white-space:pre-wrap;word-break:normal;"
    "overflow-wrap:anywhere;max-height:260px;overflow:auto;margin:4px 0 0;padding:6px 8px;"
    "background:rgba(128,128,128,.13);color:inherit;border-radius:4px"
)


def framed(rows: str, told: str) -> str:
    """A card; `told` is what a screen reader says of it."""
    return f'<div role="group" aria-label="{escape(told)}" style="{FRAME}">{rows}</div>'


def head(left: str, right: str, live: bool) -> str:
    """The first line of a card; where it is narrow, `right` has a line of its own.

    Args:
        live: a button lies beside it.
    """
    row = "display:flex;flex-wrap:wrap;gap:0 8px;align-items:baseline"
    room = f";padding-right:{BUTTON + 8}px;min-height:{_BUTTON_HEIGHT}px" if live else ""
    told = f'<span style="color:{QUIET}">{right}</span>' if right else ""
    return (
        f'<div style="{row}{room};align-content:flex-start">'
        f'<span style="{row};flex:1 1 auto">{left}</span>{told}</div>'
    )


def bold(text: str) -> str:
    return f'<b style="overflow-wrap:anywhere">{escape(text)}</b>'


def link(url: str, text: str) -> str:
    """A way to another page, in a tab of its own."""
    return (
        f'<a href="{escape(url)}" target="_blank" rel="noreferrer" '
        f'style="color:{QUIET};text-decoration:underline">{escape(text)}</a>'
    )


def fold(title: str, text: str) -> str:
    if not text.strip():
        return ""
    shown = text[-_TEXT_LIMIT:]
    if len(shown) < len(text):
        shown = f"[… the last {_TEXT_LIMIT:,} of {len(text):,} characters]\n{shown}"
    return (
        f'<details style="margin-top:4px"><summary style="cursor:pointer;color:{QUIET}">{title}'
        f'</summary><pre style="{MONO}">{escape(clean(shown))}</pre></details>'
    )


def printed(text: str, left_out: int = 0) -> str:
    """What a task printed, for a log that follows; "" where that is nothing."""
    if not text.strip():
        return ""
    note = f"[… {left_out:,} characters before this: task.logs()]\n" if left_out else ""
    wrapped = "margin:0;white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere"
    return f'<pre style="{CODE};{wrapped}">{escape(note + clean(text))}</pre>'


def alarm(text: str) -> str:
    """What could not be done."""
    row = f'<div role="alert" style="color:{BAD};overflow-wrap:anywhere">{escape(text)}</div>'
    return row if text else ""


def clean(text: str) -> str:
    return "".join(c if c.isprintable() or c in "\n\t" else " " for c in text)
