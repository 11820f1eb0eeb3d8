"""Waking those who wait for a store: in this process at once, in others by a Unix datagram.

A datagram may get lost, and processes may not share the folder of sockets. So a listener also
looks every `nap_time` whether somebody else has written to the store. Where there are no Unix
sockets, that look alone serves other processes.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from weakref import WeakSet

from ..errors import GatorError
from ..host.places import runtime_folder
from .base import Ending, OnEnds, Topic
from .listening import Hearing

Look = Callable[[], int | None]
"""Answers a number that is another one once another process has written; None: not known now."""

_NEWS: frozenset[Topic] = frozenset(("news",))
_WAKE, _OWN = b"w", b"o"
_PATH_LIMIT = 100  # bytes; the system's own is 104 to 108
_RACY = 50_000_000  # ns; a folder's time is only as fine as the kernel's tick


class Waking:
    """The listeners of one backend in this process, and the way to those of other processes."""

    def __init__(self, store_id: str, look: Look) -> None:
        self._look = look
        # Not when first needed: `tempfile` looks for its folder under a lock, which a child that
        # is forked in that moment would inherit, locked.
        self._folder = _folder_of(store_id)
        self._listeners: list[SocketListener] = []
        self._lock = threading.Lock()
        self._post: _Post | None = None
        _all.add(self)

    @property
    def wants_ends(self) -> bool:
        """Somebody in this process asked to be told which tasks have ended."""
        return any(listener.on_ends is not None for listener in self._listeners)

    def announce(self, topics: Iterable[Topic], endings: Sequence[Ending] = ()) -> None:
        """Wake every listener of these topics, in any process. Those of this one that listen to
        news alone are told the `endings`, where that is all the news."""
        touched = frozenset(topics)
        if not touched:
            return
        for listener in tuple(self._listeners):
            if not touched & listener.topics:
                continue
            if endings and listener.topics == _NEWS:
                listener.hear_ends(endings)
            else:
                listener.hear()
        self._postbox().send(touched)

    def listen(
        self, topics: Iterable[Topic], nap_time: float, on_ends: OnEnds | None = None
    ) -> "SocketListener":
        wanted = frozenset(topics)
        path = self._postbox().reserve(wanted)
        listener = SocketListener(wanted, path, self._look, nap_time, self._drop, on_ends)
        with self._lock:
            self._listeners.append(listener)
        return listener

    def close(self) -> None:
        """Close what sending needs; listeners are closed by their owners."""
        post, self._post = self._post, None
        if post is not None:
            post.close()

    def after_fork_in_child(self) -> None:
        """The listeners are the parent's: let go of its sockets, and leave its files."""
        self._lock = threading.Lock()
        for listener in self._listeners:
            listener.let_go()
        self._listeners = []
        self.close()

    def _postbox(self) -> "_Post":
        if self._post is None:
            self._post = _Post(self._folder)
        return self._post

    def _drop(self, listener: "SocketListener") -> None:
        with self._lock, suppress(ValueError):
            self._listeners.remove(listener)
        if self._post is not None and listener.path is not None:
            self._post.give_back(listener.path)


class SocketListener(Hearing):
    """One waiter, woken through a socket."""

    def __init__(
        self,
        topics: frozenset[Topic],
        path: Path | None,
        look: Look,
        nap_time: float,
        drop: "Callable[[SocketListener], None]",
        on_ends: OnEnds | None,
    ) -> None:
        super().__init__(on_ends)
        self.topics = topics
        self._look = look
        self._nap_time = nap_time
        self._drop = drop
        self._woken = False
        self._inbox, self._outbox, self.path = _socket_pair(path)
        self._seen = look()
        self._looked = time.monotonic()

    def wait(self, timeout: float | None) -> bool:
        """Sleep until woken or for `timeout` seconds; True when woken."""
        limit = None if timeout is None else time.monotonic() + timeout
        while True:
            now = time.monotonic()
            nap = max(0.0, self._looked + self._nap_time - now)
            if limit is not None:
                nap = min(nap, max(0.0, limit - now))
            if self._received(nap):
                return True
            if self._somebody_wrote():
                self._note()
                return True
            if limit is not None and time.monotonic() >= limit:
                return False

    def wake(self) -> None:
        # A second wake before the first was noticed adds nothing.
        if not self._woken:
            self._woken = True
            with suppress(OSError):  # full, so that a wake is pending; or just closed
                self._outbox.send(_OWN)

    def close(self) -> None:
        self._drop(self)
        self.let_go()
        if self.path is not None:
            with suppress(OSError):
                self.path.unlink()
            with suppress(OSError):  # others listen there too
                self.path.parent.rmdir()

    def let_go(self) -> None:
        """Close the sockets and leave their file to whoever made it."""
        self._inbox.close()
        self._outbox.close()

    def _received(self, nap: float) -> bool:
        """Whether a wake has come or comes within `nap` seconds; takes all that have come."""
        self._inbox.settimeout(nap)
        try:
            self._take()
        except (TimeoutError, BlockingIOError):
            return False
        self._inbox.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                self._take()
        self._woken = False
        # What has been written up to here is what this wake is about.
        self._note_look()
        return True

    def _take(self) -> None:
        # Not `|=`: what another thread sets while this one waits would be lost.
        if self._inbox.recv(16) == _WAKE:
            self._note()

    def _somebody_wrote(self) -> bool:
        return time.monotonic() - self._looked >= self._nap_time and self._note_look()

    def _note_look(self) -> bool:
        """Look at the store; whether it was written since the last look."""
        self._looked = time.monotonic()
        try:
            found = self._look()
        except GatorError:
            return True  # whoever waits goes to the store next, and is told there
        if found is None or found == self._seen:
            return False
        known, self._seen = self._seen, found
        return known is not None


