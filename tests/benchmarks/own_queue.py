"""A queue for one case: on a file of its own, gone afterwards."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gator_nb import Gator


@contextmanager
def own_queue() -> Iterator[Gator]:
    with (
        tempfile.TemporaryDirectory() as folder,
        Gator(f"sqlite:///{Path(folder)}/tasks.sqlite") as gator,
    ):
        yield gator
