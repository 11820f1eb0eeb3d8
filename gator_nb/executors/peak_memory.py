"""How much memory this process held at most, task by task."""

import resource
import sys
from contextlib import suppress
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


def reset_peak() -> None:
    """Begin anew; 5 is what Linux takes for that (proc(5))."""
    with suppress(OSError):
        _CLEAR.write_text("5")


def peak_memory() -> int:
    """Bytes since `reset_peak`; where the system does not tell, since the process began."""
    with suppress(OSError, StopIteration):
        lines = _STATUS.read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
