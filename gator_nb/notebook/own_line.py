"""The line of the user's own code in which a task failed, out of its traceback's text."""

import re
from pathlib import PurePath

_FRAME = re.compile(r'^[ |+-]*File "([^"\n]*)", line (\d+), in (.*)\n[ |]*(\S.*)?$', re.MULTILINE)
_NEW = "Traceback (most recent call last):"
_NOT_OWN = re.compile(
    r"[/\\](site-packages|dist-packages|[Ll]ib[/\\]python\d[^/\\]*)[/\\]|^<frozen "
)
_OF_A_CELL = re.compile(r"ipykernel_\d+|^<ipython-input")


def own_line(traceback: str) -> str:
    """Where and what the user's own line is; empty when the traceback has none.

    Of chained errors the last one counts, and in it the innermost frame that is in no library.

    >>> own_line('  File "/home/me/train.py", line 7, in fit\\n    1 / rate\\n')
    'train.py, line 7, in fit: 1 / rate'
    """
    newest = traceback.rpartition(_NEW)[2]
    own = [found for found in _FRAME.findall(newest) if not _NOT_OWN.search(found[0])]
    if not own:
        return ""
    file, line, function, code = own[-1]
    where = "" if _OF_A_CELL.search(file) else f"{PurePath(file).name}, "
    return f"{where}line {line}, in {function}: {code}" if code else ""
