"""The guards of the stores: claims, counters, limits, losses, what is kept."""

from .mutant import Mutant

_MEMORY = ("tests/contract", "-k", "memory")
_SQLITE = ("tests/contract", "tests/sqlite", "-k", "sqlite and not network")
_REDIS = ("tests/contract", "-k", "redis and not sentinel and not cluster")

MEMORY = (
    Mutant(
        "memory: the fence of a claim",
        "backends/memory/holding.py",
        "    if record is None or record.claim != claim:\n        return None\n    if",
        "    if record is None:\n        return None\n    if",
        _MEMORY,
    ),
    Mutant(
        "memory: the fence of a release",
        "backends/memory/backend.py",
        "record.status is RUNNING and record.claim == claim:",
        "record.status is RUNNING:",
        _MEMORY,
    ),
    Mutant(
        "memory: what was settled is not adopted",
        "backends/memory/holding.py",
        "record.status is WAITING and record.settled != claim",
        "record.status is WAITING",
        _MEMORY,
    ),
    Mutant(
        "memory: a repeated settlement is done",
        "backends/memory/holding.py",
        "return Answer.DONE if record is not None and record.settled == claim else Answer.LOST",
        "return Answer.LOST",
        _MEMORY,
    ),
    Mutant(
        "memory: the counter of statuses",
        "backends/memory/index.py",
        "        self.counts[record.queue][status] -= 1\n",
        "",
        _MEMORY,
    ),
    Mutant(
        "memory: the counter of a limit",
        "backends/memory/index.py",
        "            self._count_running(record, -1)\n",
        "            pass\n",
        _MEMORY,
    ),
    Mutant(
        "memory: the lock of the store",
        "backends/memory/backend.py",
        "        with store.lock:\n            now = self.clock()\n"
        "            keep_time(store, now)\n            step = Step(store, now)\n"
        "            turn =",
        "        if True:\n            now = self.clock()\n"
        "            keep_time(store, now)\n            step = Step(store, now)\n"
        "            turn =",
        _MEMORY,
    ),
    Mutant(
        "memory: the grace of one lease after connecting",
        "backends/memory/store.py",
        "silent = now - max(presence.renewed, connected)",
        "silent = now - presence.renewed",
        _MEMORY,
    ),
    Mutant(
        "memory: three losses are the end",
        "backends/memory/step.py",
        "elif may_retry and losses < MAX_LOSSES:",
        "elif may_retry:",
        _MEMORY,
    ),
    Mutant(
        "memory: what was lost is claimed alone",
        "backends/memory/step.py",
        "self._write(record, status=WAITING, losses=losses, alone=True)",
        "self._write(record, status=WAITING, losses=losses)",
        _MEMORY,
    ),
    Mutant(
        "memory: a retry after a cancel does not come",
        "backends/memory/step.py",
        "        elif record.cancel_at is not None:\n"
        "            self._finish(record, CANCELED, **told",
        "        elif False:\n            self._finish(record, CANCELED, **told",
        _MEMORY,
    ),
    Mutant(
        "memory: what has ended is not canceled",
        "backends/memory/step.py",
        "elif not self.there(record.id).done:",
        "else:",
        _MEMORY,
    ),
)

SQLITE = (
    Mutant(
        "sqlite: the fence of a claim",
        "backends/sqlite/settling.py",
        "if current != claim or status not in (RUNNING, WAITING) or settled == claim:",
        "if status not in (RUNNING, WAITING) or settled == claim:",
        _SQLITE,
    ),
    Mutant(
        "sqlite: what has ended is not settled again",
        "backends/sqlite/settling.py",
        "if current != claim or status not in (RUNNING, WAITING) or settled == claim:",
        "if current != claim:",
        _SQLITE,
    ),
    Mutant(
        "sqlite: the counter of statuses",
        "backends/sqlite/schema.sql",
        "    UPDATE counter SET n = n - 1 WHERE id = old.line * 8 + old.status;\n"
        "    UPDATE counter SET n = n + 1",
        "    UPDATE counter SET n = n + 1",
        _SQLITE,
    ),
    Mutant(
        "sqlite: one writer at a time",
        "backends/sqlite/backend.py",
        'db.execute("BEGIN IMMEDIATE")',
        'db.execute("BEGIN")',
        _SQLITE,
    ),
    Mutant(
        "sqlite: all of a step or nothing",
        "backends/sqlite/backend.py",
        'db.execute("ROLLBACK")',
        'db.execute("COMMIT")',
        _SQLITE,
    ),
    Mutant(
        "sqlite: power loss is survived where that was asked for",
        "backends/sqlite/connection.py",
        '"full" if address.durability == "disk" else "normal"',
        '"normal"',
        _SQLITE,
    ),
    Mutant(
        "sqlite: a newer format is refused",
        "backends/sqlite/connection.py",
        "if version > record.FORMAT:",
        "if False:",
        _SQLITE,
    ),
    Mutant(
        "sqlite: the grace of one lease after connecting",
        "backends/sqlite/presence.py",
        "now - max(renewed, connected) >= lease",
        "now - renewed >= lease",
        _SQLITE,
    ),
    Mutant(
        "sqlite: a limit",
        "backends/sqlite/transaction.py",
        "return most - int(running)",
        "return most",
        _SQLITE,
    ),
    Mutant(
        "sqlite: a loss never uses up more than three tries",
        "backends/sqlite/presence.py",
        "losses + 1 >= MAX_LOSSES or ",
        "",
        _SQLITE,
    ),
    Mutant(
        "sqlite: what was canceled and lost is unconfirmed",
        "backends/sqlite/presence.py",
        "        if cancel_at is not None:\n",
        "        if False:\n",
        _SQLITE,
    ),
    Mutant(
        "sqlite: a day's grace before anything is forgotten",
        "backends/sqlite/backend.py",
        "min(before, now - DAY), now, limit",
        "before, now, limit",
        _SQLITE,
    ),
    Mutant(
        "sqlite: what a dependent needs is not forgotten",
        "backends/sqlite/housekeeping.py",
        "        if not _any(db, _NEEDED, (seq,)):\n            yield seq",
        "        yield seq",
        _SQLITE,
    ),
    Mutant(
        "sqlite: an id is one call",
        "backends/sqlite/pushing.py",
        "    if not same:\n",
        "    if False:\n",
        _SQLITE,
    ),
)

