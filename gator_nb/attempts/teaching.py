"""Teaching libraries and threads whose task they are in; none is imported for it."""

from .bars import teach_bars
from .displays import teach_displays
from .figures import teach_figures
from .own_threads import teach_threads
from .rich_bars import teach_rich_bars


def teach_libraries() -> None:
    """From now on bars of tqdm and rich tell the progress of their task, figures and displays go
    into its log, and threads that it starts belong to it. May be repeated."""
    teach_bars()
    teach_rich_bars()
    teach_threads()
    teach_figures()
    teach_displays()
