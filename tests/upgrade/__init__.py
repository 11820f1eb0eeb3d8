"""Stores that an earlier gator_nb has left; see README.md."""
