"""SIGKILL at each step of a client, a worker and a child, one after the other; see README.md."""
