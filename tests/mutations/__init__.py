"""Whether the suite would notice a guard that is gone; see README.md."""

from .of_stores import MEMORY, REDIS, SQLITE
from .of_trust import TRUST
from .of_workers import HOLDS, LIVES, STOPS

GUARDS = (*MEMORY, *SQLITE, *REDIS, *LIVES, *HOLDS, *STOPS, *TRUST)
"""Every guard that is taken out in its turn."""
