"""A process and what it has started: dying together, finding all of it, ending all of it.

Linux only, save `kill_tree`, which elsewhere ends the one process. What a task starts stays below
its process even when it leaves its session (PR_SET_CHILD_SUBREAPER, prctl(2)), and carries a mark
in its environment for the time when that process is gone.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

MARK = "GATOR_NB_CHILD"
"""The variable that a child process of a worker and all it starts have in their environment:
the worker's id, a colon, and a number."""

_PROC = Path("/proc")
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def die_with_parent(parent: int, by: signal.Signals = signal.SIGKILL) -> None:
    """Get that signal when the thread that started this process ends; exit at once when it has."""
    _prctl(_PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def end_adopted(own: Collection[int]) -> None:
    """End what this process has adopted, with everything below it: its children that are in a
    session of their own and not among `own`."""
    until = time.monotonic() + _LONGEST
    while (found := _adopted(own)) and time.monotonic() < until:
        for pid in found:
            kill_tree(pid)
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(_DYING)


def _adopted(own: Collection[int]) -> list[int]:
    found = []
    for pid in _children():
        with suppress(ProcessLookupError):
            if pid not in own and os.getsid(pid) != os.getsid(0):
                found.append(pid)
    return found


def _children() -> list[int]:
    """The processes whose parent this one is; none where the system does not tell."""
    found: list[int] = []
    with suppress(OSError):
        for thread in (_PROC / "self" / "task").iterdir():
            found += map(int, (thread / "children").read_bytes().split())
    return found


def has_children() -> bool:
    """Whether this process has any; False where the system does not tell."""
    return bool(_children())


def descendants(pid: int) -> list[int]:
    """Every process below `pid`, parents before children."""
    below: dict[int, list[int]] = {}
    for entry in _processes():
        with suppress(OSError, IndexError, ValueError):
            # The name, in brackets, may hold anything.
            parent = int((entry / "stat").read_bytes().rpartition(b")")[2].split()[1])
            below.setdefault(parent, []).append(int(entry.name))
    found = list(below.get(pid, ()))
    for one in found:
        found += below.get(one, ())
    return found


def resident_memory(pid: int, enough: int) -> int:
    """Bytes that a process and everything below it hold; 0 where the system does not tell.

    Pages that several of them share are told apart only where the sum is more than `enough`.
    """
    tree = [pid, *descendants(pid)]
    held = sum(map(_resident, tree))
    return held if held <= enough or len(tree) == 1 else sum(map(_own_share, tree))


def _resident(pid: int) -> int:
    with suppress(OSError, IndexError, ValueError):
        pages = int((_PROC / str(pid) / "statm").read_bytes().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0


def peak_of(pid: int) -> int:
    """Bytes that a process has held at most; 0 where the system does not tell."""
    with suppress(OSError, IndexError, ValueError):
        for line in (_PROC / str(pid) / "status").read_bytes().splitlines():
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def _own_share(pid: int) -> int:
    """With each page that is shared divided among those who do."""
    with suppress(OSError, IndexError, ValueError):
        for line in (_PROC / str(pid) / "smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return _resident(pid)


def marked(mark: str) -> list[int]:
    """Every process of this user whose mark begins with `mark`."""
    wanted = f"\0{MARK}={mark}".encode()
    found = []
    for entry in _processes():
        with suppress(OSError):
            if wanted in b"\0" + (entry / "environ").read_bytes():
                found.append(int(entry.name))
    return [pid for pid in found if pid != os.getpid()]


def _processes() -> Iterable[Path]:
    return [entry for entry in _PROC.iterdir() if entry.name.isdigit()] if _PROC.exists() else []


def kill_tree(pid: int) -> None:
    """End a process and everything below it. It is stopped first, so that nothing new starts."""
    if sys.platform != "linux":
        _send(pid, signal.SIGTERM)
        return
    stopped: list[int] = []
    while fresh := [one for one in (pid, *descendants(pid)) if one not in stopped]:
        for one in fresh:
            _send(one, signal.SIGSTOP)
        stopped += fresh
    for one in stopped:
        _send(one, signal.SIGKILL)


def kill_marked(mark: str) -> int:
    """End what a worker or one of its children left behind; answers how many processes."""
    ended: set[int] = set()
    until = time.monotonic() + _LONGEST
    while (found := marked(mark)) and time.monotonic() < until:
        ended.update(pid for pid in found if _send(pid, signal.SIGKILL))
        time.sleep(_DYING)
    return len(ended)


_LONGEST = 2.0
"""Seconds after which what keeps starting itself anew, or does not die, is left alone."""
_DYING = 0.001
"""Seconds that a killed process is given to be gone."""


def _send(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
