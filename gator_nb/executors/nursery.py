"""The one thread that starts children, gives them tasks, hears them, stops and buries them.

A child is kept warm for the next task. It is replaced when a task leaves threads or processes
behind, when one was stopped amid an import, and when a module of the user's that it has loaded was
edited.
"""

import os
import selectors
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from ..attempts.attempt import Ended, failed_to_load
from ..attempts.snapshot import snapshot_of
from ..backends.base import Claimed
from ..client.client import Client
from ..errors import StoreUnavailable
from ..host.cores import cores, thread_limits
from ..host.process_tree import end_adopted
from ..record import Reason
from ..settings import KEY
from .answering import answer
from .assignment import assignment, ended_of, merged
from .certificate import Death, end_by_death, oom_kills
from .child_process import ChildProcess, ProcessTry
from .scales import Scales
from .wire import Message

if TYPE_CHECKING:
    from .process import ProcessExecutor

GRACE = 5.0
"""Seconds between SIGINT and SIGKILL."""
_TICK = 0.1
"""Seconds between two looks at the clock while something runs; idle children cost nothing."""
_PAUSES = (0.0, 0.5, 2.0, 8.0, 30.0)
"""Seconds before a child is started, by how many in a row did not come up."""
_ANSWERS = 32
"""Requests of children that are answered at a time; most of those only wait."""
_PATIENCE = 1.0
"""Seconds that idle children have to end by themselves."""


