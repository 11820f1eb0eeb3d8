"""A way to the server that can be cut, or lose replies."""

import contextlib
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator


class Proxy:
    """Carries bytes to a port of this machine and back.

    Attributes:
        lose_reply_to: the next request that has these bytes is carried, and its reply is not: the
            connection ends instead.
        is_cut: nothing is carried, and who connects is refused.
        cut_with_reply_to: the same as `lose_reply_to`, and the proxy is cut from then on.
        lose_one_in: of so many requests the reply of one is lost, for as long as it is set.
        lost: how many replies were lost.
        repeat_one_in: of so many requests one is sent once more, later and on a way of its own.
        repeated: how many were.
        delay: seconds that each request waits at most.
    """

    def __init__(self, port: int) -> None:
        self.lose_reply_to = b""
        self.is_cut = False
        self.cut_with_reply_to = b""
        self.lose_one_in = 0
        self.lost = 0
        self.repeat_one_in = 0
        self.repeated = 0
        self.delay = 0.0
        self._chance = random.Random(0)
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._sockets:
            _shut(one)
        for thread in self._threads:
            thread.join()
        for one in self._sockets:
            one.close()

    def _start(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.is_cut:
                    client.close()
                    continue
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:  # the server is down: who connects is refused, until it is back
                    client.close()
                    continue
                self._sockets += (client, server)
                cut = threading.Event()
                self._start(self._carry_requests, client, server, cut)
                self._start(self._carry_replies, server, client, cut)

    def _carry_requests(
        self, client: socket.socket, server: socket.socket, cut: threading.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while request := client.recv(1 << 16):
                if self.is_cut:
                    break
                if self._shall_be_lost(request):
                    cut.set()
                time.sleep(self._chance.uniform(0.0, self.delay))
                server.sendall(request)
                if self.repeat_one_in and self._chance.randrange(self.repeat_one_in) == 0:
                    self._start(self._repeat, request, self._chance.uniform(0.0, 0.5))
        _shut(server)
        if self.is_cut and not cut.is_set():
            _shut(client)

    def _repeat(self, request: bytes, late: float) -> None:
        """Nobody hears the reply."""
        time.sleep(late)
        with contextlib.suppress(OSError):
            with socket.create_connection(("127.0.0.1", self._target), timeout=1.0) as again:
                again.sendall(request)
                again.recv(1 << 16)
            self.repeated += 1

    def _shall_be_lost(self, request: bytes) -> bool:
        if self.lose_reply_to and self.lose_reply_to in request:
            self.lose_reply_to = b""
            return True
        if self.cut_with_reply_to and self.cut_with_reply_to in request:
            self.cut_with_reply_to, self.is_cut = b"", True
            return True
        return self.lose_one_in > 0 and self._chance.randrange(self.lose_one_in) == 0

    def _carry_replies(
        self, server: socket.socket, client: socket.socket, cut: threading.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while reply := server.recv(1 << 16):
                if cut.is_set():
                    self.lost += 1
                    break
                client.sendall(reply)
        _shut(client)


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
