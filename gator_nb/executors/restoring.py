"""What a task may change in its process, and putting it back for the next one."""

import gc
import logging
import os
import resource
import signal
import socket
import sys
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path

from ..host.process_tree import has_children

_HARMLESS = frozenset({"TMonitor"})
"""Threads that may stay: tqdm's only looks at its bars."""
_HANDLED = (
    signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGABRT, signal.SIGPIPE, signal.SIGALRM,
    signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD, signal.SIGWINCH,
)  # fmt: skip
_LIMITS = {getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}


class Surroundings:
    """The state of this process as it was before the first task."""

    def __init__(self) -> None:
        self._folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._environ = dict(os.environ)
        self._path, self._argv = list(sys.path), list(sys.argv)
        self._handlers = {number: signal.getsignal(number) for number in _HANDLED}
        self._umask = os.umask(0o022)
        os.umask(self._umask)
        self._filters = list(warnings.filters)
        self._recursion = sys.getrecursionlimit()
        self._switch, self._thresholds = sys.getswitchinterval(), gc.get_threshold()
        self._limits = {kind: resource.getrlimit(kind) for kind in _LIMITS}
        root = logging.getLogger()
        self._log_handlers, self._log_level = list(root.handlers), root.level
        self._threads = set(threading.enumerate())
        self._known = 0
        self._began = time.time()
        self._modules: dict[str, tuple[Path, float]] = {}

    def restore(self) -> bool:
        """Put it back; False when something was left that cannot be: a thread, a process, many
        open files.

        Raises:
            OSError, ValueError: something cannot be put back.
        """
        self._restore_limits()
        os.fchdir(self._folder)
        os.umask(self._umask)
        self._restore_environ()
        self._restore_signals()
        self._restore_interpreter()
        left = {one for one in threading.enumerate() if type(one).__name__ not in _HARMLESS}
        return left <= self._threads and not has_children() and not _many_files()

    def stale(self) -> bool:
        """A module of the user's that is loaded here has changed on disk since."""
        self._began = time.time()
        return any(_changed_at(file) != when for file, when in self._modules.values())

    def note_modules(self) -> None:
        """Remember how the user's modules that are loaded now look on disk. One that was written
        while the task ran may have been loaded before that: it counts as changed."""
        if len(sys.modules) == self._known:
            return
        self._known = len(sys.modules)
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if name not in self._modules and isinstance(file, str) and not _installed(file):
                changed = _changed_at(Path(file))
                self._modules[name] = (Path(file), changed if changed < self._began else _NEVER)

    def _restore_environ(self) -> None:
        if dict(os.environ) != self._environ:
            for name in os.environ.keys() - self._environ.keys():
                del os.environ[name]
            os.environ.update(self._environ)
            time.tzset()

    def _restore_limits(self) -> None:
        for kind, limits in self._limits.items():
            if resource.getrlimit(kind) != limits:
                resource.setrlimit(kind, limits)

    def _restore_signals(self) -> None:
        for number, handler in self._handlers.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def _restore_interpreter(self) -> None:
        sys.path[:], sys.argv[:] = self._path, self._argv
        sys.settrace(None)
        sys.setprofile(None)
        sys.setswitchinterval(self._switch)
        gc.enable()
        gc.set_threshold(*self._thresholds)
        _draw_anew()
        socket.setdefaulttimeout(None)
        sys.setrecursionlimit(self._recursion)
        warnings.filters[:] = self._filters  # type: ignore[index]
        root = logging.getLogger()
        for handler in [one for one in root.handlers if one not in self._log_handlers]:
            root.removeHandler(handler)
        root.setLevel(self._log_level)
        logging.disable(logging.NOTSET)


_NEVER = -1.0
_PREFIXES = tuple({str(Path(p).resolve()) + os.sep for p in (sys.prefix, sys.base_prefix)})
_PACKAGE = str(Path(__file__).resolve().parent.parent) + os.sep


def _draw_anew() -> None:
    """What one task has seeded is not what the next one draws from."""
    if "random" in sys.modules:
        sys.modules["random"].seed()
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


def _many_files() -> bool:
    """Half of the files that this process may open are open: the lowest free number tells."""
    free = os.dup(1)
    os.close(free)
    return 2 * free > resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _installed(file: str) -> bool:
    return file.startswith((*_PREFIXES, _PACKAGE))


def _changed_at(file: Path) -> float:
    with suppress(OSError):
        return file.stat().st_mtime
    return 0.0