class Nursery:
    """Up to `slots` children of one worker."""

    def __init__(
        self,
        executor: "ProcessExecutor",
        client: Client,
        slots: int,
        name: str,
        log: Callable[[str], None],
    ) -> None:
        self._executor = executor
        self._client = client
        self._slots = slots
        self._name = name
        self._log = log
        self._children: list[ChildProcess] = []
        self._selector = selectors.DefaultSelector()
        self._answering = ThreadPoolExecutor(_ANSWERS, thread_name_prefix="gator_nb answer")
        self._answers: deque[tuple[ChildProcess, Message, bytes]] = deque()
        self._on_errors: deque[tuple[Claimed, ProcessTry]] = deque()
        """Tries whose `on_error` another child is to run, because theirs was killed."""
        self._started = 0
        self._unborn = 0
        """How many in a row died before they were ready."""
        self._not_before = 0.0
        self._trouble = ""
        """What failed just now."""
        self._short = False
        """No more files could be opened for a task, which waits."""
        self._oom_kills = oom_kills()
        self._scales = Scales()
        self._environ = thread_limits(cores() // slots) | os.environ
        self._environ.pop(KEY, None)
        self._environ["MPLBACKEND"] = "agg"  # a kernel's own draws into cells

    def serve(self) -> None:
        """The life of the thread."""
        with self._selector:
            self._selector.register(self._executor.ear, selectors.EVENT_READ)
            while self._goes_on():
                self._guarded(self._turn)
            self._dismiss()
        self._answering.shutdown()

    def _goes_on(self) -> bool:
        busy = self._on_errors or any(child.one for child in self._children)
        return bool(busy) or not self._executor.closing

    def _guarded(self, step: Callable[[], None]) -> None:
        """Whatever fails is tried again: without this thread nothing would ever end."""
        try:
            step()
            self._trouble = ""
        except Exception as error:  # noqa: BLE001 -- most likely this process has no file left
            if repr(error) != self._trouble:
                self._trouble = repr(error)
                self._log(f"looking after the processes failed, trying again: {error!r}")
            time.sleep(_TICK)

    def _turn(self) -> None:
        self._start_children()
        self._dispatch()
        self._pass_on_answers()
        self._urge()
        self._watch_lines()
        self._scales.weigh(self._children)
        for key, _ in self._selector.select(self._pause()):
            if key.data is None:
                self._executor.ear.recv(4096)
            elif key.data in self._children:  # not buried a moment ago
                self._attend(key.data, key.fd)
        self._look_for_dead()

    def _pause(self) -> float | None:
        busy = self._short or any(
            child.one or child.doomed or child.unsent or child.hung_up_at
            for child in self._children
        )
        missing = len(self._children) != self._wanted()
        watched = all(child.death is not None for child in self._children)
        return None if watched and not busy and not missing else _TICK

    # -- coming ------------------------------------------------------------------------------------

    def _start_children(self) -> None:
        """Have a child for each slot; wait longer after each that did not come up."""
        while len(self._children) < self._wanted() and time.monotonic() >= self._not_before:
            if self._executor.closing and not self._on_errors:
                return
            self._started += 1
            try:
                child = ChildProcess(f"{self._name}:{self._started};", self._environ)
            except OSError as error:
                self._not_born(f"no child process could be started: {error}")
                return
            self._children.append(child)
            for file in (child.line, child.output, child.death):
                self._watch(child, file)

        surplus = len(self._children) - self._wanted()
        for child in [child for child in self._children if child.idle][: max(0, surplus)]:
            child.dismiss()

    def _wanted(self) -> int:
        """One for each slot; a task that waits for others takes none."""
        paused = sum(child.one is not None and child.one.paused for child in self._children)
        leaving = sum(child.dismissed for child in self._children)
        return self._slots + paused + leaving

    def _dispatch(self) -> None:
        while idle := [child for child in self._children if child.idle]:
            next_one = self._next()
            if next_one is None:
                return
            child = self._fitting(idle, next_one[0])
            if child is None:
                self._put_back(*next_one)
                return
            if not self._give(child, *next_one) and self._short:
                return

    def _next(self) -> tuple[Claimed, ProcessTry] | None:
        while self._on_errors:
            claimed, one = self._on_errors.popleft()
            if one.cause is None:
                return claimed, one
            self._end(claimed, one, Ended(None))
        found = self._executor.next_task()
        return None if found is None else (found, ProcessTry(found.record))

    def _put_back(self, claimed: Claimed, one: ProcessTry) -> None:
        """It has not begun; its next child gets it."""
        if one.after is not None:
            again = ProcessTry.of_on_error(one, one.after)
            self._executor.tries.begun(again)
            self._on_errors.appendleft((claimed, again))
            return
        self._executor.tries.dropped(one)
        self._executor.put_back(claimed)

    def _fitting(self, idle: Sequence[ChildProcess], claimed: Claimed) -> ChildProcess | None:
        """The child for a task; None while one with its GPUs has yet to come. CUDA keeps to those
        that a process had first, so that a child has the same ones for ever."""
        devices = self._executor.capacities.devices(claimed.record.claim or "")
        for child in idle:
            if child.devices in (None, devices):
                child.devices = devices
                return child
        if not any(child.coming for child in self._children):
            idle[0].dismiss()
        return None

    def _give(self, child: ChildProcess, claimed: Claimed, one: ProcessTry) -> bool:
        """Send a task to a child; False when it was over before it began."""
        record, visible = claimed.record, child.visible
        try:
            snapshot = snapshot_of(self._client, record, claimed.envelope)
            one.prepare(snapshot)
            message, payload = assignment(self._client, record, snapshot, visible, one.after)
        except StoreUnavailable:  # it has not begun
            self._end(claimed, one, Ended(None))
            return False
        except Exception as error:  # noqa: BLE001 -- a claim without an end would run for ever
            self._end(claimed, one, failed_to_load(one, error))
            return False
        return self._send(child, claimed, one, message, payload)

    def _send(
        self,
        child: ChildProcess,
        claimed: Claimed,
        one: ProcessTry,
        message: Message,
        payload: bytes,
    ) -> bool:
        self._executor.tries.begun(one)
        self._unwatch(child.output)
        try:
            child.run(claimed, one, message, payload)
        except OSError as error:
            if not self._short:
                self._log(f"tasks wait: {error}")
            self._put_back(claimed, one)
        self._short = child.one is None
        self._watch(child, child.output)
        return not self._short

    def _watch(self, child: ChildProcess, file: Any) -> None:
        if file is not None:
            self._selector.register(file, selectors.EVENT_READ, child)

    def _watch_lines(self) -> None:
        """Be told too when a child takes more of what is not sent yet."""
        for child in self._children:
            if child.hung_up_at is None:
                events = selectors.EVENT_READ | (selectors.EVENT_WRITE if child.unsent else 0)
                if self._selector.get_key(child.line).events != events:
                    self._selector.modify(child.line, events, child)

    def _unwatch(self, file: Any) -> None:
        if file is not None and file in self._selector.get_map():
            self._selector.unregister(file)

    def _attend(self, child: ChildProcess, fd: int) -> None:
        """One of a child's files has something."""
        if fd != child.death:
            self._hear(child)
        elif child.dead():
            self._bury(child)

    # -- being there -------------------------------------------------------------------------------

    def _hear(self, child: ChildProcess) -> None:
        """Take in what a child wrote and said, the output first: it was there before."""
        try:
            messages = child.receive()
            if not child.read_output():
                self._unwatch(child.output)  # its end would wake us again and again
            child.flush()
            for message, payload in messages:
                self._handle(child, message, payload)
        except (ValueError, LookupError, TypeError) as error:
            self._log(f"a child process was ended, for it sent what is no message: {error!r}")
            child.cut_off = True
            child.kill()
        if child.hung_up_at is not None:
            self._unwatch(child.line)

    def _handle(self, child: ChildProcess, message: Message, payload: bytes) -> None:
        kind, one, claimed = message["type"], child.one, child.claimed
        if kind == "ready":
            child.ready, self._unborn = True, 0
        elif one is None or claimed is None:
            return
        elif kind == "told":
            one.progress, one.metrics = message["progress"], message["metrics"]
            one.told = True
            self._executor.told()
        elif kind == "paused":
            one.paused = message["on"]
            self._executor.told()
        elif kind == "ask":
            self._answering.submit(self._answer, child, one, message, payload)
        elif kind == "stale":
            child.one = child.claimed = None
            self._put_back(claimed, one)
            child.kill()
        elif kind == "end" and message["clean"]:
            child.one = child.claimed = None
            self._end(claimed, one, ended_of(message, payload))
        elif kind == "end":
            child.last_end = ended_of(message, payload)  # told once what it left has ended too
            child.kill()

    def _end(self, claimed: Claimed, one: ProcessTry, ended: Ended) -> None:
        one.over()
        ended = ended if one.after is None else merged(one.after, ended)
        self._executor.tries.ended(claimed, one, ended)

    def _end_by_death(self, claimed: Claimed, one: ProcessTry, death: Death) -> None:
        ended = end_by_death(one, death)
        failed = ended.reason in (Reason.TIMEOUT, Reason.ERROR)
        if failed and "on_error" in one.hooks and one.after is None:
            one.over()
            next_one = ProcessTry.of_on_error(one, ended)
            self._executor.tries.begun(next_one)
            self._on_errors.append((claimed, next_one))
        else:
            self._end(claimed, one, ended)

    def _answer(
        self, child: ChildProcess, one: ProcessTry, message: Message, payload: bytes
    ) -> None:
        """On a thread of its own, because a store may take its time."""
        self._answers.append((child, *answer(self._client, one, message, payload)))
        self._executor.ring()

    def _pass_on_answers(self) -> None:
        while self._answers:
            child, message, payload = self._answers.popleft()
            child.send(message, payload)

    # -- stopping ----------------------------------------------------------------------------------

    def _urge(self) -> None:
        """Bring those that are to stop to the next step: SIGINT, after a while SIGKILL."""
        for child in self._children:
            child.flush()
            if child.mute_for() >= GRACE and not child.doomed:
                child.cut_off = True
                child.kill()
            one = child.one
            child.look_at_memory()
            if child.last_end is not None:
                child.kill()
            if one is None or one.cause is None or child.doomed:
                continue
            if one.cause == "kill" or time.monotonic() - one.asked_at >= GRACE:
                one.killed = True
                child.kill()
            else:
                child.interrupt()

    # -- going -------------------------------------------------------------------------------------

    def _look_for_dead(self) -> None:
        """Where no descriptor tells of it."""
        for child in [one for one in self._children if one.death is None and one.dead()]:
            self._bury(child)

    def _bury(self, child: ChildProcess) -> None:
        self._hear(child)
        child.clear()
        if self._executor.adopts:
            end_adopted({one.process.pid for one in self._children})
        self._children.remove(child)
        for file in (child.line, child.output, child.death):
            self._unwatch(file)
        code = child.bury()
        if not child.ready and not child.doomed and not child.dismissed:
            words = child.words.decode("utf-8", "replace").strip()
            self._not_born(f"a child process ended with {code} before it was ready: {words}")
        if child.one is not None and child.claimed is not None:
            death = Death(code, child.peak_memory, self._out_of_memory(), child.cut_off)
            if child.last_end is None:
                self._end_by_death(child.claimed, child.one, death)
            else:
                self._end(child.claimed, child.one, child.last_end)

    def _not_born(self, why: str) -> None:
        self._unborn += 1
        pause = _PAUSES[min(self._unborn, len(_PAUSES) - 1)]
        self._not_before = time.monotonic() + pause
        self._log(why)

    def _out_of_memory(self) -> bool:
        before, self._oom_kills = self._oom_kills, oom_kills()
        return self._oom_kills > before

    def _dismiss(self) -> None:
        for child in self._children:
            child.dismiss()
        deadline = time.monotonic() + _PATIENCE
        while self._children:
            self._guarded(partial(self._see_off, deadline))
            time.sleep(0.005)

    def _see_off(self, deadline: float) -> None:
        if time.monotonic() >= deadline:
            for child in self._children:
                child.kill()
        for child in [child for child in self._children if child.dead()]:
            self._bury(child)
