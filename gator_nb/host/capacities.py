"""What a worker has for tasks that need more than code, and which of it is taken just now."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path

from ..needs import Needs, fit, needs_of

_CGROUP = Path("/sys/fs/cgroup")
_CGROUPS_OF_SELF = Path("/proc/self/cgroup")
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_PROGRAM = "nvidia-smi"
_LONGEST_LOOK = 30.0
"""Seconds that `nvidia-smi` may take: the first call after a boot loads the driver."""


class Capacities:
    """The capacities of one worker. Claims take of them and give back; any thread may ask.

    Args:
        has: what was said of them; GPUs and memory that nothing was said of are found.
        find: look for those on this host, where user code runs.

    >>> has = Capacities({"license": 2})
    >>> has.take("claim", {"license": 2})
    >>> has.fits_now({"license": 1}), has.fits({"license": 1})
    (False, True)
    >>> has.give_back("claim")
    >>> has.fits_now({"license": 1})
    True
    """

    def __init__(self, has: Mapping[str, object] | None = None, *, find: bool = True) -> None:
        self._said = needs_of(has, "has", least=0) or {}
        self._find = find
        self._lock = threading.Lock()
        self._taken: dict[str, Needs] = {}
        self._devices: dict[str, tuple[str, ...]] = {}

    def fits(self, needs: Needs) -> bool:
        """Whether there is enough when nothing else runs."""
        return fit(needs, {name: self._whole(name) for name in needs})

    def fits_now(self, needs: Needs) -> bool:
        """Whether there is enough beside what runs."""
        with self._lock:
            taken = list(self._taken.values())
        left = {n: self._whole(n) - sum(one.get(n, 0) for one in taken) for n in needs}
        return fit(needs, left)

    def take(self, claim: str, needs: Needs) -> None:
        """Give a claim what it needs, and devices of its own."""
        with self._lock:
            self._taken[claim] = needs
            if number := needs.get("gpu"):
                used = {one for several in self._devices.values() for one in several}
                free = [one for one in self._gpus if one not in used]
                self._devices[claim] = tuple(free[:number])

    def give_back(self, claim: str) -> None:
        """That claim has ended; one that took nothing is fine."""
        with self._lock:
            self._taken.pop(claim, None)
            self._devices.pop(claim, None)

    def known(self) -> Needs:
        """All that there is: what was said, and what was found; GPUs once they were looked for.

        >>> Capacities({"gpu": 2, "license": 0}, find=False).known()
        {'gpu': 2}
        """
        found = {"memory": self._memory}
        if self.looked:
            found["gpu"] = len(self._gpus)
        return {name: n for name, n in {**found, **self._said}.items() if n}

    @property
    def looked(self) -> bool:
        """GPUs have been looked for."""
        return "_gpus" in self.__dict__

    def look(self) -> None:
        """Look for GPUs; on a thread of its own where that may take half a minute."""
        if self._find and _VISIBLE not in os.environ and shutil.which(_PROGRAM):
            look = partial(self._whole, "gpu")
            threading.Thread(target=look, name="gator_nb GPUs", daemon=True).start()
        else:
            self._whole("gpu")

    def devices(self, claim: str) -> tuple[str, ...]:
        """The GPUs of a claim, as CUDA_VISIBLE_DEVICES names them."""
        with self._lock:
            return self._devices.get(claim, ())

    def _whole(self, name: str) -> int:
        if name in self._said:
            return self._said[name]
        if name == "gpu":
            return len(self._gpus)
        return self._memory if name == "memory" else 0

    @cached_property
    def _gpus(self) -> tuple[str, ...]:
        """The devices; where more were said than are found they are numbered."""
        found = visible_gpus() if self._find else ()
        number = self._said.get("gpu", len(found))
        return found[:number] if number <= len(found) else tuple(map(str, range(number)))

    @cached_property
    def _memory(self) -> int:
        return usable_memory() if self._find else 0


def visible_gpus() -> tuple[str, ...]:
    """The GPUs that this process may use: those of CUDA_VISIBLE_DEVICES, else all that nvidia-smi
    names."""
    visible = os.environ.get(_VISIBLE)
    if visible is not None:
        named = [one.strip() for one in visible.split(",")]
        return tuple(one for one in named if one not in ("", "-1", "NoDevFiles"))
    program = shutil.which(_PROGRAM)
    if program is None:
        return ()
    try:
        told = subprocess.run(  # noqa: S603 -- a program of the system
            [program, "-L"], capture_output=True, text=True, timeout=_LONGEST_LOOK, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    # By id, because CUDA numbers the devices in an order of its own.
    lines = [line for line in told.stdout.splitlines() if line.startswith("GPU ")]
    return tuple(line.rpartition("UUID: ")[2].rstrip(")") for line in lines)


def usable_memory() -> int:
    """Bytes that this process may use: of the host, and by the limits of its cgroup and of those
    around that; 0 where the system does not tell."""
    if not hasattr(os, "sysconf"):
        return 0
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([total, *_memory_limits()])


def _memory_limits() -> Iterator[int]:
    with suppress(OSError):
        for line in _CGROUPS_OF_SELF.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers == "":
                root, name = _CGROUP, "memory.max"
            elif "memory" in controllers.split(","):
                root, name = _CGROUP / "memory", "memory.limit_in_bytes"
            else:
                continue
            inner = root / path.lstrip("/")
            # In a container the path may be the host's, and only the root is there.
            for folder in {inner, *inner.parents, root}:
                with suppress(OSError, ValueError):  # not there, or "max"
                    if folder.is_relative_to(root):
                        yield int((folder / name).read_text())
