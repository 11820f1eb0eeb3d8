"""What a task needs of its worker beside code: GPUs, memory, and whatever a lab counts.

As a dict it is what people write, {"gpu": 1, "memory": 16_000_000_000}; as a text, sorted by name,
it is a part of the task's lane.
"""

import re
from collections.abc import Mapping
from numbers import Integral
from typing import Any

Needs = dict[str, int]
"""How much of each; "memory" in bytes, "gpu" in whole devices, any other as its name says."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kMGT]?i?)B\s*", re.IGNORECASE)
_UNITS = {
    "": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12,
    "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40,
}  # fmt: skip


def needs_of(value: object, option: str, *, least: int = 1) -> Needs | None:
    """What people write, checked; None and {} are none.

    Args:
        least: the smallest amount that makes sense.

    Raises:
        TypeError, ValueError: it is no dict, or a name or an amount in it cannot be.

    >>> needs_of({"memory": "16GB", "gpu": 1}, "needs")
    {'gpu': 1, 'memory': 16000000000}
    """
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise TypeError(f'{option}={value!r}: give a dict as {{"gpu": 1, "memory": "16GB"}}')
    for name in value:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(f"{option}: {name!r} is no name: letters, digits, and _ . - inside")
    return {name: _amount(name, value[name], option, least) for name in sorted(value)} or None


def _amount(name: str, value: object, option: str, least: int) -> int:
    if name == "memory" and isinstance(value, str):
        number = _bytes_of(value, option)
    elif isinstance(value, bool):
        raise TypeError(f"{option}: {name}={value!r}: give a number")
    elif isinstance(value, Integral):
        number = int(value)
    else:
        kind = 'bytes or a text as "16GB"' if name == "memory" else "a whole number"
        raise TypeError(f"{option}: {name}={value!r}: give {kind}")
    if number < least:
        raise ValueError(f"{option}: {name}={value!r}: give {least} or more, or leave it out")
    return number


def _bytes_of(text: str, option: str) -> int:
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ValueError(f'{option}: memory={text!r}: write it as "500MB", "16GB" or "16GiB"')
    return int(float(found[1]) * _UNITS[found[2].lower()])


def capacity(text: str) -> Needs:
    """One of what a worker has, as it is written at the command line.

    Raises:
        TypeError, ValueError

    >>> capacity("memory=64GB"), capacity("license=3")
    ({'memory': 64000000000}, {'license': 3})
    """
    name, _, amount = text.partition("=")
    value = int(amount) if amount.strip().isdecimal() else amount
    return needs_of({name: value}, "has", least=0) or {}


def as_size(number: float) -> str:
    """Bytes as people read them.

    >>> as_size(16_000_000_000), as_size(1_532_000)
    ('16 GB', '1.53 MB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} TB"


def text_of(needs: Mapping[str, int] | None) -> str:
    """Needs as a lane has them; "" for none.

    >>> text_of({"memory": 16_000_000_000, "gpu": 1})
    'gpu=1,memory=16000000000'
    """
    return ",".join(f"{name}={amount}" for name, amount in sorted((needs or {}).items()))


def from_text(text: str | None) -> Needs:
    """Needs out of a lane or a record.

    >>> from_text("gpu=1,memory=16000000000")
    {'gpu': 1, 'memory': 16000000000}
    """
    pairs: list[Any] = [one.partition("=") for one in text.split(",")] if text else []
    return {name: int(amount) for name, _, amount in pairs}


def amounts(text: str | None) -> str:
    """What a worker has or a task needs, as people read it.

    >>> amounts("gpu=2,license=1,memory=64000000000")
    '2 gpu, 1 license, 64 GB memory'
    """
    told = from_text(text).items()
    return ", ".join(f"{as_size(n) if name == 'memory' else n} {name}" for name, n in told)


def fit(needs: Mapping[str, int], into: Mapping[str, int]) -> bool:
    """Whether there is enough of each.

    >>> fit({"gpu": 1}, {"gpu": 2, "license": 1}), fit({"gpu": 1}, {})
    (True, False)
    """
    return all(into.get(name, 0) >= amount for name, amount in needs.items())
