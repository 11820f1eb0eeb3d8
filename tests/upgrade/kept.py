"""A store as text that can be kept for years: `python -m tests.upgrade.kept FOLDER` writes one of
this format for each kind of store, with the key that signed what is in it.

To be run once for a format, before the first change that raises it.
"""

import base64
import contextlib
import gzip
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import apsw
import apsw.shell
import redis

from gator_nb import Gator
from gator_nb.backends.base import Settlement
from gator_nb.record import FORMAT
from gator_nb.states import Status

KEY = "5e" * 32
SQLITE, REDIS = f"format_{FORMAT}.sql.gz", f"format_{FORMAT}.json.gz"
STORE = "kept"
LARGE = 2 << 20


def fill(gator: Gator) -> None:
    """One task at least in each status that lasts, and whatever else a store can hold."""

    def double(number: int) -> int:
        return 2 * number

    def fails() -> None:
        raise ValueError("as it should")

    def zeros(data: bytes) -> int:
        return data.count(0)

    done = gator.options(name="done", tags=["kept"]).task(double, 21)
    gator.options(name="failed").task(fails)
    gator.options(name="large").task(zeros, bytes(LARGE))
    for _ in range(3):
        with contextlib.suppress(ValueError):
            gator.pop()
    gator.options(name="after", depends_on=done).task(double, done)
    gator.options(name="canceled").task(double, 0).cancel()
    gator.options(name="delayed", delay_by=3600).task(double, 3)
    gator.options(name="limited", limit=("api", 1), priority=5).task(double, 4)
    gator.options(name="elsewhere", queue="other").map(double, range(2))
    late = gator.options(name="lost", on_lost="retry", retries=2, priority=9).task(double, 5)
    claimed = gator.backend.claim_task("gone", late.task_id)
    gator.backend.save(late.task_id, claimed.record.claim, b"never read")
    tried = gator.options(name="tried", retries=1, priority=9).task(double, 6)
    again = gator.backend.claim_task("gone", tried.task_id).record
    end = Settlement(again.id, again.claim or "", Status.RETRYING, 0, log=b"once\n")
    gator.backend.settle([end])


def dump_sqlite(path: Path) -> str:
    """Every table, as SQL."""
    lines: list[str] = []

    class Out:
        def write(self, text: str) -> None:
            lines.append(text)

        def flush(self) -> None:
            pass

    db = apsw.Connection(str(path))
    shell = apsw.shell.Shell(stdout=Out(), db=db)  # type: ignore[arg-type]
    shell.process_command(".dump")
    ids = (db.pragma("application_id"), db.pragma("user_version"))
    db.close()
    told = [line for line in "".join(lines).splitlines() if not line.startswith("--")]
    return "\n".join([*told, "PRAGMA application_id = {}; PRAGMA user_version = {};".format(*ids)])


def dump_redis(port: int) -> dict[str, Any]:
    """Every key: its type and what is in it."""
    found: dict[str, Any] = {}
    with redis.Redis(port=port) as client:
        for key in sorted(client.scan_iter("*")):
            kind, held = client.type(key).decode(), None
            if kind == "hash":
                held = {_text(name): _text(value) for name, value in client.hgetall(key).items()}
            elif kind == "zset":
                members = client.zrange(key, 0, -1, withscores=True)
                held = [[_text(member), repr(score)] for member, score in members]
            elif kind == "set":
                held = [_text(one) for one in client.smembers(key)]
            else:
                held = _text(client.get(key))
            found[key.decode()] = [kind, held]
    return found


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def load_redis(port: int, kept: dict[str, Any]) -> None:
    """Put it into a server again."""
    plain = base64.b64decode
    with redis.Redis(port=port) as client:
        for key, (kind, held) in kept.items():
            if kind == "hash":
                client.hset(key, mapping={plain(a): plain(b) for a, b in held.items()})
            elif kind == "zset":
                client.zadd(key, {plain(one): float(score) for one, score in held})
            elif kind == "set":
                client.sadd(key, *map(plain, held))
            else:
                client.set(key, plain(held))


def main() -> None:
    from ..redis.servers import RunningServer

    os.environ["GATOR_NB_KEY"] = KEY
    where = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tasks.sqlite"
        with Gator(f"sqlite:///{path}") as gator:
            fill(gator)
        (where / SQLITE).write_bytes(gzip.compress(dump_sqlite(path).encode(), mtime=0))
    server = RunningServer()
    try:
        with Gator(server.dsn(store=STORE)) as gator:
            fill(gator)
        text = json.dumps(dump_redis(server.port))
        (where / REDIS).write_bytes(gzip.compress(text.encode(), mtime=0))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
