"""A task in a user's hand: the definition of a call and, once pushed, a live handle on it."""

import datetime as dt
import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from . import errors
from .coroutines import run_coroutine
from .definition import Definition, check_call, function_name, new_id
from .handle import Handle, local_time
from .option_values import Duration, check_options, count, due_time, hook, seconds
from .payload import Call
from .record import Record
from .states import TERMINAL, Status

if TYPE_CHECKING:
    from .client import Client

_log = logging.getLogger("gator_nb.task")


class _Field:
    """An attribute that is the caller's own until the task is pushed, and read from its handle
    from then on."""

    def __init__(self, read: Callable[[Handle], Any], default: Any = None) -> None:
        self._read = read
        self._default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, task: "Task | None", owner: type) -> Any:
        if task is None:
            return self
        if task.pushed and not (self._name in _CALL and task.live):
            return self._read(task.handle)
        return task.__dict__.get(self._name, self._default)

    def __set__(self, task: "Task", value: Any) -> None:
        task.__dict__[self._name] = value


_CALL = frozenset({"func", "func_args", "func_kwargs", "on_start", "on_success", "on_error"})
"""What the snapshot holds; a task that was made here has the objects themselves."""


class Task:
    """One call for the queue, and a handle on it once it is there.

    Before it is pushed a task is a plain object: set its attributes, run it. From then on it
    reads from the store, and setting an attribute raises AttributeError.

    Args:
        task_id: unique; None makes one of 128 random bits. Pushing the same call under the same
            id again answers the task that is there.
        retries: more tries after a failed one.
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
        self.retries = count(retries, "retries")
        self.on_start = hook(on_start, "on_start")
        self.on_success = hook(on_success, "on_success")
        self.on_error = hook(on_error, "on_error")
        self.depends_on = depends_on
        self.delay_until = due_time(delay_by, delay_until)
        self.name = None if name is None else str(name)
        self.backoff = seconds(backoff, "backoff")
        self.reuse = bool(reuse)
        self.status = Status.WAITING

    _handle: Handle | None = None
    _live = False
    _trying = False

    @classmethod
    def stored(cls, client: "Client", record: Record) -> Self:
        """A handle on a task of a store."""
        task = cls(task_id=record.id)
        task.attach(client, record)
        return task

    @classmethod
    def from_snapshot(cls, record: Record, call: Call) -> Self:
        """A local task that runs the snapshot `call`, for one try of `record`."""
        task = cls(record.id, record.retries, True, call.on_start, call.on_success, call.on_error)
        task.name = record.name
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
            raise errors.GatorError(f"{self!r} is not on a queue yet: gator.push(task, func, ...)")
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
        self._live = True

    @property
    def live(self) -> bool:
        """The call's own objects are here, not only their snapshot."""
        return self._live

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

        An error in a hook is logged and changes nothing. A coroutine is run in a loop of its own.

        Raises:
            Exception: what the function raised, after `on_error`.
        """
        if self.pushed:
            raise TypeError(f"{self!r} is on the queue: gator.execute(task) runs it here")
        if self.func is None:
            raise TypeError("nothing to run: say what with task.to_call(func, ...)")
        self._fire(self.on_start)
        try:
            result = self.func(*self.func_args, **self.func_kwargs)
            self.result = run_coroutine(result) if inspect.iscoroutine(result) else result
        except Exception as error:
            self.fail(error)
            raise
        self.to_success()
        self._fire(self.on_success, self.result)
        return self

    def fail(self, error: BaseException) -> None:
        """Set the status to FAILED and call `on_error`."""
        self.to_failed()
        self._fire(self.on_error, error)

    def _fire(self, hook: Callable[..., object] | None, *args: object) -> None:
        if hook is None:
            return
        try:
            hook(self, *args)
        except Exception:  # noqa: BLE001 -- a hook changes nothing, whatever it raises
            _log.exception("the hook %s of task %s failed", function_name(hook), self.task_id)

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
            delay_until=definition.due, name=definition.name, backoff=definition.backoff,
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
            retries=self.retries,
            backoff=self.backoff,
            due=self.delay_until,
            name=self.name,
            group=group,
            depends_on=_ids(self.depends_on),
            reuse=self.reuse,
            is_async=self.is_async,
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

    func = _Field(lambda handle: handle.call().func)
    """The function; of a handle, the snapshot's."""
    func_args = _Field(lambda handle: handle.call().args, [])
    func_kwargs = _Field(lambda handle: handle.call().kwargs, {})
    on_start = _Field(lambda handle: handle.call().on_start)
    on_success = _Field(lambda handle: handle.call().on_success)
    on_error = _Field(lambda handle: handle.call().on_error)
    retries = _Field(lambda handle: handle.look().retries, 0)
    """Tries that remain after this one."""
    depends_on = _Field(lambda handle: list(handle.record.depends_on) or None)
    delay_until = _Field(lambda handle: handle.record.due)
    name = _Field(lambda handle: handle.record.name)
    queue = _Field(lambda handle: handle.record.queue)
    status = _Field(lambda handle: handle.look().status, Status.WAITING)
    """Where it stands, as a `Status`."""
    result = _Field(Handle.value)
    """The value, or None before success."""
    error = _Field(lambda handle: handle.look().error)
    """What went wrong in one line, or None; of the newest try."""
    traceback = _Field(Handle.traceback)
    """That with its traceback, as text."""
    progress = _Field(Handle.progress)
    """A `Progress`, or None before the task told."""
    metrics = _Field(Handle.metrics, {})
    """{name: [[seconds since the start, value], ...]}."""
    attempts = _Field(lambda handle: handle.look().attempts, 0)
    """Tries begun so far."""
    created = _Field(lambda handle: local_time(handle.record.created))
    """When it was pushed: a datetime in local time."""
    started = _Field(lambda handle: local_time(handle.look().started))
    """When its newest try began, or None."""
    finished = _Field(lambda handle: local_time(handle.look().finished))
    """When it ended, or None."""
    elapsed = _Field(Handle.elapsed)
    """Seconds that the newest try has taken so far, or took; None before it began."""
    worker = _Field(lambda handle: handle.look().worker)
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
        """Wait until it has ended; answers this task, whatever became of it.

        Interrupting a wait stops the waiting only.

        Raises:
            WaitTimeout: the time is over; the task goes on.
        """
        limit = None if timeout is None else seconds(timeout, "timeout")
        with telling_that_it_goes_on(self):
            if not self.handle.end(limit):
                raise errors.WaitTimeout(f"{self!r} has not ended after {limit:g} s; it goes on")
        return self

    def get(self, timeout: Duration | None = None) -> Any:
        """Wait for the value.

        Raises:
            Exception: the task's own exception, with its traceback as a note.
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
        record = self._handle.record if self._handle else None
        return bool(record and record.cancel_at and record.status is Status.RUNNING)

    def logs(self, tail: int | None = None) -> str:
        """What it printed, with its log messages; the last `tail` lines of it when given."""
        text = self.handle.log()
        return text if tail is None else "\n".join(text.splitlines()[-tail:] if tail else [])

    def __repr__(self) -> str:
        stored = self._handle is not None and not self._trying
        status = self.handle.record.status if stored else self.__dict__.get("status")
        word = "canceling" if self.canceling else str(status)
        return f"<{type(self).__name__} {self.label} {self.task_id[:8]} {word}>"

    def __reduce__(self) -> Any:
        raise TypeError(
            f"{self!r} cannot travel into another task: pass task.get(), or order the two with "
            "gator.options(depends_on=task)"
        )


def _ids(given: Any) -> tuple[str, ...]:
    """The ids in a `depends_on`.

    Raises:
        TypeError: something in it is neither a task nor an id.
    """
    if given is None:
        return ()
    several = [given] if isinstance(given, str | Task) else given
    if not isinstance(several, Iterable):
        raise TypeError(f"depends_on={given!r}: give a task, its id, or a list of them")
    ids = [one.task_id if isinstance(one, Task) else one for one in several]
    for one in ids:
        if not isinstance(one, str):
            raise TypeError(f"depends_on={given!r}: {one!r} is neither a task nor an id")
    return tuple(dict.fromkeys(ids))


@contextmanager
def telling_that_it_goes_on(waited_for: object) -> Iterator[None]:
    """Add to an interrupted wait what it did not stop."""
    try:
        yield
    except KeyboardInterrupt as stop:
        stop.add_note(f"only the waiting stopped: {waited_for!r} goes on; cancel() stops it")
        raise
