"""The digest of a code object: what it does, not where it stands."""

import marshal
from hashlib import blake2b
from types import CodeType
from typing import Any
from weakref import ref

SIZE = 16
"""Bytes of every digest inside a call key."""

_digests: dict[int, tuple[ref[CodeType], bytes]] = {}


def code_digest(code: CodeType) -> bytes:
    """16 bytes that follow from bytecode, constants and names, and from nothing else.

    File name, line numbers and the order of sets do not matter.
    """
    key = id(code)
    known = _digests.get(key)
    if known is not None and known[0]() is code:
        return known[1]
    bytecode, constants = _without_lines(code)
    parts = (
        bytecode,
        code.co_exceptiontable,
        [_constant(value) for value in constants],
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        code.co_name,
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags),
    )
    # Version 2 of marshal knows no references, so its bytes follow from the values alone.
    digest = blake2b(marshal.dumps(parts, 2), digest_size=SIZE).digest()
    _digests[key] = ref(code, lambda _: _digests.pop(key, None)), digest
    return digest


def _constant(value: Any) -> Any:
    """A constant as a value that marshal writes in one way only; the tags keep kinds apart."""
    match value:
        case CodeType():
            return ["code", code_digest(value)]
        case tuple():
            return ["tuple", [_constant(item) for item in value]]
        case frozenset():
            return ["set", sorted(marshal.dumps(_constant(item), 2) for item in value)]
        case slice():
            return ["slice", [_constant(part) for part in (value.start, value.stop, value.step)]]
        case _:
            return value


def _without_lines(code: CodeType) -> tuple[bytes, tuple[Any, ...]]:
    """Bytecode and constants, without the line that Python 3.13 stores in the body of a class."""
    if "__firstlineno__" not in code.co_names:
        return code.co_code, code.co_consts
    import dis

    bytecode, constants = bytearray(code.co_code), list(code.co_consts)
    before = None
    for instruction in dis.get_instructions(code):
        stores_line = instruction.argval == "__firstlineno__"
        if stores_line and before is not None and before.argval == code.co_firstlineno:
            bytecode[before.offset : before.offset + 2] = b"\0\0"
            if before.opname == "LOAD_CONST":
                constants[before.arg or 0] = None
        before = instruction
    return bytes(bytecode), tuple(constants)
