"""A call before it goes on a queue, and while a try of it runs here: plain and writable."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from .. import errors
from ..boundary import calls_users
from ..definition import COLUMNS, Definition, check_call, function_name, new_id
from ..option_values import (
    TRAVELLING,
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
from ..output.routing import report
from ..payload import Call, Promised, exchanged
from ..payload.failure import traceback_text
from ..record import Record
from ..states import TERMINAL, Status
from .coroutines import finished
from .display import Displayed
from .handle import Field, Handle, local_time, travelling

_COLUMNS = [
    (option, Record._fields.index(option), Record._field_defaults[option]) for option in COLUMNS
]
"""Of the options that a record holds: where, and what it has where none was given."""

_DEFINING = (
    "func", "func_args", "func_kwargs", "on_start", "on_success", "on_error", "retries", "backoff",
    "delay_until", "expires", "name", "depends_on",
)  # fmt: skip


class LocalTask(Displayed, Promised):
    """What `Task` is without a store: a call, its options, and what a try here made of it."""

    task_id: str
    is_async: bool
    reuse: bool
    live = False
    """The call's own objects are here, not only their snapshot."""
    _handle: Handle | None = None
    _trying = False
    _raised: BaseException | None = None
    func = Field(lambda handle: handle.call().func, own=True)
    """The function; of a handle, the snapshot's."""
    func_args = Field(lambda handle: handle.call().args, new=list, own=True)
    func_kwargs = Field(lambda handle: handle.call().kwargs, new=dict, own=True)
    on_start = Field(lambda handle: handle.call().on_start, check=hook, own=True)
    on_success = Field(lambda handle: handle.call().on_success, check=hook, own=True)
    on_error = Field(lambda handle: handle.call().on_error, check=hook, own=True)
    backoff = Field(Handle.backoff, 0.0, check=seconds, own=True)
    retries = Field(lambda handle: handle.look().retries, 0, check=count)
    depends_on = Field(lambda handle: list(handle.record.depends_on) or None)
    delay_until = Field(lambda handle: handle.look().due, check=moment_or_none)
    name = Field(lambda handle: handle.record.name, check=text_or_none)
    queue = Field(lambda handle: handle.record.queue, check=TRAVELLING["queue"].check)
    """Where it stands in line; of a local task None where that is the gator's own."""
    priority = travelling("priority")
    tags = travelling("tags")
    expires = travelling("expires")
    """When it is given up if it has not begun, in seconds since 1970; None is never."""
    keep = travelling("keep")
    """Seconds after its end for which retention leaves it alone, or None."""
    on_lost = travelling("on_lost")
    timeout = travelling("timeout")
    """Seconds that a try may take, or None."""
    run_in = travelling("run_in")
    """"thread", "process", or None for either."""
    env = travelling("env")
    """Environment variables that its process has besides; None for none."""
    needs = travelling("needs")
    """How much it needs of what workers have, such as {"gpu": 1}; None for nothing."""
    limit = travelling("limit")
    """A name, and how many tasks that name it may run at once; None for no limit."""
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
    metrics = Field(Handle.metrics, new=dict)
    """{name: [[seconds since the start, value], ...]}."""
    checkpoint = Field(Handle.checkpoint)
    """What it stored last with `checkpoint(value)`, or None."""
    outputs = Field(Handle.outputs, new=list)
    """What it displayed: figures, tables and the like, each a dict of texts by MIME type."""
    peak_memory = Field(lambda handle: handle.look().peak_memory)
    """Bytes that the process of its newest try held at most; None where tasks share a process."""
    attempts = Field(lambda handle: handle.look().attempts, 0)
    """Tries begun so far."""
    retry_of = Field(lambda handle: handle.record.parent)
    """The id of the task that it is a retry of, or None."""
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

    def __init__(
        self,
        task_id: str | None = None,
        retries: int = 0,
        is_async: bool = True,
        on_start: Callable[["LocalTask"], object] | None = None,
        on_success: Callable[["LocalTask", Any], object] | None = None,
        on_error: Callable[["LocalTask", BaseException], object] | None = None,
        depends_on: "str | LocalTask | Sequence[str | LocalTask] | None" = None,
        delay_by: Duration | None = None,
        delay_until: float | dt.datetime | dt.date | None = None,
        *,
        name: str | None = None,
        backoff: Duration = 0.0,
        reuse: bool = False,
        **more: Any,
    ) -> None:
        check_options(more)
        mine = self.__dict__  # what is as by default is left to the fields
        mine["task_id"] = new_id() if task_id is None else str(task_id)
        mine["is_async"] = bool(more.pop("async", is_async))
        mine["reuse"] = bool(reuse)
        if delay_by is not None or delay_until is not None:
            self.delay_until = due_time(delay_by, delay_until)
        if retries != 0:
            self.retries = retries
        if backoff != 0.0:
            self.backoff = backoff
        more |= {
            "on_start": on_start, "on_success": on_success, "on_error": on_error,
            "depends_on": depends_on, "name": name,
        }  # fmt: skip
        for option, value in more.items():
            if value is not None:
                setattr(self, option, value)

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

    @classmethod
    def from_snapshot(cls, record: Record, call: Call, backoff: float) -> Self:
        """A local task that runs the snapshot `call`, for one try of `record`."""
        task = cls(record.id, record.retries)
        mine = task.__dict__
        for option, at, default in _COLUMNS:
            if record[at] != default:
                mine[option] = TRAVELLING[option].shown(record[at])
        mine |= {
            "name": record.name, "queue": record.queue, "backoff": backoff,
            "depends_on": list(record.depends_on) or None,
            "func": call.func, "func_args": call.args, "func_kwargs": call.kwargs,
            "on_start": call.on_start, "on_success": call.on_success, "on_error": call.on_error,
        }  # fmt: skip
        return task

    def to_call(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        """Say what to call, and with what.

        Raises:
            TypeError: `func` cannot be called like that.

        >>> LocalTask().to_call(print, "hello")
        """
        check_call(func, args, kwargs)
        if self.pushed:
            self.func = func  # which tells that it cannot be set
        self.__dict__.update(func=func, func_args=args, func_kwargs=kwargs, live=True)

    def to_waiting(self) -> None:
        """Set the status to WAITING.

        >>> task = LocalTask()
        >>> task.to_waiting()
        >>> print(task.status)
        waiting
        """
        self.status = Status.WAITING

    def to_success(self) -> None:
        """Set the status to SUCCESS.

        >>> task = LocalTask()
        >>> task.to_success()
        >>> print(task.status)
        success
        """
        self.status = Status.SUCCESS

    def to_failed(self) -> None:
        """Set the status to FAILED.

        >>> task = LocalTask()
        >>> task.to_failed()
        >>> print(task.status)
        failed
        """
        self.status = Status.FAILED

    def to_canceled(self) -> None:
        """Set the status to CANCELED.

        >>> task = LocalTask()
        >>> task.to_canceled()
        >>> print(task.status)
        canceled
        """
        self.status = Status.CANCELED

    def to_retrying(self) -> None:
        """Set the status to RETRYING.

        >>> task = LocalTask()
        >>> task.to_retrying()
        >>> print(task.status)
        retrying
        """
        self.status = Status.RETRYING

    def run(self) -> Self:
        """Call the function here and now, with the hooks around it; answers this task.

        An error in a hook is told in the log and changes nothing. A coroutine is run in a loop of
        its own.

        Raises:
            Exception: what the function raised, after `on_error`.

        >>> from gator_nb import Task
        >>> task = Task()
        >>> task.to_call(pow, 2, 10)
        >>> task.run().result
        1024
        """
        if self.pushed:
            raise TypeError(f"{self!r} is on the queue: gator.execute(task) runs it here")
        if self.func is None:
            raise TypeError("nothing to run: say what with task.to_call(func, ...)")
        mine = self.__dict__
        self._fire(self.on_start)
        try:
            mine["result"] = mine["_returned"] = finished(self._called())
        except Exception as error:
            self.fail(error)
            raise
        mine["_raised"] = None
        self.to_success()
        self._fire(self.on_success, mine["result"])
        return self

    @calls_users
    def _called(self) -> Any:
        args, kwargs = self.func_args, self.func_kwargs
        if self.live:  # a snapshot has the results in their places already
            call = exchanged(Call(self.func, args, kwargs), lambda promised: promised.get())
            args, kwargs = call.args, call.kwargs
        return self.func(*args, **kwargs)

    @property
    def returned(self) -> Any:
        """What the function itself gave at the newest try, whatever a hook made of `result`."""
        return self.__dict__.get("_returned", self.__dict__.get("result"))

    def fail(self, error: BaseException) -> None:
        """Set the status to FAILED and call `on_error`."""
        if self.live:  # of a snapshot nobody asks; it would hold what holds all that it captured
            self._raised = error
        self.to_failed()
        self._fire(self.on_error, error)

    @calls_users
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

        >>> from gator_nb import Task
        >>> task = Task()
        >>> task.to_call(pow, 2, 10)
        >>> Task.deserialize(task.serialize()).run().result
        1024
        """
        return self.definition().sealed()

    @classmethod
    def deserialize(cls, data: bytes) -> Self:
        """A local task from `serialize`; its signature is checked before anything is loaded.

        Raises:
            Untrusted, KeyMissing: it was not written by a holder of this user's key.

        >>> from gator_nb import Task
        >>> task = Task(name="power")
        >>> task.to_call(pow, 2, 10)
        >>> Task.deserialize(task.serialize()).name
        'power'
        """
        definition = Definition.unsealed(data)
        call = definition.call
        task = cls(
            definition.task_id, definition.retries, definition.is_async,
            call.on_start, call.on_success, call.on_error,
            list(definition.depends_on) or None, delay_until=definition.due,
            name=definition.name, backoff=definition.backoff, reuse=definition.reuse,
        )  # fmt: skip
        task.__dict__ |= definition.more
        task.to_call(call.func, *call.args, **call.kwargs)
        return task

    def definition(self, group: str | None = None) -> Definition:
        """What is pushed.

        Raises:
            TypeError: there is nothing to call.
            ValueError: it would expire before it may start.
        """
        # Its own values, without a look through each of the fields; a map has thousands of tasks.
        get = (self._read_fields() if self.pushed else self.__dict__).get
        func = get("func")
        if func is None:
            raise TypeError("nothing to push: say what with task.to_call(func, ...)")
        due, expires = get("delay_until"), get("expires")
        if due and expires and expires <= due:
            raise ValueError("expires ends before the delay does: the task could never start")
        return Definition(
            task_id=self.task_id,
            call=Call(
                func, tuple(get("func_args", ())), dict(get("func_kwargs", {})),
                get("on_start"), get("on_success"), get("on_error"),
            ),
            retries=get("retries", 0), backoff=get("backoff", 0.0), due=due, name=get("name"),
            depends_on=dependency_ids(get("depends_on")), group=group,
            reuse=self.reuse, is_async=self.is_async,
            more={option: value for option in TRAVELLING if (value := self.__dict__.get(option))},
        )  # fmt: skip

    def _read_fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _DEFINING}

    @contextmanager
    def local(self, record: Record) -> Iterator[Self]:
        """While a try of `record` runs here the task is local and writable, as hooks expect it."""
        self._trying = True
        self.retries = record.retries
        try:
            yield self
        finally:
            self._trying = False

    @property
    def label(self) -> str:
        """Its name, else its function's."""
        return self.name or (function_name(self.func) if self.func else "task")

    def done(self) -> bool:
        """Whether it has ended, in whatever way.

        >>> LocalTask().done()
        False
        """
        return self.status in TERMINAL
