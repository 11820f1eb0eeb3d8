"""Points at which a process may die: before and after each step, without a line in the product.

Functions of gator_nb are wrapped in the process that is to die. Each wrap is two points, counted as
they come; at the one that was asked for, the process kills itself.
"""

import os
import signal
import threading
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

STRUCK = "struck"
"""The file that tells at which step a process died. It dies once: who comes after it lives."""
SERVER = "server"
"""The file that has the id of the server's process, where that is what dies."""

WRITING_VERBS = (
    "put", "cancel", "pause", "hold", "unhold", "claim", "claim_task", "renew", "settle", "save",
    "release", "reap", "register", "unregister", "forget", "drop_all",
)  # fmt: skip
_CHANGES = ("BEGIN IMMEDIATE", "COMMIT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH")


class Points:
    """Counts the points that this process passes once it is `armed`, and dies at the `deadly`th; or
    has the server die there, which knows of requests alone."""

    def __init__(self, folder: Path, deadly: int) -> None:
        self._mark = folder / STRUCK
        server = folder / SERVER
        self._server = int(server.read_text()) if server.exists() else None
        self._left = deadly
        self._counting = threading.Lock()
        self.armed = False

    def reach(self, name: str) -> None:
        """One more point."""
        if not self.armed or self._mark.exists():
            return
        if self._server is not None and " request " not in name:
            return
        with self._counting:
            self._left -= 1
            if self._left == 0:
                self._die(name)

    def _die(self, name: str) -> None:
        draft = self._mark.with_suffix(".draft")
        draft.write_text(name)
        draft.rename(self._mark)
        os.kill(self._server or os.getpid(), signal.SIGKILL)

    def around(self, place: Any, *names: str) -> None:
        """Make points of what a class or a module defines by these names."""
        for name in names:
            setattr(place, name, self._wrapped(getattr(place, name), f"{place.__name__}.{name}"))

    def _wrapped(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        @wraps(function)
        def stepped(*args: Any, **more: Any) -> Any:
            self.reach(f"before {name}")
            answer = function(*args, **more)
            self.reach(f"after {name}")
            return answer

        return stepped

    def statement(self, _cursor: object, text: str, _values: object) -> bool:
        """SQLite is about to run a statement: one that writes is a point."""
        words = text.lstrip().upper()
        if words.startswith(_CHANGES):
            self.reach(f"before SQL {' '.join(words.split()[:3])}")
        return True


def around_stores(points: Points) -> None:
    """Every transaction: before it, at each of its statements, when it is stored, and when its
    verb has answered; and each request to a server, before it is sent and once it is answered."""
    from gator_nb.backends.redis import RedisBackend
    from gator_nb.backends.redis.server import Server
    from gator_nb.backends.sqlite import SQLiteBackend, connection
    from gator_nb.backends.sqlite.blobs import SQLiteBlobs

    opened = connection.connect

    def traced(address: Any) -> Any:
        db, locks = opened(address)
        db.exec_trace = points.statement
        return db, locks

    connection.connect = traced
    points.around(SQLiteBackend, *WRITING_VERBS)
    points.around(RedisBackend, *WRITING_VERBS)
    points.around(SQLiteBlobs, "add", "complete", "discard")
    run = Server._evaluate

    def evaluate(server: Any, way: Any, verb: str, *args: object) -> Any:
        points.reach(f"before request {verb}")
        answer = run(server, way, verb, *args)
        points.reach(f"after request {verb}")
        return answer

    Server._evaluate = evaluate


def around_clients(points: Points) -> None:
    """Pickling, signing, large values, and a try that runs where the client is."""
    from gator_nb.attempts import inline
    from gator_nb.client import client, depot
    from gator_nb.definition import Definition
    from gator_nb.host.liveness import LifeLock

    points.around(LifeLock, "__init__", "free")
    points.around(Definition, "to_push")
    points.around(client.Client, "arrive", "put", "push_claimed", "leave", "verified")
    points.around(depot.StoreDepot, "store")
    points.around(inline, "attempt", "settlement_of", "settle")


def around_workers(points: Points) -> None:
    """What happens once for each task; the passes of an idle worker are none."""
    from gator_nb.attempts import running
    from gator_nb.executors import thread, tries
    from gator_nb.host.liveness import LifeLock
    from gator_nb.workers.supervisor import Supervisor

    points.around(LifeLock, "__init__", "free")
    points.around(Supervisor, "leave", "_count", "_release", "_heed")
    points.around(thread.ThreadExecutor, "submit", "withdraw")
    points.around(thread, "attempt")
    points.around(tries.Tries, "begun", "ended")
    points.around(tries, "settlement_of")
    points.around(running.Try, "enter", "leave", "tell")


def around_nurseries(points: Points) -> None:
    """What a worker does for its child processes."""
    from gator_nb.executors import child_process, nursery, tries
    from gator_nb.workers.supervisor import Supervisor

    points.around(Supervisor, "leave", "_count", "_release")
    points.around(child_process.ChildProcess, "__init__", "run", "bury", "kill", "dismiss")
    points.around(nursery.Nursery, "_give", "_handle", "_end", "_end_by_death", "_answer")
    points.around(tries.Tries, "begun", "ended")


def around_children(points: Points) -> None:
    """What a child does with a task that it was sent."""
    from gator_nb.attempts.snapshot import Snapshot
    from gator_nb.executors import child
    from gator_nb.executors.far import FarClient
    from gator_nb.executors.line import Line
    from gator_nb.executors.restoring import Surroundings

    points.around(Line, "next_task", "send", "ask")
    points.around(child, "take_output", "attempt", "end_output", "peak_memory", "report")
    points.around(Snapshot, "load", "call")
    points.around(FarClient, "leave")
    points.around(Surroundings, "stale", "restore", "note_modules")
    points.around(child.Child, "_run", "_end", "_tell")
