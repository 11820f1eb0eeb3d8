"""Every error that gator_nb raises, under one root.

>>> from gator_nb import errors
>>> issubclass(errors.TaskNotFound, errors.GatorError)
True
"""

__all__ = [
    "BlobMissing",
    "DependencyError",
    "GatorError",
    "KeyMissing",
    "MultipleDelayError",
    "NotPicklable",
    "PayloadTooLarge",
    "StoreCorrupt",
    "StoreUnavailable",
    "StoreVersion",
    "TaskCanceled",
    "TaskExists",
    "TaskExpired",
    "TaskFailed",
    "TaskLost",
    "TaskNotFound",
    "TaskRunning",
    "TaskTimeout",
    "UnknownScheme",
    "Untrusted",
    "WaitTimeout",
]


class GatorError(Exception):
    """The root of every error of gator_nb."""


class UnknownScheme(GatorError, ValueError):
    """The store's address names a kind of store that is not known."""


class StoreUnavailable(GatorError, OSError):
    """The store cannot be reached, opened, read or written just now.

    `passing` tells that it may be over soon, as the restart of a server is.
    """

    passing = False


class StoreCorrupt(GatorError):
    """The store holds something that gator_nb did not write."""


class StoreVersion(GatorError):
    """The store was written by a newer gator_nb whose format this one does not know."""


class NotPicklable(GatorError, TypeError):
    """A call, a result or an error cannot be pickled; the text names what is in the way."""


class PayloadTooLarge(GatorError, ValueError):
    """The store does not take a value of that size."""


class TaskExists(GatorError, ValueError):
    """A task of that id is there already, for another call."""


class TaskNotFound(GatorError, LookupError):
    """The store has no task of that id."""


class TaskRunning(GatorError):
    """The task is running elsewhere."""


class BlobMissing(GatorError, LookupError):
    """A large value that a call, a result or a `Ref` needs is not in the store, or not any more."""


class MultipleDelayError(GatorError, ValueError):
    """Both `delay_by` and `delay_until` were given."""


class DependencyError(GatorError):
    """A task that this one waits for is unknown, open, failed or canceled."""


class Untrusted(GatorError):
    """A signature does not fit: no holder of the key wrote these bytes, or they were changed."""


class KeyMissing(GatorError):
    """The key that signed these bytes is not on this machine."""


class WaitTimeout(GatorError, TimeoutError):
    """The time given to a wait is over; the task goes on."""


class TaskFailed(GatorError):
    """The task failed, and its own exception could not be brought here.

    `error` is the exception's text as one line, `traceback` the whole of it as text.
    """

    def __init__(self, error: str, traceback: str | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.traceback = traceback


class TaskCanceled(TaskFailed):
    """The task was canceled; there is no result."""


class TaskTimeout(TaskFailed):
    """The task ran longer than it was allowed to."""


class TaskLost(TaskFailed):
    """The worker that ran the task died, and the task was not to be run again."""


class TaskExpired(TaskFailed):
    """The task was not started before its time was over."""
