"""The calls of one push: what several of them have in common is pickled and digested once."""

from typing import Any, NamedTuple, Self

from .atoms import is_atom
from .call import Call
from .call_key import call_key, digests_of
from .digest import Undigestible
from .environment import Environment, environment_of
from .pickling import Pickled, pickled, pickled_apart, pickled_call
from .sources import Sources, sources_of
from .steady import steady


class Packed(NamedTuple):
    """A pickled call, and what is told beside it."""

    payload: bytes
    sources: Sources | None
    environment: Environment


class Packing:
    """Packs the calls of one push, which are all as they are at this moment.

    A function by itself is pickled once for all calls whose arguments share nothing with it; a
    steady one not even that, while nothing in it has changed.

    Args:
        several: calls of one function are to come.
    """

    def __init__(self, *, several: bool = False) -> None:
        self._several = several
        self._functions: dict[int, _Function | None] = {}
        self._environments: dict[int, Environment] = {}

    def packed(self, call: Call) -> Packed:
        """The bytes of a call: function, arguments and hooks by value, as they are now.

        Raises:
            NotPicklable: names what is in the way, the path to it, and the mend.
        """
        function = self._function(call.func) if _travels_apart(call) else None
        parts = None if function is None else function.parts(call.func)
        if function is None or parts is None:
            data, codes, modules = pickled_call(call)
            return Packed(data, sources_of(codes), environment_of(modules, codes))
        data = pickled_apart(parts.data, call)
        return Packed(data, function.sources, self._environment(function, parts))

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
                self._parts = pickled(func)
            except Exception:  # noqa: BLE001 -- who pickles the whole call tells of it
                self._cannot = True
            else:
                self.sources = sources_of(self._parts.codes)
        return self._parts

    def key(self, call: Call) -> str | None:
        """The key of a call of it."""
        if self._digests is None and not self._no_key:
            try:
                self._digests = digests_of(call.func)
            except (Undigestible, RecursionError):
                self._no_key = True
        return None if self._digests is None else call_key(call, self._digests)


def _travels_apart(call: Call) -> bool:
    """Whether function and arguments have nothing in common that would be two things when they
    arrive."""
    return not call.hooks and all(map(is_atom, (*call.args, *call.kwargs.values())))
