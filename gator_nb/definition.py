"""The definition of a call: what a task is before it is pushed, and how it becomes a `Push`."""

import inspect
import itertools
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, Self

from .backends.base import Push
from .keys import Keyring
from .keys import load as load_keys
from .needs import text_of
from .option_values import TRAVELLING, mend_for_stray, stray_options
from .payload import (
    Call,
    CallHeader,
    Packing,
    Promised,
    bound_arguments,
    loads,
    open_call,
    peek,
    preview_of,
    referring,
    seal_call,
    signature_of,
    why_no_key,
)
from .record import Record, lane_of
from .warning import warn_user

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_VARIADIC = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


def new_id() -> str:
    """128 random bits in hex."""
    return os.urandom(16).hex()


@dataclass(slots=True)
class Definition:
    """A call and its options, checked and ready to be stored."""

    task_id: str
    call: Call
    retries: int = 0
    backoff: float = 0.0
    due: float | None = None
    name: str | None = None
    group: str | None = None
    depends_on: tuple[str, ...] = ()
    reuse: bool = False
    is_async: bool = True
    more: Mapping[str, Any] = field(default_factory=dict)
    """The options of `TRAVELLING` that were given."""
    parent: str | None = None
    """The task that it is a retry of."""

    def to_push(
        self, keyring: Keyring, queue: str, session: str, packing: Packing | None = None
    ) -> Push:
        """Pickle, sign and describe the call: from here on it is a snapshot.

        Args:
            queue: where it goes when its options name no other.
            packing: of the calls that are pushed with it.

        Raises:
            NotPicklable: names what is in the way, and the mend.
            TypeError: a task among the arguments is not on a queue.
        """
        call, refers = referring(self.call)
        packing = packing or Packing()
        queue = self.more.get("queue") or queue
        key = packing.key(call)
        if self.reuse and key is None:
            warn_user(f"reuse=True finds no earlier task of this call: {why_no_key(call)}")
        record = Record(
            id=self.task_id,
            queue=queue,
            lane=lane_for(PYTHON, keyring, self.more),
            origin=self.task_id,
            session=session,
            parent=self.parent,
            group=self.group,
            name=self.name,
            label=self.name or function_name(call.func),
            call_key=key,
            due=self.due,
            retries=self.retries,
            depends_on=tuple(dict.fromkeys((*self.depends_on, *refers))),
            **columns(self.more),
        )
        envelope, refs = self._sealed(call, refers, keyring, queue, session, packing)
        return Push(record._replace(refs=refs) if refs else record, envelope, self.reuse)

    def sealed(self) -> bytes:
        """The signed envelope of the call, for nobody but this user.

        Raises:
            NotPicklable, TypeError: as `to_push`.
        """
        call, refers = referring(self.call)
        return self._sealed(call, refers, load_keys(), "", None, Packing(whole=True))[0]

    def _sealed(
        self,
        call: Call,
        refers: tuple[str, ...],
        keyring: Keyring,
        queue: str,
        session: str | None,
        packing: Packing,
    ) -> tuple[bytes, tuple[str, ...]]:
        """The envelope, and the names of the large values that it needs."""
        payload, sources, environment, larges, refs = packing.packed(call)
        within = tuple(large.name for large in larges)
        header = CallHeader(
            origin=self.task_id,
            queue=queue,
            label=self.name or function_name(call.func),
            python=PYTHON,
            options=self._signed_options(),
            name=self.name,
            function=qualified_name(call.func),
            arguments=preview_arguments(call),
            session=session,
            group=self.group,
            sources=sources,
            environment=environment,
            parameters=preview_parameters(call) or None,
            results={task_id: task_id for task_id in refers} or None,
            hooks=call.hooks,
            refs=within,
        )
        needed = tuple(dict.fromkeys((*within, *refs)))
        return seal_call(keyring, header, payload), needed

    @classmethod
    def unsealed(cls, data: bytes) -> Self:
        """A definition from `sealed`; the signature is checked before anything is loaded.

        Raises:
            Untrusted, KeyMissing
        """
        origin = str(peek(data).get("origin"))
        header, payload = open_call(load_keys(), data, origin=origin, queue="")
        options = dict(header.options)
        return cls(
            task_id=header.origin,
            call=loads(payload),
            retries=options.get("retries", 0),
            backoff=options.get("backoff", 0.0),
            due=options.get("due"),
            name=header.name,
            depends_on=tuple(options.get("depends_on", ())),
            reuse=options.get("reuse", False),
            is_async=options.get("is_async", True),
            more={name: options[name] for name in TRAVELLING if name in options},
        )

    def _signed_options(self) -> dict[str, Any]:
        """The options as pushed, those that differ from the defaults."""
        signed = {
            "retries": self.retries,
            "backoff": self.backoff,
            "due": self.due,
            "depends_on": list(self.depends_on),
            "reuse": self.reuse,
        }
        given: dict[str, Any] = {name: value for name, value in signed.items() if value}
        if not self.is_async:
            given["is_async"] = False
        return {**given, **self.more}


