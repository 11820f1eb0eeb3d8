"""Large values in the memory of a Dask cluster: each is brought there once."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from ..client.client import Client
from .dask_cluster import Cluster

_KEPT = 2 << 30
"""Bytes of large values that stay in the cluster while nothing there needs them."""


class Scattered:
    """The large values that a worker has brought into a cluster, the newest last."""

    def __init__(self, client: Client, cluster: Cluster) -> None:
        self._client = client
        self._cluster = cluster
        self._there: OrderedDict[str, tuple[int, Any]] = OrderedDict()

    def bring(self, names: Iterable[str]) -> dict[str, Any]:
        """Dask's futures of these, by their names; brings what is not there.

        Raises:
            OSError, TimeoutError: the cluster does not take it.
            BlobMissing, StoreUnavailable, Untrusted
        """
        wanted = {name: self._one(name) for name in dict.fromkeys(names)}
        while len(self._there) > len(wanted) and self._size() > _KEPT:
            self._there.popitem(last=False)
        return wanted

    def clear(self) -> None:
        """Let go of all of them."""
        self._there.clear()

    def _one(self, name: str) -> Any:
        found = self._there.get(name)
        if found is None or found[1].status != "finished":  # else its Dask worker has died
            value = bytes(self._client.depot.fetch([name])[0])
            found = self._there[name] = (len(value), self._cluster.scatter(value))
        self._there.move_to_end(name)
        return found[1]

    def _size(self) -> int:
        return sum(size for size, _ in self._there.values())
