"""A stored call once more, with its function as it is here now."""

from typing import TYPE_CHECKING, Any

from ..definition import Definition
from ..errors import GatorError
from ..option_values import TRAVELLING
from ..payload import HOOKS, function_now

if TYPE_CHECKING:
    from .task import Task

_NEW = frozenset({"expires", "queue"})
"""What is reckoned from the push, or given with it."""


def edited(task: "Task", options: dict[str, Any]) -> Definition:
    """The call of `task`, its arguments as they were, its function and what that captures as they
    are now; with the options that it had, and those that are given.

    Raises:
        GatorError: the function is not here, or the arguments are results of other tasks.
        TypeError: its parameters have changed, or there is no such option.
    """
    handle = task.handle
    name = handle.header().function
    function = function_now(name)
    if function is None:
        raise GatorError(f"there is no {name.rpartition('.')[2]} here: run its cell first")
    if handle.header().results:
        raise GatorError(
            f"arguments of {task!r} are results of other tasks: call {name.rpartition('.')[2]} anew"
        )
    call = handle.call()
    hooks = {name: getattr(call, name) for name in HOOKS}
    draft = type(task)(**_options_of(task) | hooks | options)
    draft.to_call(function, *call.args, **call.kwargs)
    definition = draft.definition(handle.record.group)
    definition.parent = handle.record.id
    return definition


def _options_of(task: "Task") -> dict[str, Any]:
    """As they were given when it was pushed."""
    signed = task.handle.header().options
    kept = {name: getattr(task, name) for name in TRAVELLING if name not in _NEW}
    given = {name: value for name, value in kept.items() if value != TRAVELLING[name].default}
    more = {"retries": signed.get("retries", 0), "backoff": task.handle.backoff()}
    return given | more | {"name": task.handle.record.name}