def lane_for(python: str, keyring: Keyring, options: Mapping[str, Any]) -> str:
    """The lane of a call that this Python pickled, by its signed options."""
    needs = text_of(options.get("needs"))
    return lane_of(python, keyring.current.id, options.get("run_in"), needs)


def columns(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the signed options that are fields of a record, as such."""
    return {
        name: TRAVELLING[name].stored(value) for name, value in options.items() if name in COLUMNS
    }


COLUMNS = frozenset(name for name, option in TRAVELLING.items() if option.column)
"""The options that are fields of a record."""


def check_call(func: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuse a call that cannot work, before it is stored.

    Raises:
        TypeError: `func` is not callable, or does not take these arguments; an option among them
            is told apart.
    """
    if not callable(func):
        raise TypeError(
            f"the first argument is the function to call, not {func!r} ({type(func).__name__}); "
            "write gator.task(f, x), not gator.task(f(x))"
        )
    if _fits_at_sight(func, len(args), kwargs):
        return
    signature = signature_of(func)
    if signature is None:
        return  # some C functions do not tell; the call itself will
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        stray = {n: kwargs[n] for n in stray_options(kwargs) if n not in signature.parameters}
        mend = mend_for_stray(stray) if stray else str(error)
        raise TypeError(f"{function_name(func)}{signature}: {mend}") from None


def _fits_at_sight(func: object, n_args: int, kwargs: dict[str, Any]) -> bool:
    """The plain case without `inspect`, which takes as long as the rest of a push."""
    if kwargs or type(func) is not FunctionType or hasattr(func, "__wrapped__"):
        return False
    code = func.__code__
    required = code.co_argcount - len(func.__defaults__ or ())
    plain = not code.co_kwonlyargcount and not code.co_flags & _VARIADIC
    return plain and required <= n_args <= code.co_argcount


def function_name(func: object) -> str:
    """What people call it: `fit`, `Model.fit`, or the class of a callable object."""
    inner = getattr(func, "func", None)  # functools.partial
    name = getattr(func, "__name__", None) or (function_name(inner) if callable(inner) else None)
    return name or type(func).__name__


def qualified_name(func: object) -> str:
    inner = getattr(func, "func", func)
    module = getattr(inner, "__module__", None) or type(inner).__module__
    return f"{module}.{getattr(inner, '__qualname__', type(inner).__qualname__)}"


def preview_arguments(call: Call, limit: int = 200) -> str:
    """The arguments as one short line, for displays; never the whole of a large value."""
    parts = [short(value) for value in call.args]
    parts += [f"{name}={short(value)}" for name, value in call.kwargs.items()]
    text = ", ".join(parts)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def preview_parameters(call: Call, limit: int = 50) -> dict[str, Any]:
    """The arguments by the names of the parameters: plain values as they are, else a preview."""
    bound = bound_arguments(call.func, call.args, call.kwargs)
    if isinstance(bound, tuple):  # the signature is not known
        bound = {**{str(place): value for place, value in enumerate(call.args)}, **call.kwargs}
    code = getattr(call.func, "__code__", None)
    ordered = [name for name in code.co_varnames if name in bound] if code else []
    names = dict.fromkeys((*ordered, *bound))
    return {name: _plain(bound[name]) for name in itertools.islice(names, limit)}


_PLAIN = frozenset({type(None), bool, int, float, str})


def _plain(value: Any) -> Any:
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):  # a scalar of numpy
        value = value.item()
    kind = type(value)
    if kind in _PLAIN:
        return value if kind is not str or len(value) <= 200 else value[:199] + "…"
    if kind in (list, tuple) and len(value) <= 20 and _PLAIN.issuperset(map(type, value)):
        return preview_of(value)
    return short(value)


def short(value: object) -> str:
    """What kind of value it is, or all of a plain one."""
    if isinstance(value, Promised):
        return repr(value.reference())
    if isinstance(value, bool | int | float | complex | type(None)):
        return repr(value)
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:39] + "…")
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"{type(value).__name__}{list(shape)}"
    if isinstance(value, list | tuple | set | frozenset | dict):
        return f"{type(value).__name__} of {len(value)}"
    return function_name(value) if callable(value) else type(value).__name__
