"""Workers: the loop that claims, the executors it drives, and the processes beside a notebook."""
