"""`%%gator`: a cell that runs in the background, and what it brings back."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from IPython.core.error import UsageError

from ..errors import GatorError, StoreUnavailable
from ..states import SUCCESS
from ..tasks.handle import Handle
from ..tasks.task import Task
from .cell_code import call_of
from .own_gator import NotebookGator
from .words import cell_words

_ABSENT = object()


def run_cell(
    shell: Any, gator: NotebookGator, arrivals: "Arrivals", line: str, body: str
) -> Task | None:
    """Push a cell; answers the task where its card is to be shown.

    Raises:
        UsageError, SyntaxError: it cannot be pushed, and nothing was.
        Exception: with `--block` what it raised.
    """
    asked = cell_words(line)
    text = f"%%gator {line}\n{body}"
    file = shell.compile.cache(text, shell.execution_count, raw_code=text)
    _refuse_magics(shell, body)
    try:
        function, arguments = call_of(body, file, shell.user_ns, asked.out)
    except ValueError as error:
        raise UsageError(f"%%gator: {error}") from error
    task = gator.options(**asked.options).task(function, **arguments)
    arrivals.expect(task, asked.out)
    if asked.block:
        try:
            task.get()
        finally:
            arrivals.bring()
    return None if asked.no_card else task


def _refuse_magics(shell: Any, body: str) -> None:
    """Magics are words to the notebook, which a worker has not."""
    if "get_ipython()" in shell.transform_cell(body) and "get_ipython()" not in body:
        raise UsageError(
            "%%gator: lines with % and ! are for the notebook itself and do not run in the "
            "background: put them into a cell of their own; subprocess.run starts programs"
        )


class _Expected(NamedTuple):
    task: Task
    before: object
    """What the name meant when the cell was pushed."""


class Arrivals:
    """Variables that cells in the background make. They arrive between two cells, so that no
    cell sees a name change while it runs, and never over a name that was given anew since."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._expected: dict[str, _Expected] = {}
        self._listening = False

    def expect(self, task: Task, names: Sequence[str]) -> None:
        """Bring these names of a task's result once it is there; the newest task wins."""
        if names and not self._listening:
            self._shell.events.register("pre_run_cell", self._before_a_cell)
            self._listening = True
        for name in names:
            before = self._shell.user_ns.get(name, _ABSENT)
            self._expected[name] = _Expected(task, before)

    def bring(self) -> None:
        """Bring what is there by now, and tell of what will not come."""
        Handle.moved_here()
        by_task: dict[str, list[str]] = {}
        for name, one in self._expected.items():
            by_task.setdefault(one.task.task_id, []).append(name)
        for names in by_task.values():
            try:
                told = self._bring(self._expected[names[0]].task, names)
            except StoreUnavailable:
                continue  # it is asked again before the next cell
            if told:
                print(f"gator_nb: {told}")  # noqa: T201

    def close(self) -> None:
        """Expect nothing any more."""
        if self._listening:
            self._shell.events.unregister("pre_run_cell", self._before_a_cell)
        self._listening = False
        self._expected.clear()

    def _before_a_cell(self, _: object = None) -> None:
        try:
            self.bring()
        except GatorError as error:
            print(f"gator_nb: {error}")  # noqa: T201

    def _bring(self, task: Task, names: Sequence[str]) -> str:
        """What there is to tell about the variables of one task."""
        if not task.done():
            return ""
        expected = {name: self._expected.pop(name) for name in names}
        which, several = f"%%gator {task.task_id[:8]}", ", ".join(names)
        if task.status is not SUCCESS:
            return f"{several} did not arrive: {which} {task.status}: {task.error}"
        found = task.get(0)
        space = self._shell.user_ns
        kept = [name for name in names if space.get(name, _ABSENT) is not expected[name].before]
        arrived = {name: found[name] for name in names if name not in kept}
        self._shell.push(arrived, interactive=True)
        told = [f"{', '.join(arrived)} arrived from {which}"] if arrived else []
        if kept:
            told.append(
                f"{', '.join(kept)} was given another value since, and stays; "
                f"gator[{task.task_id[:8]!r}].result has what {which} made"
            )
        return "; ".join(told)
