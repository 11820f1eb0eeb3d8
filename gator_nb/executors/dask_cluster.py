"""A Dask cluster as a worker of ours sees it. All that is asked of it is asked on the loop of its
client, and answered by a future: a Dask worker that does not answer keeps nobody waiting."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import CancelledError, Future
from typing import Any, NamedTuple, TypeVar

from .dask_chunk import Ask, Hello, Told, gator_nb_look, greet, run_chunk

Answer = TypeVar("Answer")


def is_of_dask(executor: object) -> bool:
    """Whether an executor is a Dask client's. Loads nothing of Dask."""
    theirs = sys.modules.get("distributed.cfexecutor")
    return theirs is not None and isinstance(executor, theirs.ClientExecutor)


class Place(NamedTuple):
    """A Dask worker that can run tasks."""

    address: str
    birth: str
    threads: int


class Cluster:
    """What a client's executor can reach of its cluster."""

    def __init__(self, executor: Any) -> None:
        self._client: Any = executor._client  # noqa: SLF001 -- it has no other way to its client
        options: dict[str, Any] = executor._kwargs  # noqa: SLF001 -- nor to what it was made with
        workers = options.get("workers")
        self._only = [workers] if isinstance(workers, str) else workers
        self._resources = options.get("resources")
        self.address = str(self._client.scheduler.address)

    @property
    def closed(self) -> bool:
        """Nothing comes from there any more."""
        return self._client.status in ("closed", "closing")

    def check(self) -> None:
        """See that there is a way to it.

        Raises:
            ConnectionError: the client has given up its scheduler, or somebody has closed it.
        """
        if self.closed:
            raise ConnectionError("the Dask scheduler has gone, or its client was closed")

    def threads(self) -> Future[dict[str, int]]:
        """How many threads the Dask workers have, by their addresses."""
        return self._ask(lambda: self._client.nthreads(workers=self._only))

    def greet(self, address: str) -> Future[dict[str, Hello]]:
        """Ask a Dask worker who it is."""
        return self._ask(lambda: self._client.run(greet, workers=[address]))

    def look(self, address: str, asks: Mapping[str, Ask]) -> Future[dict[str, dict[str, Told]]]:
        """Ask a Dask worker of its chunks."""
        return self._ask(lambda: self._client.run(gator_nb_look, dict(asks), workers=[address]))

    def start(
        self, place: Place, chunk_id: str, calls: bytes, larges: Mapping[str, Any]
    ) -> Future[Told | None]:
        """Run a chunk there and nowhere else: what dies with that Dask worker is not run again
        behind our back. When the answer is canceled, Dask forgets the chunk."""
        return self._ask(lambda: self._start(place, chunk_id, calls, larges))

    async def _start(
        self, place: Place, chunk_id: str, calls: bytes, larges: Mapping[str, Any]
    ) -> Told | None:
        future = self._client.submit(
            run_chunk, chunk_id, place.birth, calls, dict(larges),
            key=f"gator_nb-{chunk_id}", workers=[place.address], allow_other_workers=False,
            pure=False, resources=self._resources,
        )  # fmt: skip
        try:
            told: Told | None = await future
        except (CancelledError, asyncio.CancelledError):
            if future.cancelled():
                lost = f"the Dask scheduler at {self.address} let go of it"
                raise ConnectionError(lost) from None
            await future.cancel()  # nobody waits for it any more
            raise
        return told

    def scatter(self, value: bytes) -> Any:
        """Bring a large value into the cluster's memory, where it stays as long as the answer does.

        Raises:
            OSError, TimeoutError
        """
        return self._ask(lambda: self._client.scatter(value, hash=False)).result()

    def _ask(self, call: Callable[[], Awaitable[Answer]]) -> Future[Answer]:
        """Make a call of the client on its own loop, where it answers with a coroutine."""
        self.check()

        async def made() -> Answer:
            return await call()

        return asyncio.run_coroutine_threadsafe(made(), self._client.loop.asyncio_loop)
