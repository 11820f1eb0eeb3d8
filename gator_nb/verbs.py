"""What can be done with a store by a word, and one sentence about each: the only table of them."""

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
}
