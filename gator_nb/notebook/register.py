"""Which notebook has which queue, beyond the name of its file: one small file each.

A notebook that was renamed, moved or copied has its cells still, with their ids. So the id of the
cell that loads the extension tells which notebook it was.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..errors import GatorError
from ..host.places import data_folder
from ..host.private_files import write_private

_FOLDER = "notebooks"
_FORGOTTEN_AFTER = 90 * 24 * 3600
"""Seconds without a load after which a notebook whose file is gone is forgotten."""


class Known(NamedTuple):
    """A notebook that has loaded the extension.

    Attributes:
        path: of its file.
        queue: which it has, without the name of the user.
        cell: the id of the cell that loads the extension, or "".
    """

    path: str
    queue: str
    cell: str = ""

    @property
    def there(self) -> bool:
        """Its file is."""
        return Path(self.path).exists()


def remember(known: Known) -> None:
    """Write it down; where nothing can be written, it is known by its path alone."""
    with suppress(GatorError, OSError):
        write_private(_file(known.path), json.dumps(known._asdict()))


def forget(known: Known) -> None:
    """It has another path now."""
    with suppress(GatorError, OSError):
        _file(known.path).unlink(missing_ok=True)


def recall(path: str) -> Known | None:
    """The notebook of this path, if it was here before."""
    with suppress(GatorError, OSError):
        return _read(_file(path))
    return None


def others(path: str) -> list[Known]:
    """The other notebooks, that which was loaded last first."""
    with suppress(GatorError, OSError):
        return [known for known in _all() if known.path != path]
    return []


def _all() -> Iterator[Known]:
    files = [(file.stat().st_mtime, file) for file in _folder().glob("*.json")]
    for loaded, file in sorted(files, reverse=True):
        known = _read(file)
        if known is None:
            continue
        if time.time() - loaded > _FORGOTTEN_AFTER and not known.there:
            file.unlink(missing_ok=True)
            continue
        yield known


def _read(file: Path) -> Known | None:
    """None where there is none, or something else."""
    try:
        return Known(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _file(path: str) -> Path:
    return _folder() / f"{hashlib.sha256(path.encode()).hexdigest()[:16]}.json"


def _folder() -> Path:
    return data_folder()[0] / _FOLDER
