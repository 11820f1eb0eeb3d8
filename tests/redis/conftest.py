"""A store on the server of this test run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gator_nb.backends.redis import RedisBackend

from .hosts import Host
from .ledger import Ledger
from .proxy import Proxy, proxy_to
from .pushes import push
from .servers import RunningServer, shared_server


@pytest.fixture(scope="session")
def server() -> RunningServer:
    return shared_server()


@pytest.fixture
def backend(server: RunningServer) -> Iterator[RedisBackend]:
    """By TCP, as most people connect."""
    opened = RedisBackend(server.dsn())
    yield opened
    faults = opened.verify()
    opened.close()
    assert faults == []


@pytest.fixture
def proxy(server: RunningServer) -> Iterator[Proxy]:
    with proxy_to(server.port) as made:
        yield made


@pytest.fixture
def remote(proxy: Proxy) -> Iterator[RedisBackend]:
    """A store by way of the proxy, which loses one reply."""
    backend = RedisBackend(f"redis://127.0.0.1:{proxy.port}/0?store=remote{proxy.port}")
    backend.put([push("warm")])
    backend.cancel(["warm"], "me")
    yield backend
    faults = backend.verify()
    backend.close()
    assert (faults, proxy.lost) == ([], 1)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Host]:
    """This host, whose locks can be seen."""
    host = Host(tmp_path)
    yield host
    host.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """What has truly run, whatever the store says."""
    return Ledger(tmp_path / "ledger.txt")
