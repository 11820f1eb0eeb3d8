"""Names and limits that every part shares; each limit says why it is what it is."""

ALL = "all"
"""The default name of a queue."""

EVERY = "*"
"""In place of a queue's name: every queue of the store."""

MAX_LANES = 64
"""Lanes a queue may have at once: a claim looks at the head of each (0.2 ms over one lane, 9 ms
over 400)."""

FORCED = "forced"
"""The cancel step of a task whose process is to be killed without waiting for its code."""

MAX_LOSSES = 3
"""Workers that may be lost under a task before it is FAILED: more, and one eats every worker."""

PROMOTE_BATCH = 500
"""Due and expired tasks that one call moves on: no claim stalls behind a backlog of alarms."""

SEQ_BITS = 44
"""Bits of a rank that hold the push order: 1.7e13 pushes, and with the priority still 53 bits."""

MIN_PRIORITY, MAX_PRIORITY = -100, 100

THREAD_LEASE = 120.0
"""Seconds without a word before a worker that shares its interpreter with user code counts as lost
on another host: C code may hold the interpreter's lock for a minute."""

PROCESS_LEASE = 15.0
"""The same for a supervisor whose user code runs in processes of its own."""

RENEW_EVERY = 5.0
"""Seconds between two renewals of a lease."""

NAMES_KEPT = 500
"""Workers that left whose names a store still knows: their tasks are shown beside them."""

LOG_HEAD = LOG_TAIL = 512 * 1024
"""Bytes of a task's output that are kept from its start and from its end."""
LOG_DISPLAYS = 8 * 1024 * 1024
"""Bytes of figures and the like that are kept besides: one of the largest, or many."""

LARGE_STORE = 10_000_000_000
"""Bytes of a store from which on its worker and the doctor warn of it."""

DAY = 86_400.0
BLOB_GRACE = DAY
"""Seconds that a large value stays which no task owns."""
RETENTION = 30 * DAY
"""Seconds that finished tasks are kept for when nobody says otherwise."""
