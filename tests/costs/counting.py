"""Counting what a server does while a block runs."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis

from ..redis.servers import RunningServer

_ABOUT_CONNECTIONS = ("config", "info", "client", "hello", "select", "subscribe", "unsubscribe")


@contextmanager
def commands_of(server: RunningServer) -> Iterator[Counter[str]]:
    """What the server was asked for, and what its scripts then called, by command; once the block
    is over. What opens and asks after connections is left out, and so is a script that the server
    did not know yet."""
    counted: Counter[str] = Counter()
    with server.client() as client:
        client.config_resetstat()
        yield counted
        counted.update(commands_so_far(client))


def commands_so_far(client: "redis.Redis[Any]") -> Counter[str]:
    """The same since the server began to count."""
    counted: Counter[str] = Counter()
    for name, told in client.info("commandstats").items():
        command = name.removeprefix("cmdstat_")
        if command.partition("|")[0] not in _ABOUT_CONNECTIONS:
            counted[command] = told["calls"] - told["failed_calls"]
    return counted


def scripts_in(counted: Counter[str]) -> int:
    """How often the server ran a script: each is a request, and a verb is at least one."""
    return counted["evalsha"] + counted["eval"]
