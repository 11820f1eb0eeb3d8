"""Teaching libraries and threads whose task they are in; none is imported for it."""

from .bars import teach_bars
from .displays import teach_displays
from .figures import teach_figures
from .own_threads import teach_threads


def teach_libraries() -> None:
    """From now on tqdm's bars tell the progress of their task, figures and displays go into its
    log, and threads that it starts belong to it. May be repeated."""
    teach_bars()
    teach_threads()
    teach_figures()
    teach_displays()
