"""What somebody can do who may write to the store and has no key: pieces of what is signed, changed
and put together anew, and the canary that must never be unpickled."""

import os
import pickle
import random
from collections.abc import Mapping
from pathlib import Path

from gator_nb import keys
from gator_nb.payload import (
    CallHeader,
    key_id_of,
    open_outcome,
    peek,
    seal_call,
    seal_checkpoint,
    seal_outcome,
)

ATTACKER = keys.Keyring([keys.key_of(b"a" * 32)])
_LARGE = 2_000_000


class Canary:
    """Leaves a folder when it is unpickled, whoever does it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.folder),)


class Tamperer:
    """Makes cases out of honest pieces.

    Args:
        pieces: signed bytes by their kind: "call", "outcome", "checkpoint", and others to be put in
            their place, such as an older outcome or those of another task.
    """

    def __init__(self, pieces: Mapping[str, bytes], canary: Path, seed: int = 0) -> None:
        self.pieces = dict(pieces)
        self.canary = pickle.dumps(Canary(canary))
        self.source = random.Random(seed)
        self._forged = {kind: self._forge(kind) for kind in ("call", "outcome", "checkpoint")}
        self._ways = [
            self._truncated, self._flipped, self._lengthened, self._recombined, self._moved,
            self._resigned, self._relabelled, self._large, self._several,
        ]  # fmt: skip

    def case(self, kind: str) -> tuple[str, bytes]:
        """In what way, and the bytes to put in the place of the honest piece of this kind."""
        while True:
            way = self.source.choice(self._ways)
            data = way(kind)
            if data != self.pieces[kind]:
                return way.__name__[1:], data

    def _forge(self, kind: str) -> bytes:
        """The canary in a frame of the attacker's."""
        honest = self.pieces[kind]
        header = peek(honest)
        if kind == "call":
            return seal_call(ATTACKER, CallHeader(**header), self.canary)
        if kind == "outcome":
            opened = open_outcome(keys.load(), honest, task_id=header["task_id"])
            return seal_outcome(ATTACKER, opened._replace(payload=self.canary))
        return seal_checkpoint(ATTACKER, header["task_id"], header["claim"], self.canary)

    def _truncated(self, kind: str) -> bytes:
        honest = self.pieces[kind]
        return honest[: self.source.randrange(len(honest))]

    def _flipped(self, kind: str) -> bytes:
        changed = bytearray(self.pieces[kind])
        for _ in range(self.source.randint(1, 8)):
            changed[self.source.randrange(len(changed))] ^= 1 << self.source.randrange(8)
        return bytes(changed)

    def _lengthened(self, kind: str) -> bytes:
        more = self.source.choice([self.canary, b"\0", self.source.randbytes(30)])
        return self.pieces[kind] + more

    def _recombined(self, kind: str) -> bytes:
        """The beginning of one piece and the end of another, of whatever kind."""
        ends = [*self.pieces.values(), *self._forged.values(), self.canary]
        honest, other = self.pieces[kind], self.source.choice(ends)
        return (
            honest[: self.source.randrange(len(honest))]
            + other[self.source.randrange(len(other)) :]
        )

    def _moved(self, kind: str) -> bytes:
        """Whole, and at a place that is not its own."""
        others = [data for name, data in self.pieces.items() if name != kind]
        return self.source.choice([*others, self.canary])

    def _resigned(self, kind: str) -> bytes:
        return self._forged[kind]

    def _relabelled(self, kind: str) -> bytes:
        """With the id of the right key in place of the attacker's."""
        forged, honest = self._forged[kind], self.pieces[kind]
        return forged.replace(key_id_of(forged).encode(), key_id_of(honest).encode(), 1)

    def _large(self, kind: str) -> bytes:
        """A length that is not there, or bytes that nobody asked for."""
        honest = self.pieces[kind]
        at = honest.index(b"{") - 4
        if self.source.random() < 0.9:
            length = self.source.choice([0, 0x7FFFFFFF, 0xFFFFFFFF, self.source.getrandbits(32)])
            return honest[:at] + length.to_bytes(4, "big") + honest[at + 4 :]
        return honest + bytes(_LARGE)

    def _several(self, kind: str) -> bytes:
        """One after the other, each on what the last has left."""
        first, kept = self._recombined(kind), self.pieces[kind]
        if not first:
            return b""
        try:
            self.pieces[kind] = first
            return self.source.choice([self._flipped, self._lengthened, self._truncated])(kind)
        finally:
            self.pieces[kind] = kept