REDIS = (
    Mutant(
        "redis: the fence of a claim",
        "backends/redis/lua/shared/holding.lua",
        "task.status == $RUNNING and task.claim == claim_id then",
        "task.status == $RUNNING then",
        _REDIS,
    ),
    Mutant(
        "redis: a repeated settlement is done",
        "backends/redis/lua/shared/holding.lua",
        "return nil, task and task.settled == claim_id and 'done' or 'lost'",
        "return nil, 'lost'",
        _REDIS,
    ),
    Mutant(
        "redis: what was settled is not adopted",
        "backends/redis/lua/shared/holding.lua",
        " or task.settled == claim_id then",
        " then",
        _REDIS,
    ),
    Mutant(
        "redis: the counter of lanes",
        "backends/redis/lua/shared/tasks.lua",
        "        count_lane(task.queue, slot_of(task), -1)\n",
        "",
        _REDIS,
    ),
    Mutant(
        "redis: the counter of a limit",
        "backends/redis/lua/shared/tasks.lua",
        "away and -1 or 1)\n            topics.work",
        "away and 0 or 1)\n            topics.work",
        _REDIS,
    ),
    Mutant(
        "redis: a beat heard twice is one beat",
        "backends/redis/lua/renew.lua",
        "output ~= '' and task.beat ~= nonce",
        "output ~= ''",
        ("tests/redis/test_rough_going.py", "tests/redis/test_failures.py", *_REDIS),
    ),
    Mutant(
        "redis: a claim whose reply was lost is answered again",
        "backends/redis/lua/claim.lua",
        "ARGV[5] == 'again' and claimed_before() or {}",
        "{}",
        ("tests/redis/test_rough_going.py", "tests/redis/test_failures.py"),
    ),
    Mutant(
        "redis: a lease counts from when the server was up",
        "backends/redis/lua/reap.lua",
        "math.max(renewed, connected, up)",
        "math.max(renewed, connected)",
        ("tests/redis/test_leases.py", "tests/redis/test_failures.py"),
    ),
    Mutant(
        "redis: a lease counts from when the reaper came",
        "backends/redis/lua/reap.lua",
        "math.max(renewed, connected, up)",
        "math.max(renewed, up)",
        ("tests/redis/test_leases.py", *_REDIS),
    ),
    Mutant(
        "redis: a reap that was asked for long ago",
        "backends/redis/lua/reap.lua",
        "local silent = asked - math.max",
        "local silent = now - math.max",
        ("tests/redis/test_leases.py",),
    ),
    Mutant(
        "redis: three losses are the end",
        "backends/redis/lua/reap.lua",
        "elseif may_retry and losses < $MAX_LOSSES then",
        "elseif may_retry then",
        _REDIS,
    ),
    Mutant(
        "redis: a retry after a cancel does not come",
        "backends/redis/lua/settle.lua",
        "    elseif task.cancel_at then\n",
        "    elseif false then\n",
        _REDIS,
    ),
    Mutant(
        "redis: work can end while the server is out of memory",
        "backends/redis/lua/shared/store.lua",
        "        call('HDEL', META, '')\n",
        "",
        ("tests/redis/test_rough_going.py", "tests/redis/test_failures.py"),
    ),
    Mutant(
        "redis: a server that removes keys by itself is refused",
        "backends/redis/opening.py",
        'if policy.startswith("allkeys"):',
        "if False:",
        ("tests/redis/test_opening.py",),
    ),
    Mutant(
        "redis: an emptied server is no empty queue",
        "backends/redis/lua/shared/store.lua",
        "if not counters[1] then",
        "counters = {counters[1] or '0', counters[2] or '0'}\nif false then",
        ("tests/redis/test_opening.py", "tests/redis/test_outages.py"),
    ),
    Mutant(
        "redis: a batch counts only when it is whole",
        "backends/redis/lua/shared/tasks.lua",
        "if task.batch or task.held",
        "if task.held",
        ("tests/redis/test_batches.py",),
    ),
)
