"""Where user code runs: threads of this process, processes beside it, anybody's executor."""
