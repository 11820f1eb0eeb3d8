"""One store as one process uses it: its backend and keys, the thread that waits, large values."""
