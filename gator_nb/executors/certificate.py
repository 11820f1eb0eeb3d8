"""What can be said of the death of a process that ran a task, and how its try ended by it."""

import json
import signal
from pathlib import Path
from typing import NamedTuple

from ..attempts.attempt import Ended, canceled, stopped_from_outside, timed_out
from ..attempts.running import Running
from ..errors import TaskLost
from ..payload import outcome_of_error
from ..record import Reason
from ..states import Status
from .child_process import ProcessTry
from .scales import end_by_weight

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
    cut_off: bool = False
    """We ended it, because nothing could be heard from it any more."""


def certificate(one: Running, death: Death) -> str:
    """Signal or exit code, peak memory, the likely cause, how far the task was."""
    parts = [f"its process {_how(death)} after {one.elapsed:.1f} s"]
    if death.peak_memory:
        parts.append(f"peak memory {death.peak_memory / 1e9:.2f} GB")
    told = json.loads(one.progress_text() or "{}")
    if told:
        total = "" if told["total"] is None else f" of {told['total']:g}"
        parts.append(f"last progress {told['done']:g}{total}")
    return "; ".join(parts)


def end_by_death(one: ProcessTry, death: Death) -> Ended:
    """How a try ended whose process has died, by us or by itself."""
    if one.overweight is not None and one.cause is None:
        return end_by_weight(one, death.peak_memory)
    by = " by SIGKILL" if one.killed else ""
    if one.cause in ("stop", "lost"):
        return Ended(None)
    if one.cause in ("cancel", "kill"):
        return canceled(one, by)._replace(peak_memory=death.peak_memory)
    if one.cause is None:
        return _lost(one, death)
    ended = stopped_from_outside(one, timed_out(one, by), Reason.TIMEOUT)
    return ended._replace(peak_memory=death.peak_memory)


def _lost(one: ProcessTry, death: Death) -> Ended:
    """The process died by itself: the store counts a loss."""
    line = certificate(one, death)
    one.sink.write(f"\n[{line}]\n")
    words = one.last_words.decode("utf-8", "replace")
    details = f"TaskLost: {line}\n\nThe last of its output:\n{words}" if words else None
    outcome = outcome_of_error(one.record.id, one.claim, TaskLost(line))._replace(error=line)
    return Ended(
        Status.FAILED, one.record.retries, outcome._replace(traceback=details or outcome.traceback),
        Reason.LOST, outcome.error, peak_memory=death.peak_memory, lost=True,
    )  # fmt: skip


def _how(death: Death) -> str:
    if death.cut_off:
        return (
            "was ended, because it had closed its connection to the worker or become another "
            "program (os.closerange, os.exec...)"
        )
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
