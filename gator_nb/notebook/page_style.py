"""The style sheets of cards: how the widget looks, and which of two outputs is to be seen."""

from .looks import FRAME

_CARD = f"""
.gator-card {{{FRAME}}}
.gator-card .widget-html, .gator-card .widget-html-content {{
  line-height: 1.5; font-size: 13px; height: auto; min-height: 0; color: inherit; }}
.gator-card .widget-html-content {{ width: 100%; }}
.gator-card .gator-log {{
  display: flex; flex-direction: column-reverse; max-height: 5.6em; overflow: auto;
  margin: 2px 0 4px; padding: 4px 8px; border-radius: 4px; box-sizing: border-box;
  background: rgba(128, 128, 128, .13); }}
.gator-card .gator-log > .widget-html-content {{ flex: none; overflow: visible; }}
.gator-card .gator-log pre {{ background: none; color: inherit; line-height: 1.4; }}
.gator-card .gator-fold:has(details[open]) + .gator-log {{ max-height: 300px; }}
.gator-card .gator-none, .gator-card .gator-none + .gator-log {{ display: none; }}
.gator-card summary {{ cursor: pointer; color: var(--jp-ui-font-color2, #757575); }}
.gator-card button:focus-visible, .gator-card summary:focus-visible,
.gator-card .gator-log:focus-visible {{ outline: 2px solid var(--jp-brand-color1, #1976d2); }}
"""


def style_of(mark: str) -> str:
    """The style of a live card, and the fold of its log: that is never drawn again, so it stays as
    a person has left it, and the log beside it opens with it."""
    hidden = (
        f".jp-OutputArea-child:has(> .jp-OutputArea-output .{mark}) {{ display: none; }}"
        f".{mark} {{ display: none; }}"
    )
    return f"<style>{_CARD}{hidden}</style><details><summary>log</summary></details>"


def hides_empty_place(mark: str) -> str:
    """The style of a static card: the output behind it is hidden unless the widget is in it, which
    cannot be drawn where there is no kernel, and is taken out once there is nothing to do."""
    place = f".jp-OutputArea-child:has(.{mark}) + .jp-OutputArea-child"
    return f"<style>{place}:not(:has(.{mark}-live)) {{ display: none; }}</style>"
