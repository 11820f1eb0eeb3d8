"""A store on the server of this test run."""

from collections.abc import Iterator

import pytest

from gator_nb.backends.redis import RedisBackend

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
