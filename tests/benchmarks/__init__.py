"""Benchmarks: gator_nb beside its peers and beside the bare chain of its parts, in one run.

`python -m tests.benchmarks --help` tells how to run them. Rounds are interleaved, so that a
machine whose speed drifts slows every case alike; medians and ratios are what counts.
"""
