"""What only the SQLite store has; what every store has is in `tests/contract`."""
