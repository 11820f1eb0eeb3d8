"""The Lua of the verbs, read once: what they include, and the numbers they name."""

import hashlib
import re
from functools import cache
from importlib.resources import files
from string import Template
from typing import NamedTuple

from ...constants import FORCED, MAX_LANES, MAX_LOSSES, MAX_PRIORITY, PROMOTE_BATCH, SEQ_BITS
from ...record import Reason
from ...states import Status

PAGE = 500
"""Tasks that one call of a verb that goes through many looks at: the server does nothing else
meanwhile, and 500 take it some 10 ms."""

BATCH_SILENCE = 60
"""Seconds without a word about a batch after which others end what its client began."""

_INCLUDE = re.compile(r"^--! include (\w+)$", re.MULTILINE)

_NAMES = (
    {status.name: int(status) for status in Status}
    | {f"reason_{name.lower()}": word for name, word in vars(Reason).items() if name.isupper()}
    | {
        "FORCED": FORCED,
        "MAX_LANES": MAX_LANES,
        "MAX_LOSSES": MAX_LOSSES,
        "MAX_PRIORITY": MAX_PRIORITY,
        "PROMOTE_BATCH": PROMOTE_BATCH,
        "RANK_STEP": 1 << SEQ_BITS,
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
    source = Template(whole).substitute(_NAMES).encode()
    return Script(source, hashlib.sha1(source, usedforsecurity=False).hexdigest().encode())
