"""The server's time, as a client knows it without asking each time."""

from collections.abc import Iterator

import pytest
import redis

from gator_nb.backends.redis import RedisBackend

from .proxy import Proxy
from .servers import RunningServer


@pytest.fixture
def asked_slowly(proxy: Proxy) -> Iterator[RedisBackend]:
    """A store whose server's time was asked for over a slow line."""
    backend = RedisBackend(f"redis://127.0.0.1:{proxy.port}/0?store=clock{proxy.port}")
    proxy.delay = 0.2
    backend.now()
    yield backend
    backend.close()


def test_it_is_never_ahead_of_the_server(asked_slowly: RedisBackend, server: RunningServer) -> None:
    """However long the question was on its way: what is due by it is due for the server too, and
    a retry without a wait is ready at once."""
    known = asked_slowly.now()
    with redis.Redis(port=server.port) as straight:
        seconds, micros = straight.time()
    assert known <= seconds + micros / 1e6
