"""The calls of one push: what several of them have in common is pickled and digested once."""

from collections.abc import Sequence
from pickle import PickleBuffer
from typing import Any, NamedTuple, Self

from .atoms import is_atom
from .call import Call
from .call_key import call_key, digests_of
from .digest import Undigestible
from .environment import Environment, environment_of
from .large import LARGE, Beside, Large, divided
from .pickling import Pickled, pickled, pickled_apart, pickled_call
from .sources import Sources, sources_of
from .steady import steady


class Packed(NamedTuple):
    """A pickled call, and what is told beside it."""

    payload: bytes
    sources: Sources | None
    environment: Environment
    larges: Sequence[Large] = ()
    """The buffers that belong into the payload, in their order."""
    refs: Sequence[str] = ()
    """Large values that it has the names of."""


class Packing:
    """Packs the calls of one push, which are all as they are at this moment.

    A function by itself is pickled once for all calls whose arguments share nothing with it; a
    steady one not even that, while nothing in it has changed.

    Args:
        several: calls of one function are to come.
        whole: large buffers stay in their calls.

    Attributes:
        larges: the large buffers of all calls that were packed, by name.
    """

    def __init__(self, *, several: bool = False, whole: bool = False) -> None:
        self.larges: dict[str, Large] = {}
        self._several = several
        self._whole = whole
        self._functions: dict[int, _Function | None] = {}
        self._environments: dict[int, Environment] = {}

    def packed(self, call: Call) -> Packed:
        """The bytes of a call: function, arguments and hooks by value, as they are now.

        Raises:
            NotPicklable: names what is in the way, the path to it, and the mend.
        """
        packed = self._packed(call)
        if not self._whole:
            payload, larges = divided(packed.payload, packed.larges)
            self.larges.update((large.name, large) for large in larges)
            packed = packed._replace(payload=payload, larges=larges)
        return packed

    def _packed(self, call: Call) -> Packed:
        if self._whole:
            return _described(pickled_call(call))
        apart = _travels_apart(call)
        function = self._function(call.func) if apart else None
        parts = None if function is None else function.parts(call.func)
        if function is None or parts is None:
            pickled = pickled_call(call, beside=Beside())
            if not apart or len(pickled.data) < LARGE:
                return _described(pickled)
            function = self._functions[id(call.func)] = _Function()  # as a large value by itself
            parts = function.parts(call.func) or pickled
        data, larges = pickled_apart(function.large or parts.data, parts.larges, call)
        environment = self._environment(function, parts)
        return Packed(data, function.sources, environment, larges, parts.refs)

    def key(self, call: Call) -> str | None:
        """The key of a call; see `call_key`."""
        function = self._function(call.func)
        return call_key(call) if function is None else function.key(call)

    def _function(self, func: Any) -> "_Function | None":
        key = id(func)
        if key not in self._functions:
            self._functions[key] = self._found(func)
        return self._functions[key]

    def _found(self, func: Any) -> "_Function | None":
        known = steady(func, lambda: _Function.pickled(func))
        return _Function() if known is None and self._several else known

    def _environment(self, function: "_Function", parts: Pickled) -> Environment:
        known = self._environments.get(id(function))
        if known is None:
            known = environment_of(parts.modules, parts.codes)
            self._environments[id(function)] = known
        return known


class _Function:
    """A function that is pickled by itself."""

    def __init__(self) -> None:
        self.sources: Sources | None = None
        self.large: Large | None = None
        """Its pickle, where that is large by itself."""
        self._parts: Pickled | None = None
        self._cannot = False
        self._digests: tuple[bytes, bytes] | None = None
        self._no_key = False

    @classmethod
    def pickled(cls, func: Any) -> Self:
        """One whose parts are there already."""
        made = cls()
        made.parts(func)
        return made

    def parts(self, func: Any) -> Pickled | None:
        """Its pickle; None where it has none."""
        if self._parts is None and not self._cannot:
            try:
                self._parts = pickled(func, beside=Beside())
            except Exception:  # noqa: BLE001 -- who pickles the whole call tells of it
                self._cannot = True
            else:
                self.sources = sources_of(self._parts.codes)
                if len(self._parts.data) >= LARGE:
                    self.large = Large(PickleBuffer(self._parts.data))
        return self._parts

    def key(self, call: Call) -> str | None:
        """The key of a call of it."""
        if self._digests is None and not self._no_key:
            try:
                self._digests = digests_of(call.func)
            except (Undigestible, RecursionError):
                self._no_key = True
        return None if self._digests is None else call_key(call, self._digests)


def _described(pickled: Pickled) -> Packed:
    data, codes, modules, larges, refs = pickled
    return Packed(data, sources_of(codes), environment_of(modules, codes), larges, refs)


def _travels_apart(call: Call) -> bool:
    """Whether function and arguments have nothing in common that would be two things when they
    arrive."""
    return not call.hooks and all(map(is_atom, (*call.args, *call.kwargs.values())))
