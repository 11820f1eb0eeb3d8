"""The facade: what a user does with a queue, each verb a few lines over the client."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from . import errors
from .attempts.inline import claim_in_hand, run_claimed, run_live, run_now
from .backends import open_backend
from .backends.base import Backend, Claimed
from .beyond import Beyond
from .client.client import Client
from .client.here import CLIENT, working_with
from .constants import ALL
from .definition import check_call
from .option_values import Duration, queue_or_none, seconds
from .options import Options
from .payload import Call, Report, referring
from .record import Record
from .several import Several
from .tasks.group import Group
from .tasks.handle import Handle
from .tasks.keeping import Keeping
from .tasks.ref import Ref, put
from .tasks.task import Task
from .workers.crew import Crew
from .workers.worker import Worker
from .workers.worker_process import WorkerProcess


class Gator(Several, Keeping, Beyond):
    """A durable queue for functions and closures.

    Args:
        conn_string: where the tasks live: `memory://`, `sqlite:///path`, `redis://host`, or the
            name of a profile; None is `$GATOR_NB_CONN`, else a SQLite file in the user's data
            folder.
        queue_name: the line in that store.
        task_class: a subclass of `Task` for the tasks made here.
        backend_class: a `Backend` in place of the one that `conn_string` names.
        run_in: "thread" or "process" for the tasks that do not say; None is
            `$GATOR_NB_RUN_IN`, else wherever a worker runs them.

    Raises:
        UnknownScheme: `conn_string` names no known kind of store.
        StoreUnavailable, StoreCorrupt, StoreVersion: it cannot be opened, or is none of ours.

    Example:
        >>> with Gator("memory://") as gator:
        ...     task = gator.task(pow, 2, 10)
        ...     gator.pop().result
        1024
    """

    def __init__(
        self,
        conn_string: str | None = None,
        queue_name: str = ALL,
        task_class: type[Task] = Task,
        backend_class: Callable[[str], Backend] | None = None,
        *,
        run_in: str | None = None,
    ) -> None:
        self.queue_name = queue_or_none(queue_name, "queue_name") or ALL
        self.task_class = task_class
        self.backend_class = backend_class
        self.backend = (
            self.build_backend(conn_string)
            if backend_class is None
            else backend_class(conn_string or "")
        )
        self.conn_string = self.backend.conn_string
        self.client = Client(self.backend, queue_name, run_in)
        self.client.after_push = self._after_push
        self.crew = Crew(self)

    conn_string = ""
    _mine = True
    """It has opened the store, and closes it."""

    @classmethod
    def at_work(cls, queue_name: str, task_class: type[Task]) -> Self:
        """The gator of a task that runs: on the store of its worker, which stays open.

        Raises:
            GatorError: no task runs here.
        """
        client = CLIENT.get()
        if client is None:
            raise errors.GatorError("a Gator works in tasks and where it was made, not here")
        gator = cls.__new__(cls)
        gator.queue_name, gator.task_class, gator.backend_class = queue_name, task_class, None
        gator.client, gator.backend = client, client.backend
        gator.conn_string, gator.crew = client.backend.conn_string, Crew(gator)
        gator.__dict__["_mine"] = False
        return gator

    def build_backend(self, conn_string: str | None) -> Backend:
        """The backend for an address.

        Raises:
            UnknownScheme: no backend is known for it; the text lists what is.

        >>> with Gator("memory://") as gator:
        ...     gator.build_backend("memory://").persistent
        False
        """
        return open_backend(conn_string)

    # -- alligator's verbs -----------------------------------------------------------------------

    def task(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Task:
        """Push a call; every keyword goes to the function. Answers a handle on it.

        Raises:
            TypeError: the function cannot be called like that.
            NotPicklable: names what is in the way, and the mend.

        >>> with Gator("memory://") as gator:
        ...     gator.task(pow, 2, 10).status
        <Status.WAITING: 0>
        """
        return self.push(self.task_class(), func, *args, **kwargs)

    def options(self, **kwargs: Any) -> Options:
        """Options for the calls that follow, with or without `with`; see `Task` for which.

        Raises:
            TypeError: there is no such option; the text names the near miss.

        >>> with Gator("memory://") as gator:
        ...     gator.options(retries=3).task(pow, 2, 10).retries
        3
        """
        return Options(self, **kwargs)

    def push(self, task: Task, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Task:
        """Push a call as the configured `task`, which becomes a handle on it.

        With `is_async=False` it runs at once in this process, retries included, and nothing is
        stored.

        >>> with Gator("memory://") as gator:
        ...     gator.push(Task(is_async=False), pow, 2, 10).result
        1024
        """
        task.to_call(func, *args, **kwargs)
        return self._push([task])[0] if task.is_async else run_now(task)

    def pop(self) -> Task | None:
        """Claim the next due task and run it here, one try; None when there is none.

        Raises:
            Exception: what the task raised when no retry is left.

        >>> with Gator("memory://") as gator:
        ...     task = gator.task(pow, 2, 10)
        ...     gator.pop().result, gator.pop()
        (1024, None)
        """
        return self.pop_from([self.queue_name])

    def pop_from(self, queues: Sequence[str] | None) -> Task | None:
        """`pop` from these queues; None is every one."""
        claimed = self.client.claim(queues)
        return None if claimed is None else self._run(claimed)

    def get(self, task_id: str) -> Task:
        """Claim this very task and run it here, a delayed one too; a finished one is answered.

        Raises:
            TaskNotFound, TaskRunning, DependencyError: it is unknown, runs elsewhere, or waits
                for other tasks.
            Exception: what the task raised when no retry is left.

        >>> with Gator("memory://") as gator:
        ...     task = gator.options(delay_by="1d").task(pow, 2, 10)
        ...     gator.get(task.task_id).result
        1024
        """
        found = self.client.claim_task(task_id)
        return self._handle(found) if isinstance(found, Record) else self._run(found)

    def cancel(self, task_id: str) -> Task:
        """Cancel a task: at once when it has not started; one that runs is asked to stop.

        Raises:
            TaskNotFound

        >>> with Gator("memory://") as gator:
        ...     gator.cancel(gator.task(pow, 2, 10).task_id).status
        <Status.CANCELED: 5>
        """
        (record,) = self.backend.cancel([task_id], by="gator")
        Handle.moved_here()
        return self._handle(record)

    def execute(self, task: Task) -> Task:
        """One try of a task in hand, on its live objects.

        With retries left an async task goes back to the queue and is answered as RETRYING; a sync
        one is tried on. With none left the error is raised. One that has ended is answered.

        Raises:
            TaskRunning, DependencyError: it runs elsewhere, or waits for other tasks.
            Exception: what the task raised when no retry is left.

        >>> task = Task()
        >>> task.to_call(pow, 2, 10)
        >>> with Gator("memory://") as gator:
        ...     gator.execute(task).result
        1024
        """
        if not task.is_async:
            return run_now(task)
        found = claim_in_hand(self.client, task)
        if isinstance(found, Record):
            task.handle.see(found)
            return task
        return run_live(self.client, task, found.record) if task.live else self._run(found)

    def inspect(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Report:
        """What pushing this call would take along, and what is in the way: a table of each
        captured name and argument, its type, size and origin, and how it travels.

        Raises:
            TypeError: the function cannot be called like that.

        >>> with Gator("memory://") as gator:
        ...     gator.inspect(pow, 2, 10).problem is None
        True
        """
        check_call(func, args, kwargs)
        with working_with(self.client):
            return Report(referring(Call(func, args, kwargs))[0])

    def put(self, value: object) -> Ref:
        """Store a value once, for any number of tasks: as an argument the Ref becomes the value
        again. Large arrays, frames and bytes that a call captures or is given need none of this.

        Raises:
            NotPicklable, StoreUnavailable

        >>> with Gator("memory://") as gator:
        ...     gator.put([1, 2, 3]).get()
        [1, 2, 3]
        """
        return put(self.client, value)

    # -- workers and the store -------------------------------------------------------------------

    def start_worker(
        self,
        threads: int | None = None,
        processes: int | None = None,
        *,
        has: Mapping[str, object] | None = None,
    ) -> Worker | WorkerProcess:
        """Run the tasks of this queue from now on, in threads of this process or in processes.

        Args:
            threads: how many at a time; None is one a core, four at most.
            processes: so many in processes instead, which can be stopped whatever they do. They
                end with this process.
            has: what it has for tasks with `needs`; see `Worker`.

        Raises:
            ValueError: one runs already with another number or other capacities; or the store
                lives in this process.
            GatorError: the worker's process does not start.

        >>> with Gator("memory://") as gator:
        ...     worker = gator.start_worker(threads=2)
        ...     gator.task(pow, 2, 10).get()
        1024
        """
        worker = self.crew.start(threads, processes, has)
        return worker.wait_until_ready() if isinstance(worker, WorkerProcess) else worker

    def stop_worker(self, timeout: Duration | None = None) -> bool:
        """Stop what `start_worker` started; see `Worker.stop`. True when nothing runs any more.

        >>> with Gator("memory://") as gator:
        ...     worker = gator.start_worker()
        ...     gator.stop_worker(timeout="5s")
        True
        """
        return self.crew.stop(None if timeout is None else seconds(timeout, "timeout"))

    def close(self) -> None:
        """Stop the worker, wait for what runs, and close the store. May be repeated.

        >>> gator = Gator("memory://")
        >>> gator.close()
        """
        self.stop_worker()
        if self._mine:
            self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Gator({self.conn_string!r}, queue_name={self.queue_name!r})"

    def __reduce__(self) -> Any:
        bound_for = CLIENT.get()
        if bound_for is None or not bound_for.same_store(self.client):
            raise TypeError(
                "a Gator travels only into tasks of its own store, where it becomes the worker's: "
                "for another store make one there, Gator(conn_string)"
            )
        return _at_work, (self.queue_name, self.task_class)

    # -- inside ------------------------------------------------------------------------------------

    def push_many(
        self,
        new_task: Callable[[], Task],
        func: Callable[..., Any],
        calls: Sequence[tuple[tuple[Any, ...], dict[str, Any]]],
        group: str,
    ) -> Group:
        """Push many calls of one function in one step, as `map` and `grid` do."""
        tasks = [new_task() for _ in calls]
        for task, (args, kwargs) in zip(tasks, calls, strict=True):
            task.to_call(func, *args, **kwargs)
        return Group(self.client, self._push(tasks, group))

    def _push(self, tasks: Sequence[Task], group: str | None = None) -> list[Task]:
        definitions = [task.definition(group) for task in tasks]
        records = self.client.push(definitions, self.queue_name)
        for task, record in zip(tasks, records, strict=True):
            task.attach(self.client, record)
        return list(tasks)

    def _after_push(self, records: Sequence[Record]) -> None:
        """A place for the notebook, which starts a worker at the first push."""

    def _run(self, claimed: Claimed) -> Task:
        return run_claimed(self.client, self.task_class, claimed)


def _at_work(queue_name: str, task_class: type[Task]) -> Gator:
    return Gator.at_work(queue_name, task_class)
