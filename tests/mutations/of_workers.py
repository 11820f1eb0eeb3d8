"""The guards of workers and children: who lives, what is held, what is told, what is stopped."""

from .mutant import Mutant

_DEATH = ("tests/workers/test_death.py",)
_STOPPING = ("tests/workers/test_stopping.py",)

LIVES = (
    Mutant(
        "worker: its lock",
        "host/liveness.py",
        "        fcntl.flock(self._fd, fcntl.LOCK_EX)\n        _locks",
        "        _locks",
        ("tests/workers/test_death.py", "-k", "stopped_worker_is_not_dead"),
    ),
    Mutant(
        "worker: a lock that is held is alive",
        "host/liveness.py",
        "        return Life.ALIVE\n    else:",
        "        return Life.UNKNOWN\n    else:",
        ("tests/redis/test_remote_death.py", "-k", "stopped_worker_keeps"),
    ),
    Mutant(
        "worker: a lock of another boot tells nothing",
        "host/liveness.py",
        " or boot != boot_id():",
        ":",
        ("tests/redis/test_remote_death.py", "-k", "another_host"),
    ),
    Mutant(
        "worker: a fork does not keep the lock of its parent",
        "host/liveness.py",
        "    os.register_at_fork(after_in_child=_after_fork_in_child)",
        "    pass",
        ("tests/test_liveness.py",),
    ),
    Mutant(
        "worker: renewed on its behalf while its lock is held",
        "client/reaping.py",
        "                backend.renew(presence.id, [])\n",
        "                pass\n",
        ("tests/redis/test_remote_death.py", "-k", "stopped_worker_keeps"),
    ),
    Mutant(
        "worker: who was seen to live needs no lease",
        "client/reaping.py",
        "            living.append(presence.id)",
        "            pass",
        ("tests/contract/test_reap.py", "-k", "amid"),
    ),
    Mutant(
        "worker: what its children left is ended before its tasks run again",
        "client/reaping.py",
        '            kill_marked(f"{presence.id}:")  # before anybody runs its tasks again\n',
        "            pass\n",
        ("tests/processes/test_attached.py", "-k", "kill_9"),
    ),
    Mutant(
        "child: it dies with its worker",
        "executors/child.py",
        "    die_with_parent(parent)\n",
        "",
        ("tests/processes/test_attached.py", "-k", "holds_the_interpreter"),
    ),
    Mutant(
        "child: what it started is ended",
        "host/process_tree.py",
        "    while fresh := [one for one in (pid, *descendants(pid)) if one not in stopped]:",
        "    while fresh := [one for one in (pid,) if one not in stopped]:",
        ("tests/processes/test_stopping.py", "-k", "whatever_it_does"),
    ),
    Mutant(
        "child: its death is a loss, not its task's end",
        "executors/nursery.py",
        "                self._end_by_death(child.claimed, child.one, death)\n",
        "                pass\n",
        ("tests/processes/test_dying.py",),
    ),
)

