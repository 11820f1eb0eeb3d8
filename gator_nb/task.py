"""A task in a user's hand: the definition of a call and, once pushed, a live handle on it."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from . import errors
from .coroutines import finished
from .definition import Definition, check_call, function_name, new_id
from .display import Displayed
from .handle import Field, Handle, local_time, telling_that_it_goes_on
from .option_values import (
    Duration,
    check_options,
    count,
    dependency_ids,
    due_time,
    hook,
    moment_or_none,
    seconds,
    text_or_none,
)
from .output import report
from .payload import Call
from .payload.failure import traceback_text
from .record import Record
from .states import TERMINAL, Status

if TYPE_CHECKING:
    from .client import Client


class Task(Displayed):
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

    Raises:
        TypeError, ValueError: an option does not exist or is not what it may be.
        MultipleDelayError: both delays were given.

    Example:
        >>> task = Task(retries=3)
        >>> task.to_call(max, [3, 1, 4])
        >>> task.run().result
        4
    """

    def __init__(
        self,
        task_id: str | None = None,
        retries: int = 0,
        is_async: bool = True,
        on_start: Callable[["Task"], object] | None = None,
        on_success: Callable[["Task", Any], object] | None = None,
        on_error: Callable[["Task", BaseException], object] | None = None,
        depends_on: "str | Task | Sequence[str | Task] | None" = None,
        delay_by: Duration | None = None,
        delay_until: float | dt.datetime | dt.date | None = None,
        *,
        name: str | None = None,
        backoff: Duration = 0.0,
        reuse: bool = False,
        **more: Any,
    ) -> None:
        check_options(more)
        self.task_id = new_id() if task_id is None else str(task_id)
        self.is_async = bool(more.get("async", is_async))
        self.retries = retries
        self.on_start = on_start
        self.on_success = on_success
        self.on_error = on_error
        self.depends_on = depends_on
        self.delay_until = due_time(delay_by, delay_until)
        self.name = name
        self.backoff = backoff
        self.reuse = bool(reuse)
        self.func_args, self.func_kwargs, self.metrics = [], {}, {}

    live = False
    """The call's own objects are here, not only their snapshot."""
    _handle: Handle | None = None
    _trying = False
    _raised: BaseException | None = None

    @classmethod
    def stored(cls, client: "Client", record: Record) -> Self:
        """A handle on a task of a store."""
        task = cls(task_id=record.id)
        task.attach(client, record)
        return task

    @classmethod
    def from_snapshot(cls, record: Record, call: Call, backoff: float) -> Self:
        """A local task that runs the snapshot `call`, for one try of `record`."""
        task = cls(record.id, record.retries, True, call.on_start, call.on_success, call.on_error)
        task.name, task.backoff = record.name, backoff
        task.depends_on = list(record.depends_on) or None
        task.func, task.func_args, task.func_kwargs = call.func, call.args, call.kwargs
        return task

    def attach(self, client: "Client", record: Record) -> None:
        """Become the handle on `record`, which may be an older task of the same call."""
        self.__dict__["task_id"] = record.id
        self._handle = Handle(client, record)

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and self.pushed:
            raise AttributeError(
                f"{name!r} cannot be set: task {self.task_id} is on the queue, and what was "
                "pushed is a snapshot; push another task instead"
            )
        super().__setattr__(name, value)

    def __call__(self, *_: object, **__: object) -> None:
        raise TypeError(
            f"a Task is not called: {self!r} runs on the queue; task.get() waits for its value"
        )

    @property
    def pushed(self) -> bool:
        """It is a handle on a task of a store, and no hook of a try here has it in hand."""
        return self._handle is not None and not self._trying

    @property
    def handle(self) -> Handle:
        """What reads the store for it.

        Raises:
            GatorError: it is not on a queue yet.
        """
        if self._handle is None:
            how = "gator.push(task, func, ...)" if self.is_async else "a sync one never is"
            raise errors.GatorError(f"{self!r} is not on a queue: {how}")
        return self._handle

    # -- before it is pushed -----------------------------------------------------------------

    def to_call(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Say what to call, and with what.

        Raises:
            TypeError: `func` cannot be called like that.

        >>> Task().to_call(print, "hello")
        """
        check_call(func, args, kwargs)
        self.func, self.func_args, self.func_kwargs = func, args, kwargs
        self.live = True

    def to_waiting(self) -> None:
        """Set the status to WAITING."""
        self.status = Status.WAITING

    def to_success(self) -> None:
        """Set the status to SUCCESS."""
        self.status = Status.SUCCESS

    def to_failed(self) -> None:
        """Set the status to FAILED."""
        self.status = Status.FAILED

    def to_canceled(self) -> None:
        """Set the status to CANCELED."""
        self.status = Status.CANCELED

    def to_retrying(self) -> None:
        """Set the status to RETRYING."""
        self.status = Status.RETRYING

    def run(self) -> Self:
        """Call the function here and now, with the hooks around it; answers this task.

        An error in a hook is told in the log and changes nothing. A coroutine is run in a loop of
        its own.

        Raises:
            Exception: what the function raised, after `on_error`.
        """
        if self.pushed:
            raise TypeError(f"{self!r} is on the queue: gator.execute(task) runs it here")
        if self.func is None:
            raise TypeError("nothing to run: say what with task.to_call(func, ...)")
        self._fire(self.on_start)
        try:
            self.result = self._returned = finished(self.func(*self.func_args, **self.func_kwargs))
        except Exception as error:
            self.fail(error)
            raise
        self._raised = None
        self.to_success()
        self._fire(self.on_success, self.result)
        return self

    @property
    def returned(self) -> Any:
        """What the function itself gave at the newest try, whatever a hook made of `result`."""
        return self.__dict__.get("_returned", self.__dict__.get("result"))

    def fail(self, error: BaseException) -> None:
        """Set the status to FAILED and call `on_error`."""
        self._raised = error
        self.to_failed()
        self._fire(self.on_error, error)

    def _fire(self, hook: Callable[..., object] | None, *args: object) -> None:
        if hook is None:
            return
        try:
            finished(hook(self, *args))
        except (Exception, SystemExit) as error:  # noqa: BLE001 -- a hook changes nothing
            where = traceback_text(error)
            report(f"the hook {function_name(hook)} of task {self.task_id} failed\n{where}")

    def serialize(self) -> bytes:
        """The call as it would be stored: pickled by value, and signed with this user's key.

        Raises:
            NotPicklable: names what is in the way, and the mend.
        """
        return self.definition().sealed()

    @classmethod
    def deserialize(cls, data: bytes) -> Self:
        """A local task from `serialize`; its signature is checked before anything is loaded.

        Raises:
            Untrusted, KeyMissing: it was not written by a holder of this user's key.
        """
        definition = Definition.unsealed(data)
        call = definition.call
        task = cls(
            definition.task_id, definition.retries, definition.is_async,
            call.on_start, call.on_success, call.on_error,
            list(definition.depends_on) or None, delay_until=definition.due,
            name=definition.name, backoff=definition.backoff, reuse=definition.reuse,
        )  # fmt: skip
        task.to_call(call.func, *call.args, **call.kwargs)
        return task

    def definition(self, group: str | None = None) -> Definition:
        """What is pushed.

        Raises:
            TypeError: there is nothing to call.
        """
        if self.func is None:
            raise TypeError("nothing to push: say what with task.to_call(func, ...)")
        return Definition(
            task_id=self.task_id,
            call=Call(
                self.func, tuple(self.func_args), dict(self.func_kwargs),
                self.on_start, self.on_success, self.on_error,
            ),
            retries=self.retries, backoff=self.backoff, due=self.delay_until, name=self.name,
            depends_on=dependency_ids(self.depends_on), group=group,
            reuse=self.reuse, is_async=self.is_async,
        )  # fmt: skip

    @contextmanager
    def local(self, record: Record) -> Iterator[Self]:
        """While a try of `record` runs here the task is local and writable, as hooks expect it."""
        self._trying = True
        self.retries = record.retries
        try:
            yield self
        finally:
            self._trying = False

    # -- what it is, here or in the store ------------------------------------------------------

    func = Field(lambda handle: handle.call().func, own=True)
    """The function; of a handle, the snapshot's."""
    func_args = Field(lambda handle: handle.call().args, own=True)
    func_kwargs = Field(lambda handle: handle.call().kwargs, own=True)
    on_start = Field(lambda handle: handle.call().on_start, check=hook, own=True)
    on_success = Field(lambda handle: handle.call().on_success, check=hook, own=True)
    on_error = Field(lambda handle: handle.call().on_error, check=hook, own=True)
    backoff = Field(Handle.backoff, 0.0, check=seconds, own=True)
    retries = Field(lambda handle: handle.look().retries, 0, check=count)
    depends_on = Field(lambda handle: list(handle.record.depends_on) or None)
    delay_until = Field(lambda handle: handle.look().due, check=moment_or_none)
    name = Field(lambda handle: handle.record.name, check=text_or_none)
    queue = Field(lambda handle: handle.record.queue)
    status = Field(lambda handle: handle.look().status, Status.WAITING)
    """Where it stands, as a `Status`."""
    result = Field(Handle.value)
    """The value, or None before success."""
    error = Field(lambda handle: handle.look().error)
    """What went wrong in one line, or None; of the newest try."""
    traceback = Field(Handle.traceback)
    """That with its traceback, as text."""
    progress = Field(Handle.progress)
    """A `Progress`, or None before the task told."""
    metrics = Field(Handle.metrics)
    """{name: [[seconds since the start, value], ...]}."""
    attempts = Field(lambda handle: handle.look().attempts, 0)
    """Tries begun so far."""
    created = Field(lambda handle: local_time(handle.record.created))
    """When it was pushed: a datetime in local time."""
    started = Field(lambda handle: local_time(handle.look().started))
    """When its newest try began, or None."""
    finished = Field(lambda handle: local_time(handle.look().finished))
    """When it ended, or None."""
    elapsed = Field(Handle.elapsed, 0.0)
    """Seconds that the newest try has taken so far, or took; 0.0 before it began."""
    worker = Field(lambda handle: handle.look().worker)
    """The id of the worker that ran it last, or None."""

    @property
    def label(self) -> str:
        """Its name, else its function's."""
        if self._handle is not None:
            return self._handle.record.label
        return self.name or (function_name(self.func) if self.func else "task")

    def done(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.status in TERMINAL

    # -- as a handle ---------------------------------------------------------------------------

    def wait(self, timeout: Duration | None = None) -> Self:
        """Wait until it has ended; answers this task, whatever became of it. Interrupting a wait
        stops the waiting only.

        Raises:
            WaitTimeout: the time is over; the task goes on.
        """
        if self._handle is None and self.done():
            return self
        limit = None if timeout is None else seconds(timeout, "timeout")
        with telling_that_it_goes_on(self):
            if not self.handle.end(limit):
                raise errors.WaitTimeout(f"{self!r} has not ended after {limit:g} s; it goes on")
        return self

    def get(self, timeout: Duration | None = None) -> Any:
        """Wait for the value.

        Raises:
            Exception: the task's own exception, with the task's traceback as its cause.
            TaskFailed, TaskCanceled, TaskLost, TaskExpired, TaskTimeout, DependencyError: it
                ended without a value and without an exception that could be brought here.
            WaitTimeout: the time is over; the task goes on.
        """
        value, error = self.wait(timeout).value_and_error()
        if error is not None:
            raise error
        return value

    def value_and_error(self) -> tuple[Any, BaseException | None]:
        """Of a task that has ended: its value, or what `get` would raise."""
        if self._handle is None:
            return self.result, self._raised
        return self.handle.value(), self.handle.exception()

    def cancel(self) -> Self:
        """Cancel it: at once when it has not started; running code is asked to stop.

        The status is CANCELED only once the code has stopped.
        """
        self.handle.cancel(by="handle")
        return self

    @property
    def canceling(self) -> bool:
        """It was asked to stop and still runs."""
        record = self._handle and self._handle.record
        return bool(record and record.cancel_at and record.status is Status.RUNNING)

    def logs(self, tail: int | None = None) -> str:
        """What it printed, with its log messages; the last `tail` lines of it when given."""
        return self.handle.log(tail)

    def __repr__(self) -> str:
        status = self.handle.record.status if self.pushed else self.status
        word = "canceling" if self.canceling else str(status)
        return f"<{type(self).__name__} {self.label} {self.task_id[:8]} {word}>"

    def __reduce__(self) -> Any:
        raise TypeError(
            f"{self!r} cannot travel into another task: pass task.get(), or order the two with "
            "gator.options(depends_on=task)"
        )
