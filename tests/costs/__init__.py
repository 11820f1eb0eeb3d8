"""What a task costs, counted: requests, commands, statements, calls of functions, wakes.

Counts are the same on a slow machine, so that a change that makes gator_nb do more is told. Each
number is what it took when it was written down, as the most it may take; whoever makes it less
lowers it. How quick all that is, `python -m tests.benchmarks` tells.
"""
