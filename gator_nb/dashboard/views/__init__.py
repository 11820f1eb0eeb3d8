"""What a session shows, drawn: each view takes a state and answers a Panel object.

The components are small ES modules of our own. They set text, never markup, so that whatever a
user calls a task stays text; an action names the task's id, never a place on the screen.
"""

from .address import address
from .bar import DARK, bar
from .charts import charts
from .drawer import drawer
from .filter import filter_line
from .notes import banners, empty_state, refusal
from .table import table
from .tiles import tiles
from .workers import workers

__all__ = [
    "DARK",
    "address",
    "banners",
    "bar",
    "charts",
    "drawer",
    "empty_state",
    "filter_line",
    "refusal",
    "table",
    "tiles",
    "workers",
]
