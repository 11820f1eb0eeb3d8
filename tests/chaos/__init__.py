"""Faults of every kind against real workers, stores and clients, judged by a ledger outside."""
