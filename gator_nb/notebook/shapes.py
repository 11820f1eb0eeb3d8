"""The small drawings of a card, as HTML without a script."""

import math
from collections.abc import Sequence
from html import escape

_CURVE_WIDTH, _POINTS = 90, 60


def curve(values: Sequence[float], colour: str) -> str:
    """The course of a figure, as a small line."""
    shown = [one for one in values[-_POINTS:] if math.isfinite(one)]
    low, high = min(shown, default=0.0), max(shown, default=0.0)
    step = _CURVE_WIDTH / max(len(shown) - 1, 1)
    points = " ".join(
        f"{n * step:.1f},{15 - 14 * (one - low) / ((high - low) or 1):.1f}"
        for n, one in enumerate(shown)
    )
    return (
        f'<svg aria-hidden="true" width="{_CURVE_WIDTH}" height="16" '
        'style="vertical-align:middle;margin-left:8px">'
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/></svg>'
    )


def bar(parts: Sequence[tuple[float, str]], told: str) -> str:
    """A bar of these shares, each in its colour; `told` is what a screen reader says of it."""
    return _bar(parts, f'role="img" aria-label="{escape(told)}"')


def meter(share: float, colour: str) -> str:
    """A bar of how far something has come."""
    said = f'role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{share:.0%}"'
    return _bar([(share, colour)], said.replace("%", ""))


def _bar(parts: Sequence[tuple[float, str]], said: str) -> str:
    filled = "".join(
        f'<div style="width:{share * 100:.2f}%;background:{colour}"></div>'
        for share, colour in parts
    )
    return (
        f'<div {said} style="display:flex;height:6px;margin:6px 0;'
        "border-radius:3px;overflow:hidden;"
        f'background:var(--jp-layout-color3, rgba(128,128,128,.25))">{filled}</div>'
    )
