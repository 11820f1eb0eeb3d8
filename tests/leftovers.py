"""What a test could leave behind: threads, processes, open files, sockets and locks."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import resource_tracker
from pathlib import Path

from gator_nb.host.places import runtime_folder


def threads() -> set[str]:
    """Threads of gator_nb in this process."""
    return {repr(t) for t in threading.enumerate() if t.name.startswith("gator_nb")}


def children() -> set[str]:
    """Children of this process; a walk over every process would cost more than most tests."""
    found: set[str] = set()
    for thread in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that ends meanwhile
            found.update((thread / "children").read_text().split())
    tracker = resource_tracker._resource_tracker  # stays with the process, by design
    return found - {str(tracker._pid)}


def own_files() -> set[str]:
    """Sockets and locks of this process in the runtime folder."""
    mine = str(os.getpid())
    found = set()
    for folder, _, names in os.walk(runtime_folder()):
        found.update(f"{folder}/{name}" for name in names if mine in name.split("-"))
    return found


def open_stores() -> set[str]:
    """Descriptors of this process on SQLite stores."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = str(entry.readlink())
        except FileNotFoundError:
            continue
        if ".sqlite" in target:
            found.add(f"{entry.name}: {target}")
    return found


KINDS: tuple[Callable[[], set[str]], ...] = (threads, children, own_files, open_stores)
