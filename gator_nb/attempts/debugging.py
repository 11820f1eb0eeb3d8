"""Running a stored call again here, with the debugger at the place where it fails."""

import pdb
import sys
from types import TracebackType  # noqa: TC003 -- said of a variable
from typing import Any

from ..client.client import Client
from ..client.workforce import refuse_another_python
from ..record import Record
from ..tasks.coroutines import finished
from .snapshot import load_here


def debug(client: Client, record: Record) -> None:
    """Run the snapshot of a task in this process; where it raises, open the debugger.

    Nothing of it is stored, and no retry is used.

    Raises:
        GatorError: it is of another Python.
    """
    refuse_another_python(client.backend, record)
    call = load_here(client, record, client.backend.envelope(record.id))
    try:
        value = finished(call.func(*call.args, **call.kwargs))
    except Exception as error:  # noqa: BLE001 -- this is what is looked for
        _post_mortem(error)
    else:
        print(f"{record.label} ran to its end this time: {value!r}")  # noqa: T201


def _post_mortem(error: Exception) -> None:
    # The first frame is the one above; the user's begin behind it.
    trace: TracebackType | None = error.__traceback__
    trace = trace.tb_next if trace is not None and trace.tb_next is not None else trace
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    print(f"{type(error).__name__}: {error}")  # noqa: T201
    if shell is None:
        pdb.post_mortem(trace)
        return
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, trace
    shell.debugger(force=True)
