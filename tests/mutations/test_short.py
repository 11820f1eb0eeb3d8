"""The short form of `python -m tests.mutations`."""

from pathlib import Path

import pytest

from . import GUARDS
from .mutant import ROOT, Mutant, try_out


def test_every_guard_stands_where_the_check_takes_it_out() -> None:
    """A change of the code that moves one has to move it there, too."""
    gone = [
        one.guard for one in GUARDS if (ROOT / one.source).read_text().count(one.old) != 1
    ]  # fmt: skip
    assert gone == []
    assert len({one.guard for one in GUARDS}) == len(GUARDS)


_SOME = ("memory: the fence of a claim", "sqlite: the counter of statuses", "trust: a signature")


@pytest.mark.slow
@pytest.mark.parametrize(
    "guard", [one for one in GUARDS if one.guard in _SOME], ids=lambda one: one.guard
)
def test_a_guard_that_is_gone_is_noticed(guard: Mutant, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert try_out(guard, tmp_path).caught_by is not None
