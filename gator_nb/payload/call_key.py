"""The identity of a call: a digest of what would be done, not of where it was written.

`version:python:code:captured:arguments`, the last three of 16 hexadecimal characters each.
"""

import sys
from functools import partial
from hashlib import blake2b
from types import FunctionType, MethodType
from typing import Any

from .by_value import by_reference
from .call import Call
from .code_digest import code_digest
from .digest import Digester, Undigestible, source_of
from .signatures import signature_of

_VERSION = f"1:{sys.version_info.major}.{sys.version_info.minor}"
_PARTS = ("its version", "its Python version", "its code", "its captured values", "its arguments")
_HALF = 8
_MOST_LAYERS = 20
_STARRED = 0x04 | 0x08
"""The flags of a code that takes `*args` or `**kwargs`; see `inspect.CO_VARARGS`."""


def call_key(call: Call, function: tuple[bytes, bytes] | None = None) -> str | None:
    """The key of a call; None when something in it has no canonical digest. `function` is what
    `digests_of` made of its function.

    Bytecode, constants, names, defaults, captured values and arguments count, as they are now.
    File names, lines, comments, the order of sets and dicts, and hooks do not.

    >>> call_key(Call(divmod, (7, 2), {})) == call_key(Call(divmod, (7, 2), {}))
    True
    """
    try:
        return _key(call, digests_of(call.func) if function is None else function)
    except (Undigestible, RecursionError):
        return None


def why_no_key(call: Call) -> str | None:
    """What keeps a call from having a key; None when it has one."""
    try:
        _key(call, digests_of(call.func))
    except Undigestible as error:
        return str(error)
    except RecursionError:
        return "values that are nested too deeply"
    return None


def difference(a: str, b: str) -> str:
    """What sets two keys apart, in words: "its code and its arguments"; empty when nothing does."""
    pairs = zip(_PARTS, a.split(":"), b.split(":"), strict=True)
    differing = [part for part, left, right in pairs if left != right]
    return " and ".join(filter(None, (", ".join(differing[:-1]), *differing[-1:])))


def same_kind(key: str) -> bool:
    """Whether a key can be compared with those that are made here."""
    return key.startswith(f"{_VERSION}:")


def code_part(of: Any) -> str:
    """The part of a key that tells what its function does; a function may be given instead."""
    if isinstance(of, str):
        return of.split(":")[2]
    return _code(_layers(of))[:_HALF].hex()


def digests_of(func: Any) -> tuple[bytes, bytes]:
    """The digests of a function's code and of what it captures.

    Raises:
        Undigestible, RecursionError
    """
    layers = _layers(func)
    captured = Digester()
    captured.leave_out_code(layers)
    return _code(layers), captured.digest((captured.token(func),))


def _key(call: Call, function: tuple[bytes, bytes]) -> str:
    arguments = Digester()
    bound = bound_arguments(call.func, call.args, call.kwargs)
    halves = (*function, arguments.digest((arguments.token(bound),)))
    return ":".join((_VERSION, *(half[:_HALF].hex() for half in halves)))


def _layers(func: Any) -> list[Any]:
    """The function in methods and partials, and those that it names as wrapped by it."""
    while True:
        if type(func) is MethodType:
            func = func.__func__
        elif isinstance(func, partial):
            func = func.func
        else:
            break
    layers = [func]
    while len(layers) < _MOST_LAYERS and _by_value(layers[-1]):
        layers.append(layers[-1].__wrapped__)
    return layers


def _by_value(func: Any) -> bool:
    return hasattr(func, "__wrapped__") and hasattr(func, "__qualname__") and not by_reference(func)


def _code(layers: list[Any]) -> bytes:
    if len(layers) == 1:
        return _code_of(layers[0])
    return blake2b(b"".join(map(_code_of, layers)), digest_size=_HALF).digest()


def _code_of(func: Any) -> bytes:
    if type(func) is FunctionType and not by_reference(func):
        return code_digest(func.__code__)
    named = func if hasattr(func, "__qualname__") else type(func)
    module = getattr(named, "__module__", None)  # a method of a class in C has none
    name = f"{module}:{named.__qualname__}".encode("utf-8", "surrogatepass")
    return blake2b(name + source_of(named), digest_size=_HALF).digest()


def bound_arguments(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The arguments by the names of the parameters, defaults filled in.

    As given, when the signature is not known or does not fit.
    """
    if type(func) is not FunctionType or func.__dict__ or func.__code__.co_flags & _STARRED:
        return _bound_by_signature(func, args, kwargs)
    code = func.__code__
    count = code.co_argcount
    if not kwargs and len(args) == count and not code.co_kwonlyargcount:
        return dict(zip(code.co_varnames, args, strict=False))
    names = code.co_varnames[: count + code.co_kwonlyargcount]
    fits = len(args) <= count and kwargs.keys().isdisjoint(names[: len(args)])
    if code.co_posonlyargcount or not fits or not kwargs.keys() <= set(names):
        return _bound_by_signature(func, args, kwargs)
    defaults = func.__defaults__ or ()
    bound = dict(zip(names[count - len(defaults) : count], defaults, strict=True))
    bound.update(func.__kwdefaults__ or {})
    bound.update(zip(names, args, strict=False))
    bound.update(kwargs)
    return bound


def _bound_by_signature(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    signature = signature_of(func)
    try:
        bound = None if signature is None else signature.bind(*args, **kwargs)
    except TypeError:
        bound = None
    if bound is None:
        return (args, kwargs)
    bound.apply_defaults()
    return bound.arguments
