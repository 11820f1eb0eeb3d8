"""Finds what keeps a call from being pickled, and says how the call reaches it."""

from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from types import FunctionType, MethodType
from typing import Any, NamedTuple

from ..errors import NotPicklable
from .by_value import by_reference, captured_cells, captured_globals
from .call import Call
from .local_modules import module_with
from .suspects import kind_of, mend_of, mend_of_result
from .weighing import weigh

_ITEMS = 10_000
"""Items of one container that are looked at."""
_VALUES = 20_000
"""Values that are looked at in all; each is pickled once, and a chain of them once a link."""
_DEPTH = 12
_HOLDS, _IS = "holds", "is"
_MAKE_IT = "make it inside the function, or pass what you need of it"
_SHOWN = 40
"""Characters of a dict's key inside a path."""


class _Step(NamedTuple):
    """A value and the way to it: who takes it along how, and the path from there."""

    value: Any
    owner: str
    verb: str
    path: str
    depth: int

    def inside(self, value: Any, path: str) -> "_Step":
        return self._replace(value=value, path=self.path + path, depth=self.depth + 1)

    def taken(self, owner: str, verb: str, name: str, value: Any) -> "_Step":
        return _Step(value, f"`{owner}`", verb, name, self.depth + 1)

    def __str__(self) -> str:
        if self.verb == _HOLDS:
            mend = mend_of_result(self.value)
        else:
            mend = mend_of(self.value) or _refusal(self.value) or _MAKE_IT
        return f"{self.owner} {self.verb} `{self.path}` ({kind_of(self.value)}): {mend}"


def culprit(call: Call) -> str | None:
    """What is in the way of pickling a call, with the shortest path to it and the mend.

    None when nothing is found. For example "`load` captures `con` (sqlite3.Connection): open it
    inside the function".
    """
    return _search(_beginnings(call))


def culprit_in(value: object, what: str) -> str | None:
    """The same for one value: "the result holds `[0]` (_thread.lock): ..."; None when it is the
    value as a whole."""
    return _search(_children(_Step(value, what, _HOLDS, "", 0)))


def _search(beginnings: Iterable[_Step]) -> str | None:
    """Breadth first, through values that fail, to one of which no part fails."""
    seen: dict[int, Any] = {}
    waiting = deque(step for step in islice(beginnings, _ITEMS) if _fails(step.value))
    while waiting:
        step = waiting.popleft()
        if id(step.value) in seen:
            continue
        seen[id(step.value)] = step.value
        inner = [] if _known(step.value) or step.depth >= _DEPTH else _failing(step, seen)
        if not inner:
            return str(step)
        waiting.extend(inner)
    return None


def _failing(step: _Step, seen: dict[int, Any]) -> list[_Step]:
    found = []
    for child in islice(_children(step), _ITEMS):
        if len(seen) >= _VALUES:
            break
        if id(child.value) not in seen and _fails(child.value):
            found.append(child)
    return found


def _known(value: Any) -> bool:
    """Not to be taken apart: a bar is named, and not the file that it writes to."""
    if isinstance(value, (FunctionType, type)):
        return False
    return mend_of(value) is not None


def _beginnings(call: Call) -> Iterator[_Step]:
    name = f"`{name_of(call.func)}`"
    yield _Step(call.func, name, _IS, name_of(call.func), 0)
    for path, value in zip(parameters(call), call.args, strict=False):
        yield _Step(value, name, "gets", path, 0)
    for path, value in call.kwargs.items():
        yield _Step(value, name, "gets", path, 0)
    for hook in ("on_start", "on_success", "on_error"):
        value = getattr(call, hook)
        if value is not None:
            yield _Step(value, name, f"has the {hook} hook", name_of(value), 0)


def parameters(call: Call) -> Iterator[str]:
    """The names of its positional arguments, as far as the signature tells them."""
    code = getattr(call.func, "__code__", None)
    names = code.co_varnames[: code.co_argcount] if code is not None else ()
    yield from names
    for number in range(len(names), len(call.args)):
        yield f"args[{number}]"


def _children(step: _Step) -> Iterator[_Step]:
    value = step.value
    if isinstance(value, FunctionType):
        yield from _of_function(step, value)
    elif isinstance(value, MethodType):
        if step.verb == _IS:
            yield step.taken(name_of(value), "captures", "self", value.__self__)
        else:
            yield step.inside(value.__self__, ".__self__")
        yield step.inside(value.__func__, "")
    elif isinstance(value, partial):
        yield step.inside(value.func, ".func")
        yield step.inside(value.args, ".args")
        yield step.inside(value.keywords, ".keywords")
    elif isinstance(value, (dict, list, tuple, set, frozenset)):
        yield from _of_container(step)
    elif isinstance(value, type):
        if not by_reference(value):
            for name, item in vars(value).items():
                yield step.inside(item, f".{name}")
    else:
        yield from _of_instance(step)


def _of_function(step: _Step, func: FunctionType) -> Iterator[_Step]:
    if by_reference(func):
        return
    owner = name_of(func)
    for name, value in captured_cells(func):
        yield step.taken(owner, "captures", name, value)
    if module_with(func.__globals__) is None:
        for name, value in captured_globals(func):
            yield step.taken(owner, "captures", name, value)
    count = func.__code__.co_argcount
    defaults = func.__defaults__ or ()
    names = func.__code__.co_varnames[count - len(defaults) : count]
    for name, value in (*zip(names, defaults, strict=True), *(func.__kwdefaults__ or {}).items()):
        yield step.taken(owner, "has the default", name, value)
    for name, value in func.__dict__.items():
        yield step.taken(owner, "has the attribute", name, value)


def _of_container(step: _Step) -> Iterator[_Step]:
    value = step.value
    if isinstance(value, dict):
        for key, item in value.items():
            yield step.inside(item, f"[{_short(key)}]")
            yield step.inside(key, f"'s key {_short(key)}")
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield step.inside(item, f"[{number}]")
    else:
        for item in value:
            yield step.inside(item, "'s item")


def _of_instance(step: _Step) -> Iterator[_Step]:
    value = step.value
    yield from (
        step.inside(item, f".{name}") for name, item in getattr(value, "__dict__", {}).items()
    )
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                yield step.inside(getattr(value, name), f".{name}")
    if not by_reference(type(value)):
        yield step.taken(kind_of(value), "is the class", kind_of(value), type(value))


def name_of(func: Any) -> str:
    """What to call a function in a sentence."""
    if isinstance(func, partial):
        return name_of(func.func)
    return getattr(func, "__name__", None) or kind_of(func)


def _short(key: Any) -> str:
    text = repr(key)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _refusal(value: Any) -> str | None:
    """What one of our own says that does not let itself be pickled."""
    why = weigh(value)
    return str(why) if isinstance(why, NotPicklable) else None


def _fails(value: Any) -> bool:
    return isinstance(weigh(value), Exception)
