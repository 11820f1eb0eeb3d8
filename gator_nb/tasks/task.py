"""A task in a user's hand: the definition of a call and, once pushed, a live handle on it."""

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, Literal, Self, overload

from .. import errors
from ..client.here import CLIENT
from ..client.workforce import unless_nobody_runs
from ..option_values import Duration, dependency_ids, seconds
from ..payload import ResultOf
from ..record import Record
from .again import again
from .edited import edited as edited_call
from .futures import awaited, futures_of
from .handle import Handle, TravelledHandle, telling_that_it_goes_on
from .local_task import LocalTask

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ..client.client import Client


class Task(LocalTask):
    """One call for the queue, and a handle on it once it is there.

    Before it is pushed a task is a plain object: set its attributes, run it. From then on it
    reads from the store, and setting an attribute raises AttributeError.

    Args:
        task_id: unique; None makes one of 128 random bits. Pushing the same call under the same
            id again answers the task that is there.
        retries: more tries after a failed one; as an attribute, those that remain.
        is_async: False runs the call at once in this process when pushed, and stores nothing.
        on_start, on_success, on_error: hooks, called with (task), (task, result) and (task,
            error) where the task runs. `on_error` is called at every failed try.
        depends_on: a task, its id, or several, that must succeed first.
        delay_by: seconds, a timedelta or a text like "2h" before it may start.
        delay_until: seconds since 1970, a datetime or a date before which it may not start.
        name: what to call it; `gator["name"]` finds the newest of that name.
        backoff: seconds before the first retry, doubled for each further one.
        reuse: answer the running or finished task of the very same call, where there is one.
        priority: from -100 to 100; what is higher goes first in its queue.
        tags: words to find it by: `gator.tasks(tag="nightly")`.
        queue: another line of the same store.
        expires: give it up unless it has begun by then: a duration from now, or a datetime.
        on_lost: "retry" or "fail": what becomes of it when the worker that runs it dies. By
            default it fails where that was a notebook's kernel, and waits again elsewhere.
        limit: a name and a number: `("api", 2)` lets at most two tasks that name "api" run at once
            in the whole store.
        needs: what its worker must have free: {"gpu": 1, "memory": "16GB", "license": 1}. In a
            process it sees its own GPUs only (`CUDA_VISIBLE_DEVICES`), and is ended as by a
            MemoryError when it holds more than it asked for; threads share what their process has,
            so that there both only decide when it begins.
        keep: how long after its end it is not removed by retention or `purge`, as "90d".

    Raises:
        TypeError, ValueError: an option does not exist or is not what it may be.
        MultipleDelayError: both delays were given.

    Example:
        >>> task = Task(retries=3)
        >>> task.to_call(max, [3, 1, 4])
        >>> task.run().result
        4
    """

    _future: "Future[Any] | None" = None
    _reused = False

    @classmethod
    def stored(cls, client: "Client", record: Record) -> Self:
        """A handle on a task of a store."""
        task = cls(task_id=record.id)
        task._handle = Handle(client, record)
        return task

    @classmethod
    def travelled(cls, task_id: str) -> Self:
        """A handle that came with a call or a result: on the store that is worked with here."""
        task = cls(task_id=task_id)
        task._handle = TravelledHandle(CLIENT.get(), task_id)
        return task

    def attach(self, client: "Client", record: Record) -> None:
        """Become the handle on `record`, which may be an older task of the same call."""
        if record.id != self.task_id:
            self.__dict__["_reused"] = True
        self.__dict__["task_id"] = record.id
        self._handle = Handle(client, record)

    def __setattr__(self, name: str, value: Any) -> None:
        if self._handle is not None and not name.startswith("_") and self.pushed:
            raise AttributeError(
                f"{name!r} cannot be set: task {self.task_id} is on the queue, and what was "
                "pushed is a snapshot; push another task instead"
            )
        super().__setattr__(name, value)

    @property
    def label(self) -> str:
        """Its name, else its function's.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     gator.task(pow, 2, 10).label, gator.options(name="power").task(pow, 2, 10).label
        ('pow', 'power')
        """
        return super().label if self._handle is None else self._handle.record.label

    # -- waiting -------------------------------------------------------------------------------

    def wait(self, timeout: Duration | None = None) -> Self:
        """Wait until it has ended; answers this task, whatever became of it. Interrupting a wait
        stops the waiting only.

        Raises:
            WaitTimeout: the time is over; the task goes on.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = gator.start_worker()
        ...     gator.task(divmod, 7, 0).wait(timeout="1 min").error
        'ZeroDivisionError: integer division or modulo by zero'
        """
        if self._handle is None and self.done():
            return self
        limit = None if timeout is None else seconds(timeout, "timeout")
        with telling_that_it_goes_on(self):
            if not self.handle.end(limit):
                over = f"{self!r} has not ended after {limit:g} s; it goes on"
                but = unless_nobody_runs(self.handle.client.backend, [self.task_id])
                raise errors.WaitTimeout(over + but)
        return self

    def get(self, timeout: Duration | None = None) -> Any:
        """Wait for the value.

        Raises:
            Exception: the task's own exception, with the task's traceback as its cause.
            TaskFailed, TaskCanceled, TaskLost, TaskExpired, TaskTimeout, DependencyError: it
                ended without a value and without an exception that could be brought here.
            WaitTimeout: the time is over; the task goes on.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = gator.start_worker()
        ...     gator.task(pow, 2, 10).get(timeout=60)
        1024
        """
        value, error = self.wait(timeout).value_and_error()
        if error is not None:
            raise error
        return value

    def value_and_error(self) -> tuple[Any, BaseException | None]:
        """Of a task that has ended: its value, or what `get` would raise.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     task = gator.task(pow, 2, 10)
        ...     gator.pop().value_and_error()
        (1024, None)
        """
        if self._handle is None:
            return self.result, self._raised
        return self.handle.value(), self.handle.exception()

    @property
    def future(self) -> "Future[Any]":
        """A `concurrent.futures.Future` of it, the same one each time; callbacks go there.

        Its `cancel` cancels a task that has not started and answers True; what runs is left
        alone, which is False: `task.cancel()` stops that. It is canceled when the task is.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = gator.start_worker()
        ...     gator.task(pow, 2, 10).future.result()
        1024
        """
        if self._future is None:
            self._future = futures_of(self.handle.client, [self])[0]
        return self._future

    def __await__(self) -> Generator[Any, None, Any]:
        """`await task` is `get` beside a running loop; to cancel it stops the waiting only."""
        yield from awaited(self.handle.client, [self]).__await__()
        return self.get(0)

    # -- steering ------------------------------------------------------------------------------

    def debug(self) -> None:
        """Run the call here, on its snapshot, and open the debugger where it raises; nothing of
        it is stored.

        Raises:
            Untrusted, KeyMissing: the call is not what a holder of the key stored.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     gator.task(pow, 2, 10).debug()
        pow ran to its end this time: 1024
        """
        from ..attempts.debugging import debug  # loads pdb

        debug(self.handle.client, self.handle.record)

    def cancel(self, *, force: bool = False) -> Self:
        """Cancel it: at once when it has not started; running code is asked to stop.

        The status is CANCELED only once the code has stopped.

        Args:
            force: do not wait for code in a process to clean up: kill it at once. A thread cannot
                be killed.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     gator.task(pow, 2, 10).cancel().status
        <Status.CANCELED: 5>
        """
        self.handle.cancel(by="handle", force=force)
        return self

    @property
    def canceling(self) -> bool:
        """It was asked to stop and still runs.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     gator.task(pow, 2, 10).cancel().canceling
        False
        """
        return self._handle is not None and self._handle.record.canceling

    @property
    def reused(self) -> bool:
        """This push was answered by a task of the very same call that was there before.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator, gator.options(reuse=True) as opts:
        ...     [opts.task(pow, 2, 10).reused for _ in range(2)]
        [False, True]
        """
        return self._reused

    def retry(self, *, edited: bool = False, **options: Any) -> Self:
        """Run the same call again as a new task, with this one's id as its `retry_of`.

        Without options it is the very envelope that was pushed; with some, such as `retries` or
        `queue`, a new one is signed round the same pickled call. Nothing is unpickled for it, so
        it works for calls that this kernel could not even load.

        Args:
            edited: with the function as it is here now, and what that captures now; the arguments
                stay as they were.
            options: those to change.

        Raises:
            GatorError: it has not ended yet; with `edited`: the function is not here, or arguments
                are results of other tasks.
            TypeError: an option that is part of the pickled call, such as a hook.
            TaskNotFound: the call is not in the store any more.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     task = gator.task(pow, 2, 10).cancel()
        ...     task.retry().status
        <Status.WAITING: 0>
        """
        handle = self.handle
        if not handle.look().done:
            raise errors.GatorError(
                f"{self!r} has not ended: wait for it, or cancel it, before it is run again"
            )
        if edited:
            (record,) = handle.client.push([edited_call(self, options)], handle.record.queue)
            return type(self).stored(handle.client, record)
        task_id, changed = self._changes(options)
        push = again(handle.client, handle.record, task_id, changed)
        return type(self).stored(handle.client, handle.client.put([push])[0])

    def _changes(self, options: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The id of a retry, and the options that it changes as they are signed."""
        for option in options:
            if option in _PICKLED:
                raise TypeError(f"{option} is part of the pickled call: push that anew")
        draft = type(self)(**options)
        changed = {name: getattr(draft, name) for name in options if name not in _NOT_SIGNED}
        if "depends_on" in options:
            changed["depends_on"] = dependency_ids(draft.depends_on)
        if draft.delay_until is not None:
            changed["due"] = draft.delay_until
        return draft.task_id, changed

    @overload
    def logs(self, tail: int | None = None, *, follow: Literal[False] = False) -> str: ...
    @overload
    def logs(self, tail: int | None = None, *, follow: Literal[True]) -> Iterator[str]: ...
    def logs(self, tail: int | None = None, *, follow: bool = False) -> str | Iterator[str]:
        """What it printed, with its log messages; the last `tail` lines of it when given.

        With `follow` that comes piece by piece, as it is written, until the task has ended.

        >>> for text in task.logs(follow=True):  # doctest: +SKIP
        ...     print(text, end="")
        """
        return self.handle.follow_log(tail) if follow else self.handle.log(tail)

    # -- as a value ----------------------------------------------------------------------------

    def __call__(self, *_: object, **__: object) -> None:
        raise TypeError(
            f"a Task is not called: {self!r} runs on the queue; task.get() waits for its value"
        )

    def __repr__(self) -> str:
        kind, short = type(self).__name__, self.task_id[:8]
        if isinstance(self._handle, TravelledHandle) and not self._handle.read:
            return f"<{kind} {short}>"
        status = self.handle.record.status if self.pushed else self.status
        word = "canceling" if self.canceling else str(status)
        return f"<{kind} {self.label} {short} {word}>"

    def reference(self) -> ResultOf:
        """What stands for its result in another call."""
        if self._handle is None:
            raise TypeError(f"{self!r} is an argument and not on the queue: push it first")
        return ResultOf(self.task_id)

    def __reduce__(self) -> Any:
        if self._handle is None:
            raise TypeError(f"{self!r} cannot travel: it is not on a queue; push it first")
        self._handle.check_store()
        return _travelled, (type(self), self.task_id)


_PICKLED = frozenset({"on_start", "on_success", "on_error", "is_async", "async", "reuse"})
_NOT_SIGNED = frozenset({"task_id", "delay_by", "delay_until"})


def _travelled(kind: type[Task], task_id: str) -> Task:
    return kind.travelled(task_id)
