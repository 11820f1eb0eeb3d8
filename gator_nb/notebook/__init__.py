"""gator_nb inside a notebook: `%load_ext gator_nb`, cards and magics."""

from .extension import load, unload

__all__ = ["load", "unload"]
