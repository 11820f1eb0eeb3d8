"""The Lua of the verbs, read once: what they include, and the numbers they name."""

import hashlib
import re
from functools import cache
from importlib.resources import files
from string import Template
from typing import NamedTuple

from ...constants import (
    BLOB_GRACE,
    FORCED,
    MAX_LANES,
    MAX_LOSSES,
    MAX_PRIORITY,
    NAMES_KEPT,
    PROMOTE_BATCH,
    SEQ_BITS,
)
from ...record import Reason
from ...states import Status

PAGE = 500
"""Tasks that one call of a verb that goes through many looks at: the server does nothing else
meanwhile, and 500 take it some 10 ms."""

BATCH_SILENCE = 60
"""Seconds without a word about a batch after which others end what its client began."""

_INCLUDE = re.compile(r"^--! include (\w+)$", re.MULTILINE)

_FUNCTION = re.compile(r"^local function (\w+)\(.*?^end$\n?", re.MULTILINE | re.DOTALL)
_WORD = re.compile(r"\w+")

_NAMES = (
    {status.name: int(status) for status in Status}
    | {f"reason_{name.lower()}": word for name, word in vars(Reason).items() if name.isupper()}
    | {
        "BLOB_GRACE": BLOB_GRACE,
        "FORCED": FORCED,
        "MAX_LANES": MAX_LANES,
        "MAX_LOSSES": MAX_LOSSES,
        "MAX_PRIORITY": MAX_PRIORITY,
        "PROMOTE_BATCH": PROMOTE_BATCH,
        "RANK_STEP": 1 << SEQ_BITS,
        "NAMES_KEPT": NAMES_KEPT,
        "PAGE": PAGE,
        "BATCH_SILENCE": BATCH_SILENCE,
    }
)


class Script(NamedTuple):
    source: bytes
    sha: bytes


@cache
def script(verb: str) -> Script:
    """The script of `lua/<verb>.lua`."""
    folder = files(__package__) / "lua"
    text = (folder / f"{verb}.lua").read_text("utf-8")
    whole = _INCLUDE.sub(lambda found: (folder / "shared" / f"{found[1]}.lua").read_text(), text)
    source = Template(_linked(whole)).substitute(_NAMES).encode()
    return Script(source, hashlib.sha1(source, usedforsecurity=False).hexdigest().encode())


def _linked(text: str) -> str:
    """Without comments, and without the functions that nobody calls: the server makes every
    function of a script anew at each run, at half a microsecond apiece."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("--"))
    code = "\n".join(lines)
    functions = {found[1]: found[0] for found in _FUNCTION.finditer(code)}
    open_ends = _WORD.findall(_FUNCTION.sub("", code))
    needed: set[str] = set()
    while open_ends:
        name = open_ends.pop()
        if name in functions and name not in needed:
            needed.add(name)
            open_ends += _WORD.findall(functions[name])
    return _FUNCTION.sub(lambda found: found[0] if found[1] in needed else "", code)