HOLDS = (
    Mutant(
        "worker: nothing is dropped before the store has answered",
        "workers/supervisor.py",
        "        answers = settle(self.client, ends) if ends else []\n",
        "        self._reports = []\n        answers = settle(self.client, ends) if ends else []\n",
        ("tests/workers/test_store_away.py", "-k", "did_not_take"),
    ),
    Mutant(
        "worker: output that the store could not take is told later",
        "workers/supervisor.py",
        'log = self._untold[one.claim] = self._untold.get(one.claim, b"") + one.sink.take()',
        "log = one.sink.take()",
        ("tests/workers/test_store_away.py", "-k", "output_of_that_time"),
    ),
    Mutant(
        "worker: what it knows nothing of goes back",
        "workers/housekeeping.py",
        "            self._backend.release(strays)\n",
        "            pass\n",
        ("tests/redis/test_unheard_claims.py",),
    ),
    Mutant(
        "worker: what it holds is no stray",
        "workers/housekeeping.py",
        " if task_id not in known]",
        "]",
        ("tests/redis/test_rough_going.py", "-k", "replies_are_lost"),
    ),
    Mutant(
        "worker: a claim that has gone stops its process",
        "workers/supervisor.py",
        '            self.executor.interrupt(one, "lost")\n\n    def _limit_times',
        "            pass\n\n    def _limit_times",
        ("tests/redis/test_remote_death.py", "-k", "process_whose_claim"),
    ),
    Mutant(
        "worker: dropped results are counted",
        "workers/supervisor.py",
        "        self.worker.fenced += 1\n",
        "",
        ("tests/redis/test_remote_death.py", "-k", "too_late"),
    ),
    Mutant(
        "worker: it fences itself where that was asked for",
        "workers/supervisor.py",
        "            if time.monotonic() - self._renewed_at > at:",
        "            if False:",
        ("tests/workers/test_store_away.py", "-k", "others_could_take"),
    ),
    Mutant(
        "worker: what begun behind a long task is told of",
        "workers/supervisor.py",
        "            begun=True,\n",
        "            begun=False,\n",
        ("tests/workers/test_death.py", "-k", "batch"),
    ),
    Mutant(
        "worker: no more tasks than it was told",
        "workers/claiming.py",
        "            batch = min(batch, worker.max_tasks - worker.tasks_complete)\n",
        "            pass\n",
        ("tests/workers/test_running.py", "-k", "max_tasks"),
    ),
    Mutant(
        "worker: no more than it has of what tasks need",
        "workers/claiming.py",
        "if self._capacities.fits_now(needs)]",
        "]",
        ("tests/workers/test_needs.py", "-k", "no_more_is_used"),
    ),
)

STOPS = (
    Mutant(
        "thread: only user code is struck",
        "attempts/running.py",
        " and in_users_code(self._thread):",
        ":",
        ("tests/workers/test_waiting_inside.py", "-k", "store_locked"),
    ),
    Mutant(
        "thread: an interruption amid its leaving",
        "attempts/running.py",
        "            except Interrupted:  # struck between the lines above: go on leaving\n",
        "            except ZeroDivisionError:\n",
        _STOPPING,
    ),
    Mutant(
        "thread: one that was struck is retired",
        "executors/thread.py",
        "not (one.struck or self._closing",
        "not (self._closing",
        _STOPPING,
    ),
    Mutant(
        "thread: a cancel before the code begins",
        "attempts/running.py",
        "            if self.cause is not None:\n                raise Interrupted(self.cause)\n"
        "            self._thread = threading.get_ident()",
        "            self._thread = threading.get_ident()",
        _STOPPING,
    ),
    Mutant(
        "child: what ignores its interruption is killed",
        "executors/nursery.py",
        'one.cause == "kill" or time.monotonic() - one.asked_at >= GRACE',
        'one.cause == "kill"',
        ("tests/processes/test_stopping.py", "-k", "whatever_it_does"),
    ),
    Mutant(
        "child: a message is not torn apart",
        "executors/child.py",
        "return one.shielded() if one is not None and here == self._main else nullcontext()",
        "return nullcontext()",
        ("tests/processes/test_hostile.py", "-k", "tears_no_message"),
    ),
    Mutant(
        "try: a fork that comes back is not the task",
        "attempts/attempt.py",
        "        if os.getpid() != process:\n            os._exit(0)",
        "        if False:\n            os._exit(0)",
        ("tests/workers/test_hostile_threads.py", "-k", "fork"),
    ),
    Mutant(
        "try: the counter of retries",
        "attempts/attempt.py",
        "    return Ended(status, retries - again, outcome,",
        "    return Ended(status, retries, outcome,",
        ("tests/facade/test_alligator.py", "tests/facade/test_running_here.py", *_DEATH),
    ),
    Mutant(
        "try: a timeout",
        "workers/supervisor.py",
        '                self.executor.interrupt(one, "timeout")\n',
        "                pass\n",
        ("tests/workers/test_places.py",),
    ),
    Mutant(
        "try: whatever happens in it there is an end",
        "attempts/attempt.py",
        "        failed = failed_to_load(one, error)\n"
        "        return _settlement(client, one, Status.FAILED, failed)",
        "        raise",
        ("tests/workers/test_always_an_end.py",),
    ),
)
