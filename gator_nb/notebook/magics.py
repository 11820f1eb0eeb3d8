"""`%gator`: the queue of this notebook by a word. Only words are taken apart here; what they do
is the gator's."""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class

from ..errors import GatorError
from ..states import FAILED, RUNNING, TERMINAL, status_of
from ..tasks.group import Group
from ..tasks.handle import Handle
from ..tasks.task import Task
from ..verbs import MAGICS
from ..workers.worker_process import WorkerProcess
from .card import task_text
from .cell_magic import Arrivals, run_cell
from .leftovers import held_ids
from .own_gator import NotebookGator
from .stores import Stores
from .summary import summary_of
from .words import connect_words, help_text, split, worker_words

_LISTED = 20
"""Tasks that `%gator ls` shows without `--all`."""


@magics_class
class GatorMagics(Magics):
    """The magics of one notebook's `gator`.

    Attributes:
        stores: where it is, and was.
    """

    def __init__(self, shell: Any, stores: Stores) -> None:
        super().__init__(shell)
        self.stores = stores
        self.arrivals = Arrivals(shell)

    @property
    def gator(self) -> NotebookGator:
        return self.stores.current

    @line_magic("gator")  # type: ignore[arg-type]
    def run(self, line: str) -> Any:
        """The queue of this notebook: `%gator help` lists the verbs."""
        verb, *words = split(line) or ["status"]
        if verb not in MAGICS:
            raise UsageError(f"%gator knows no {verb!r}; it knows {', '.join(MAGICS)}")
        return getattr(self, f"_{verb}")(words)

    @cell_magic("gator")  # type: ignore[arg-type]
    def run_cell(self, line: str, cell: str) -> Any:
        """Run this cell in the background: `%gator help` lists the options."""
        return run_cell(self.shell, self.gator, self.arrivals, line, cell)

    def _status(self, words: Sequence[str]) -> None:
        _none(words, "status")
        print(summary_of(self.gator).text)  # noqa: T201

    def _resume(self, words: Sequence[str]) -> None:
        _none(words, "resume")
        paused = self.gator.queue_name in self.gator.backend.paused()
        number = self.gator.resume()
        told = ["the queue goes on"] if paused else []
        told += [f"{_tasks(number)} resumed"] if number else []
        print("; ".join(told) or "nothing is held")  # noqa: T201

    def _cancel(self, words: Sequence[str]) -> None:
        if not words:
            raise UsageError("%gator cancel: give ids or names, or --held")
        force = "--force" in words
        named = [word for word in words if word != "--force"]
        held = named == ["--held"] and not force
        if not named or (not held and any(word.startswith("-") for word in named)):
            raise UsageError(
                f"%gator cancel {' '.join(words)}: give ids or names, and --force to kill what "
                "runs in processes; or --held alone"
            )
        ids = (
            held_ids(self.gator) if held else [self._one(word, "cancel").task_id for word in named]
        )
        records = self.gator.backend.cancel(ids, by="notebook", force=force)
        Handle.moved_here()
        asked = sum(not record.done for record in records)
        print(  # noqa: T201
            f"{_tasks(len(records) - asked)} canceled"
            + (f", {asked} asked to stop" if asked else "")
        )

    def _wait(self, words: Sequence[str]) -> Group:
        _none(words, "wait")
        return self.gator.wait()

    def _connect(self, words: Sequence[str]) -> None:
        asked = connect_words(words)
        with _told_in_a_line():
            told = (
                self.stores.connect(asked.where, asked.save)
                if asked.where
                else self.stores.listed()
            )
        print(told)  # noqa: T201

    def _queue(self, words: Sequence[str]) -> None:
        with _told_in_a_line():
            told = self.stores.use_queue(_only(words, "queue")) if words else self.stores.queues()
        print(told)  # noqa: T201

    def _worker(self, words: Sequence[str]) -> None:
        asked = worker_words(words)
        with _told_in_a_line():
            told = self._stop_worker() if asked.do == "stop" else self._start_worker(asked)
        print(told)  # noqa: T201

    def _dashboard(self, words: Sequence[str]) -> Any:
        _none(words, "dashboard")
        with _told_in_a_line():
            return self.gator.dashboard()

    def _start_worker(self, asked: Namespace) -> str:
        gator = self.gator
        serves = f"serves queue {gator.queue_name!r} of {gator.conn_string}"
        if asked.detach:
            start = gator.crew.with_processes(asked.processes, detach=True, has=asked.has)
            detached = start.wait_until_ready()
            until = f"until `kill {detached.pid}`"
            return f"a worker with {_processes(asked.processes)} {serves} {until}"
        worker = gator.start_worker(asked.threads, asked.processes, has=asked.has)
        if isinstance(worker, WorkerProcess):
            return f"a worker with {_processes(worker.processes)} {serves}"
        return f"a worker with {_number(worker.threads, 'thread')} {serves}"

    def _stop_worker(self) -> str:
        if self.gator.counts().get(RUNNING):
            print("waiting for what runs; interrupting this cell stops the waiting only")  # noqa: T201
        if not self.gator.stop_worker():
            return "it begins nothing more, but something that runs here could not be stopped"
        again = "; the next push starts one" if self.gator.starts_workers else ""
        return f"no worker of this notebook runs{again}"

    def _help(self, words: Sequence[str]) -> None:
        _none(words, "help")
        print(help_text())  # noqa: T201

    def _ls(self, words: Sequence[str]) -> None:
        named = [word for word in words if word != "--all"]
        if len(named) > 1 or any(word.startswith("-") for word in named):
            raise UsageError(f"%gator ls {MAGICS['ls'].words}, not {' '.join(words)!r}")
        with _told_in_a_line():
            status = status_of(named[0]) if named else None
            found = self.gator.tasks(status, limit=None if "--all" in words else _LISTED + 1)
            shown = found if "--all" in words else found[:_LISTED]
            lines = [task_text(task) for task in shown]
        lines += [f"the newest {_LISTED}; `%gator ls --all` lists all"] * (len(found) > len(shown))
        print("\n".join(lines) or "no task")  # noqa: T201

    def _show(self, words: Sequence[str]) -> Task:
        return self._one(_only(words, "show"), "show")

    def _logs(self, words: Sequence[str]) -> None:
        log = self._one(_only(words, "logs"), "logs").logs()
        print(log or "it has printed nothing", end="" if log.endswith("\n") else "\n")  # noqa: T201

    def _retry(self, words: Sequence[str]) -> Task | Group | None:
        edited = "--edited" in words
        named = [word for word in words if word != "--edited"]
        if not named or ("--failed" in words and len(words) > 1):
            raise UsageError(
                "%gator retry: give ids or names, and --edited to run them with the function as it "
                "is now; or --failed alone"
            )
        with _told_in_a_line(TypeError):  # the function has other parameters now
            if words == ["--failed"]:
                again = self.gator.tasks(FAILED).retry_failed()
            else:
                tasks = [self._one(word, "retry") for word in named]
                open_ones = [task.task_id[:8] for task in tasks if not task.done()]
                if open_ones:
                    raise UsageError(f"%gator retry: {', '.join(open_ones)} has not ended")
                again = Group(self.gator.client, [task.retry(edited=edited) for task in tasks])
        if not again:
            print("nothing has failed")  # noqa: T201
            return None
        return again[0] if len(again) == 1 else again

    def _use(self, words: Sequence[str]) -> None:
        places = {"threads": "thread", "processes": "process"}
        word = _only(words, "use")
        if word not in places:
            raise UsageError(f"%gator use {MAGICS['use'].words}, not {word!r}")
        with _told_in_a_line():
            self.gator.run_in(places[word])
        print(f"tasks that do not say otherwise run in {word} from now on")  # noqa: T201

    def _one(self, word: str, verb: str) -> Task:
        """The task that a word means: its id, its name, or the start of one task's id."""
        found = self.gator.find(word)
        if found is not None:
            return found
        wanted = [task for task in self.gator if verb != "cancel" or task.status not in TERMINAL]
        meant = [task for task in wanted if task.task_id.startswith(word)]
        if len(meant) != 1:
            kind = "task that has not ended" if verb == "cancel" else "task"
            said = f"no {kind}" if not meant else f"{len(meant)} tasks"
            called = [task for task in wanted if task.label == word]
            hint = f"; `{word}` is what {called[0].task_id[:8]} runs" if called else ""
            raise UsageError(f"%gator {verb} {word}: {said} by that id or name{hint}")
        return meant[0]


def _only(words: Sequence[str], verb: str) -> str:
    if len(words) != 1:
        raise UsageError(f"%gator {verb} {MAGICS[verb].words}, not {' '.join(words)!r}")
    return words[0]


def _none(words: Sequence[str], verb: str) -> None:
    if words:
        raise UsageError(f"%gator {verb} takes no more words, not {' '.join(words)!r}")


def _tasks(number: int) -> str:
    return _number(number, "task")


def _number(number: int, thing: str, plural: str = "s") -> str:
    return f"{number} {thing}{'' if number == 1 else plural}"


def _processes(number: int) -> str:
    return _number(number, "process", "es")


@contextmanager
def _told_in_a_line(*more: type[Exception]) -> Iterator[None]:
    """What cannot be done is no fault of some code: no traceback."""
    expected: tuple[type[Exception], ...] = (GatorError, ValueError, *more)
    try:
        yield
    except expected as error:
        raise UsageError(str(error)) from error
