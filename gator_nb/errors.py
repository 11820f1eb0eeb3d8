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
    """The root of every error of gator_nb.

    >>> issubclass(TaskNotFound, GatorError)
    True
    """


class UnknownScheme(GatorError, ValueError):
    """The store's address names a kind of store that is not known.

    >>> from gator_nb import Gator
    >>> Gator("carrier-pigeon://loft")
    Traceback (most recent call last):
    gator_nb.errors.UnknownScheme: ...
    """


class StoreUnavailable(GatorError, OSError):
    """The store cannot be reached, opened, read or written just now.

    `passing` tells that it may be over soon, as the restart of a server is.

    >>> from gator_nb import Gator
    >>> Gator("sqlite:////proc/tasks.sqlite")
    Traceback (most recent call last):
    gator_nb.errors.StoreUnavailable: ...
    """

    passing = False


class StoreCorrupt(GatorError):
    """The store holds something that gator_nb did not write.

    >>> from gator_nb import Gator
    >>> import pathlib, tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     size = pathlib.Path(file.name).write_text("a novel, not a store" * 99)
    ...     Gator(f"sqlite:///{file.name}")
    Traceback (most recent call last):
    gator_nb.errors.StoreCorrupt: ...
    """


class StoreVersion(GatorError):
    """The store was written by a newer gator_nb whose format this one does not know.

    >>> import tempfile
    >>> import apsw
    >>> from gator_nb import Gator
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Gator(f"sqlite:///{folder}/tasks.sqlite").close()
    ...     version = apsw.Connection(f"{folder}/tasks.sqlite").pragma("user_version", 9_999)
    ...     Gator(f"sqlite:///{folder}/tasks.sqlite")
    Traceback (most recent call last):
    gator_nb.errors.StoreVersion: ...
    """


class NotPicklable(GatorError, TypeError):
    """A call, a result or an error cannot be pickled; the text names what is in the way.

    >>> import threading
    >>> from gator_nb import Gator
    >>> with Gator("memory://") as gator:
    ...     gator.task(print, threading.Lock())
    Traceback (most recent call last):
    gator_nb.errors.NotPicklable: ...
    """


class PayloadTooLarge(GatorError, ValueError):
    """The store does not take a value of that size.

    >>> issubclass(PayloadTooLarge, ValueError)
    True
    """


class TaskExists(GatorError, ValueError):
    """A task of that id is there already, for another call.

    >>> from gator_nb import Gator
    >>> with Gator("memory://") as gator:
    ...     task = gator.options(task_id="nightly").task(pow, 2, 10)
    ...     gator.options(task_id="nightly").task(pow, 2, 11)
    Traceback (most recent call last):
    gator_nb.errors.TaskExists: ...
    """


class TaskNotFound(GatorError, LookupError):
    """The store has no task of that id.

    >>> from gator_nb import Gator
    >>> with Gator("memory://") as gator:
    ...     gator["nightly"]
    Traceback (most recent call last):
    gator_nb.errors.TaskNotFound: no task has the id or name 'nightly' ...
    """


class TaskRunning(GatorError):
    """The task is running elsewhere.

    >>> from gator_nb import Gator
    >>> from gator_nb import current_task
    >>> with Gator("memory://") as gator:
    ...     task = gator.task(lambda: gator.get(current_task().task_id))
    ...     gator.pop()
    Traceback (most recent call last):
    gator_nb.errors.TaskRunning: ...
    """


class BlobMissing(GatorError, LookupError):
    """A large value that a call, a result or a `Ref` needs is not in the store, or not any more.

    >>> issubclass(BlobMissing, LookupError)
    True
    """


class MultipleDelayError(GatorError, ValueError):
    """Both `delay_by` and `delay_until` were given.

    >>> from gator_nb import Task
    >>> Task(delay_by="2h", delay_until=2e9)
    Traceback (most recent call last):
    gator_nb.errors.MultipleDelayError: ...
    """


class DependencyError(GatorError):
    """A task that this one waits for is unknown, open, failed or canceled.

    >>> from gator_nb import Gator
    >>> with Gator("memory://") as gator:
    ...     first = gator.task(pow, 2, 10)
    ...     gator.get(gator.options(depends_on=first).task(pow, 2, 11).task_id)
    Traceback (most recent call last):
    gator_nb.errors.DependencyError: ...
    """


class Untrusted(GatorError):
    """A signature does not fit: no holder of the key wrote these bytes, or they were changed.

    >>> from gator_nb import Task
    >>> task = Task()
    >>> task.to_call(pow, 2, 10)
    >>> Task.deserialize(task.serialize()[:-1] + b"!")
    Traceback (most recent call last):
    gator_nb.errors.Untrusted: ...
    """


class KeyMissing(GatorError):
    """The key that signed these bytes is not on this machine.

    >>> from gator_nb.keys import ephemeral
    >>> ephemeral().verify("0123abcd", "call", b"data", bytes(32))
    Traceback (most recent call last):
    gator_nb.errors.KeyMissing: key '0123abcd' is not on this machine ...
    """


class WaitTimeout(GatorError, TimeoutError):
    """The time given to a wait is over; the task goes on.

    >>> from gator_nb import Gator
    >>> with Gator("memory://") as gator:
    ...     gator.task(pow, 2, 10).get(timeout=0.01)
    Traceback (most recent call last):
    gator_nb.errors.WaitTimeout: ...
    """


class TaskFailed(GatorError):
    """The task failed, and its own exception could not be brought here.

    `error` is the exception's text as one line, `traceback` the whole of it as text.

    >>> TaskFailed("ImportError: no such module").error
    'ImportError: no such module'
    """

    def __init__(self, error: str, traceback: str | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.traceback = traceback


class TaskCanceled(TaskFailed):
    """The task was canceled; there is no result.

    >>> from gator_nb import Gator
    >>> with Gator("memory://") as gator:
    ...     gator.task(pow, 2, 10).cancel().get()
    Traceback (most recent call last):
    gator_nb.errors.TaskCanceled: ...
    """


class TaskTimeout(TaskFailed):
    """The task ran longer than it was allowed to.

    >>> from gator_nb import Gator
    >>> def spin():
    ...     while True: pass
    >>> with Gator("memory://") as gator:
    ...     worker = gator.start_worker()
    ...     gator.options(timeout=0.05).task(spin).get()
    Traceback (most recent call last):
    gator_nb.errors.TaskTimeout: ...
    """


class TaskLost(TaskFailed):
    """The worker that ran the task died, and the task was not to be run again.

    >>> issubclass(TaskLost, TaskFailed)
    True
    """


class TaskExpired(TaskFailed):
    """The task was not started before its time was over.

    >>> import time
    >>> from gator_nb import Gator
    >>> with Gator("memory://") as gator:
    ...     task = gator.options(expires=0.001).task(pow, 2, 10)
    ...     time.sleep(0.01)
    ...     worker = gator.start_worker()
    ...     task.get()
    Traceback (most recent call last):
    gator_nb.errors.TaskExpired: ...
    """
