"""How many cores this process may use, and how many threads a library should start on them."""

import os
from pathlib import Path

_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")
_QUOTA = Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")
_PERIOD = Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us")

_LIMITS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS",
)  # fmt: skip


def cores() -> int:
    """The cores that this process may use: by affinity and by its cgroup's quota; one at least."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    quota = _quota()
    return max(1, min(found or 1, found or 1 if quota is None else int(quota)))


def thread_limits(share: int) -> dict[str, str]:
    """The environment that keeps numeric libraries to `share` threads, one at least."""
    return dict.fromkeys(_LIMITS, str(max(1, share)))


def _quota() -> float | None:
    """Cores by the cgroup, version 2 or 1; None without a limit."""
    try:
        if _CPU_MAX.exists():
            limit, period = _CPU_MAX.read_text().split()
            return None if limit == "max" else int(limit) / int(period)
        limit, period = _QUOTA.read_text(), _PERIOD.read_text()
    except (OSError, ValueError):
        return None
    return None if int(limit) <= 0 else int(limit) / int(period)
