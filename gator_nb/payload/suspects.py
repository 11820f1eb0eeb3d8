"""What usually cannot be pickled, and what to do instead. Known by the names of types, so that
nothing has to be imported for it."""

import io
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_OPEN = "open it inside the function"
_MAKE = "make it inside the function"
_ALONE = "make it inside the function: tasks share no memory with the notebook"
_LAZY = "make a list of it, or make it inside the function"
_WIDGET = "pass its value"
_DEVICE = "open the device inside the function, where it is plugged in"
_FRAME = "collect it first, or build it inside the function"

_BY_MODULE = {
    "sqlite3": _OPEN,
    "apsw": _OPEN,
    "duckdb": _OPEN,
    "psycopg": _OPEN,
    "psycopg2": _OPEN,
    "pymysql": _OPEN,
    "MySQLdb": _OPEN,
    "mysql": _OPEN,
    "pyodbc": _OPEN,
    "oracledb": _OPEN,
    "asyncpg": _OPEN,
    "sqlalchemy": _OPEN,
    "pymongo": _OPEN,
    "redis": _OPEN,
    "h5py": _OPEN,
    "netCDF4": _OPEN,
    "tables": _OPEN,
    "zipfile": _OPEN,
    "tarfile": _OPEN,
    "mmap": _OPEN,
    "socket": _OPEN,
    "_socket": _OPEN,
    "ssl": _OPEN,
    "httpx": _OPEN,
    "aiohttp": _OPEN,
    "pyarrow": _OPEN,
    "paramiko": _OPEN,
    "serial": _DEVICE,
    "usb": _DEVICE,
    "pyvisa": _DEVICE,
    "pyaudio": _DEVICE,
    "cv2": _DEVICE,
    "botocore": _MAKE,
    "boto3": _MAKE,
    "py4j": _MAKE,
    "dask": _FRAME,
    "polars": _FRAME,
    "ibis": _FRAME,
    "panel": _WIDGET,
    "bokeh": _WIDGET,
    "logging": "handlers stay here: `logging.getLogger(name)` inside the function finds a logger",
    "pyspark": _FRAME,
    "distributed": _MAKE,
    "selenium": _MAKE,
    "playwright": _MAKE,
    "subprocess": "start it inside the function",
    "threading": _ALONE,
    "_thread": _ALONE,
    "queue": _ALONE,
    "_queue": _ALONE,
    "multiprocessing": _ALONE,
    "asyncio": _ALONE,
    "_asyncio": _ALONE,
    "concurrent": _ALONE,
    "weakref": "pass the object itself",
    "_contextvars": "pass its value",
    "tkinter": _WIDGET,
    "ipywidgets": _WIDGET,
    "IPython": "the notebook's shell is not there in a task: pass what you need of it",
    "ipykernel": "the notebook's shell is not there in a task: pass what you need of it",
    "tqdm": "make the bar inside the function, or use `gator_nb.track`",
    "_ctypes": "pass plain values, or load the library inside the function",
    "ctypes": "pass plain values, or load the library inside the function",
    "_cffi_backend": "pass plain values, or load the library inside the function",
}

_BY_NAME = {
    "gator_nb.tasks.task.Task": "push it first, to this store; or pass task.get()",
    "gator_nb.gator.Gator": "it is of another store: make one there, Gator(conn_string)",
    "_io.TextIOWrapper": "pass the path and open it inside the function",
    "_io.BufferedReader": "pass the path and open it inside the function",
    "_io.BufferedWriter": "pass the path and open it inside the function",
    "_io.BufferedRandom": "pass the path and open it inside the function",
    "_io.FileIO": "pass the path and open it inside the function",
    "tempfile._TemporaryFileWrapper": "pass the path and open it inside the function",
    "builtins.generator": _LAZY,
    "builtins.coroutine": "call and await it inside the function",
    "builtins.async_generator": _LAZY,
    "builtins.frame": "pass what you need of it",
    "builtins.traceback": "pass it as text: `traceback.format_exc()`",
    "_csv.reader": _LAZY,
    "_csv.writer": _MAKE,
    "posix.ScandirIterator": _LAZY,
    "posix.DirEntry": "pass its path",
}


def mend_of(value: Any) -> str | None:
    """What to do about a value of a kind that is known not to pickle; None for other kinds."""
    for kind in type(value).__mro__:
        name = f"{kind.__module__}.{kind.__qualname__}"
        mend = _BY_NAME.get(name) or _BY_MODULE.get(kind.__module__.partition(".")[0])
        if mend is not None:
            return mend
    return None


@lru_cache(maxsize=1_000)
def is_bar(kind: type) -> bool:
    """Whether its values are bars of tqdm, which pickle where their output does."""
    return any(f"{one.__module__}.{one.__qualname__}" == "tqdm.std.tqdm" for one in kind.__mro__)


def is_lazy(value: Any) -> bool:
    """Whether this is work that is still to be done, such as a `map`, though it would pickle; or a
    file, whose contents would."""
    if isinstance(value, (io.StringIO, io.BytesIO)):
        return False
    own = type(value).__module__ in ("builtins", "itertools", "_io")
    return own and isinstance(value, Iterator)


def mend_of_result(value: Any) -> str:
    """The same for a value that a task returns."""
    if isinstance(value, io.IOBase):
        return "return its path, or what is in it"
    lazy = mend_of(value) == _LAZY or is_lazy(value)
    return "return a list of it" if lazy else "return what you need of it as plain values"


def kind_of(value: Any) -> str:
    """The name of a value's type as people write it: "generator", "sqlite3.Connection"."""
    kind = type(value)
    module, name = kind.__module__, kind.__qualname__
    return name if module in ("builtins", "__main__") else f"{module}.{name}"