class _Post:
    """The folder of a store's sockets, where each is named after its topics."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._socket = None if self._folder is None else _datagram_socket()
        self._known: Sequence[tuple[frozenset[str], str]] = ()
        self._known_at: int | None = None
        self._own: set[str] = set()

    def reserve(self, topics: frozenset[Topic]) -> Path | None:
        """A path for a listener's socket; None where it cannot have one."""
        if self._folder is None:
            return None
        letters = "".join(sorted(topic[0] for topic in topics))
        path = self._folder / f"{letters}-{os.getpid()}-{secrets.token_hex(3)}"
        if len(os.fsencode(path)) > _PATH_LIMIT:
            return None
        self._own.add(path.name)
        return path

    def give_back(self, path: Path) -> None:
        """A listener of this process is gone."""
        self._own.discard(path.name)

    def send(self, topics: frozenset[Topic]) -> None:
        """Wake the listeners of other processes."""
        if self._folder is None or self._socket is None:
            return
        letters = {topic[0] for topic in topics}
        for heard, path in self._neighbours(self._folder):
            if letters & heard:
                self._send_to(self._socket, path)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send_to(self, sender: socket.socket, path: str) -> None:
        try:
            sender.sendto(_WAKE, path)
        except ConnectionRefusedError:  # its owner died
            with suppress(OSError):
                Path(path).unlink()
        except OSError:
            # Full: a wake is pending there. Gone: it was closed a moment ago.
            return

    def _neighbours(self, folder: Path) -> Sequence[tuple[frozenset[str], str]]:
        try:
            changed = os.stat(folder).st_mtime_ns  # noqa: PTH116 -- on every write of the store
            if changed != self._known_at:
                names = [name for name in os.listdir(folder) if name not in self._own]  # noqa: PTH208
                self._known = [
                    (frozenset(name.partition("-")[0]), str(folder / name)) for name in names
                ]
                self._known_at = changed if time.time_ns() - changed > _RACY else None
        except FileNotFoundError:
            return ()
        return self._known


def _folder_of(store_id: str) -> Path | None:
    if not hasattr(socket, "AF_UNIX"):
        return None
    try:
        return runtime_folder() / "wake" / store_id[:8]
    except OSError:
        return None


def _datagram_socket() -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setblocking(False)
    return made


def _socket_pair(path: Path | None) -> tuple[socket.socket, socket.socket, Path | None]:
    """What a listener hears and what wakes it, under `path` where that can be."""
    if path is not None:
        inbox, outbox = _datagram_socket(), _datagram_socket()
        try:
            for _ in range(3):  # whoever closes the last socket removes the folder
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with suppress(FileNotFoundError):
                    inbox.bind(str(path))
                    outbox.connect(str(path))
                    return inbox, outbox, path
        except OSError:
            pass  # a folder that takes no sockets: the look at the store serves
        inbox.close()
        outbox.close()
    inbox, outbox = socket.socketpair()
    outbox.setblocking(False)
    return inbox, outbox, None


_all: WeakSet[Waking] = WeakSet()


def _after_fork_in_child() -> None:
    for waking in _all:
        waking.after_fork_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
