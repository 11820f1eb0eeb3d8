"""One try of a task: what it is given, how it runs, what it can call, how it ends."""
