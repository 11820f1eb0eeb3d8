"""What can be done with a store by a word, and one sentence about each: the only table of them."""

from typing import NamedTuple

VERBS = {
    "worker": "Run the tasks of a store here, until told to stop.",
    "key": "Tell, carry, add and change the keys that sign tasks.",
    "serve": "Start a Valkey server for tasks, with a password and a profile.",
    "dashboard": "Show a store's tasks in a browser, live, and cancel them there.",
    "ls": "List tasks, newest first.",
    "show": "Tell all about one task.",
    "logs": "Print what a task printed; with -f until it ends.",
    "cancel": "Cancel what has not started, and ask what runs to stop.",
    "retry": "Run tasks that have ended again, as new tasks.",
    "purge": "Remove tasks that ended long ago; without --yes only count them.",
    "verify": "Check a store's indexes and counters against its tasks.",
    "doctor": "Find out what is in the way of tasks.",
    "demo": "Show a queue at work in a browser: a store, a worker and the page, gone at Ctrl-C.",
}


class Magic(NamedTuple):
    """A verb of `%gator`."""

    does: str
    words: str = ""
    """What may follow, as it stands in the help."""
    options: tuple[str, ...] = ()
    completes: str = ""
    """What a word of it can be: "tasks", "open tasks", "ended tasks", "statuses", "stores" or
    "queues"; or the words themselves."""


MAGICS = {
    "status": Magic("Tell what this notebook's queue holds, and who runs it."),
    "ls": Magic(VERBS["ls"], "[STATUS] [--all]", ("--all",), "statuses"),
    "show": Magic("Show the card of a task.", "ID", (), "tasks"),
    "logs": Magic("Print what a task printed.", "ID", (), "tasks"),
    "cancel": Magic(
        VERBS["cancel"], "ID... [--force] | --held", ("--held", "--force"), "open tasks"
    ),
    "retry": Magic(
        VERBS["retry"], "ID... [--edited] | --failed", ("--failed", "--edited"), "ended tasks"
    ),
    "resume": Magic("Let held tasks, and a paused queue, go on."),
    "wait": Magic("Wait for all that was pushed here; raise when some of it failed."),
    "use": Magic(
        "Where tasks run that do not say.", "threads|processes", (), "threads processes"
    ),
    "connect": Magic(
        "Go on with another store; alone, list those with a name.",
        "[NAME|ADDRESS [--save NAME]]", ("--save",), "stores",
    ),
    "queue": Magic(
        "Go on with another queue, as an older notebook's; alone, list them.",
        "[NAME]", (), "queues",
    ),
    "worker": Magic(
        "Run this queue's tasks here, or stop to.",
        "start [--threads N | --processes N [--detach]] [--has NAME=AMOUNT] | stop",
        ("--threads", "--processes", "--detach", "--has"), "start stop",
    ),
    "dashboard": Magic("Show the page of this store, which lives while a cell blocks."),
    "help": Magic("Tell what there is."),
}  # fmt: skip

CELL = (
    ("--name NAME", "What to call the task."),
    ("--out VAR", "Bring this variable here once it is there; may be repeated."),
    ("--timeout TIME", 'Stop it after that long, as in "90s" or "2h".'),
    ("--retries N", "Try it again so often."),
    ("--process", "In a process of its own, which can be stopped whatever it does."),
    ("--reuse", "Answer the task of the very same cell, where there is one."),
    ("--block", "Wait for it; raise what it raised."),
    ("--no-card", "Show nothing."),
)
"""The options of `%%gator`."""
