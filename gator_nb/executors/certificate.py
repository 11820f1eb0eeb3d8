"""What can be said of the death of a process that ran a task."""

import json
import signal
from pathlib import Path
from typing import NamedTuple

from ..running import Running

_CGROUP = Path("/sys/fs/cgroup")
_CGROUPS_OF_SELF = Path("/proc/self/cgroup")


class Death(NamedTuple):
    """How a process died."""

    code: int
    """Its exit code, or minus the signal that killed it."""
    peak_memory: int
    """Bytes that it held at most."""
    out_of_memory: bool
    """The system has killed for want of memory meanwhile."""


def certificate(one: Running, death: Death) -> str:
    """Signal or exit code, peak memory, the likely cause, how far the task was."""
    parts = [f"its process {_how(death)} after {one.elapsed:.1f} s"]
    parts.append(f"peak memory {death.peak_memory / 1e9:.2f} GB")
    told = json.loads(one.progress_text() or "{}")
    if told:
        total = "" if told["total"] is None else f" of {told['total']:g}"
        parts.append(f"last progress {told['done']:g}{total}")
    return "; ".join(parts)


def _how(death: Death) -> str:
    if death.code >= 0:
        return f"ended by itself with exit code {death.code} (os._exit, or a library that exits)"
    name = _signal_name(-death.code)
    if death.code == -signal.SIGKILL:
        why = (
            "the system was out of memory"
            if death.out_of_memory
            else "likely out of memory, or somebody's kill -9"
        )
        return f"was killed by {name} ({why})"
    if -death.code in {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE}:
        return f"crashed with {name} in C code (the log may hold the Python lines)"
    return f"was killed by {name}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def oom_kills() -> int:
    """How often the system has killed in this process's memory cgroup; 0 where it does not tell."""
    try:
        lines = _CGROUPS_OF_SELF.read_text().splitlines()
    except OSError:
        return 0
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            count = _count(_CGROUP / path.lstrip("/") / "memory.events")
        elif "memory" in controllers.split(","):
            count = _count(_CGROUP / "memory" / path.lstrip("/") / "memory.oom_control")
        else:
            continue
        if count is not None:
            return count
    return 0


def _count(file: Path) -> int | None:
    try:
        fields = dict(line.split() for line in file.read_text().splitlines())
    except (OSError, ValueError):
        return None
    return int(fields["oom_kill"]) if "oom_kill" in fields else None
