"""The source of the user's modules, each with all the local modules that it may import."""

import os
import sys
import zlib
from collections.abc import Iterable
from hashlib import blake2b
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import NamedTuple

from ..errors import NotPicklable
from .code_digest import SIZE, code_digest
from .imports import imports_in_source
from .local_modules import is_local, spec_of, travelled

_ID_SIZE = 8


class Piece(NamedTuple):
    """One module as it travels."""

    name: str
    version: str
    """Follows from its source and those of all local modules that it may import."""
    package: bool
    file: str
    """Where it was; empty for a package that is nothing but a folder."""
    data: bytes
    """Its source, compressed."""

    @property
    def source(self) -> bytes:
        return zlib.decompress(self.data)


class _Read(NamedTuple):
    """A module's source as it was read, and what it was read from."""

    token: object
    digest: bytes
    source: bytes
    packages: frozenset[str]
    """What else it may import, by the first part of the name."""
    needs: tuple[str, ...]
    """The local modules that it may import, the packages that they lie in, and its own."""
    file: str
    package: bool


_read: dict[str, _Read] = {}
_closures: dict[str, tuple[tuple[tuple[str, bytes, str], ...], tuple[Piece, ...]]] = {}
_pieces: dict[tuple[str, str, str], Piece] = {}
_codes: dict[tuple[str, str], bytes] = {}


def pieces_of(name: str) -> tuple[Piece, ...]:
    """A local module, its packages, and the local modules that they may import, by name.

    A loaded module has the source that it was first seen with, until it is reloaded.
    """
    came = travelled(spec_of(name))
    if came is not None:
        pieces: tuple[Piece, ...] = came.__spec__.loader.pieces  # type: ignore[union-attr]
        return pieces
    reads = _closure(name)
    state = tuple((one, reads[one].digest, reads[one].file) for one in sorted(reads))
    known = _closures.get(name)
    if known is not None and known[0] == state:
        return known[1]
    made = tuple(_piece(one, reads) for one in sorted(reads))
    _closures[name] = state, made
    return made


def pieces_of_all(names: Iterable[str]) -> tuple[Piece, ...]:
    """Of several modules, those among the names that are local; each piece once."""
    found = {piece.name: piece for name in names for piece in _pieces_if_local(name)}
    return tuple(found.values())


def version_of(name: str) -> str | None:
    """The version of a module as it is here, loaded or not; None when it is not, or not local."""
    if not is_local(name):
        return None
    return next((piece.version for piece in pieces_of(name) if piece.name == name), None)


def code_version(pieces: Iterable[Piece]) -> bytes:
    """16 bytes that follow from what these modules do, and not from comments and lines."""
    digest = blake2b(digest_size=SIZE)
    for piece in sorted(pieces):
        digest.update(piece.name.encode() + b"\0" + _code_of(piece))
    return digest.digest()


def _code_of(piece: Piece) -> bytes:
    known = _codes.get((piece.name, piece.version))
    if known is None:
        source = piece.source
        try:
            known = code_digest(compile(source, piece.name, "exec", dont_inherit=True))
        except (SyntaxError, ValueError, RecursionError):  # whoever imports it is told
            known = blake2b(source, digest_size=SIZE).digest()
        _codes[piece.name, piece.version] = known
    return known


def packages_of(name: str) -> set[str]:
    """What a local module, and the local modules that it may import, may import besides."""
    if travelled(spec_of(name)) is not None:
        return set()
    return {one for read in _closure(name).values() for one in read.packages}


def _pieces_if_local(name: str) -> tuple[Piece, ...]:
    """Nothing for what is installed, or is no module at all but a name in one."""
    while name:
        if is_local(name):
            return pieces_of(name)
        name = name.rpartition(".")[0]
    return ()


def _piece(name: str, reads: dict[str, _Read]) -> Piece:
    digest = blake2b(digest_size=_ID_SIZE)
    for one in sorted(_reachable(name, reads)):
        digest.update(one.encode() + b"\0" + reads[one].digest)
    version = digest.hexdigest()
    read = reads[name]
    known = _pieces.get((name, version, read.file))
    if known is None:
        data = zlib.compress(read.source)
        known = Piece(sys.intern(name), version, read.package, read.file, data)
        _pieces[name, version, read.file] = known
    return known


def _closure(name: str) -> dict[str, _Read]:
    reads: dict[str, _Read] = {}
    waiting = _with_packages(name)
    while waiting:
        one = waiting.pop()
        if one not in reads and (read := _current(one)) is not None:
            reads[one] = read
            waiting += read.needs
    return reads


def _reachable(name: str, reads: dict[str, _Read]) -> set[str]:
    found: set[str] = set()
    waiting = _with_packages(name)
    while waiting:
        one = waiting.pop()
        if one not in found and one in reads:
            found.add(one)
            waiting += reads[one].needs
    return found


def _with_packages(name: str) -> list[str]:
    """A module and the packages that it lies in, each as far as it is the user's own."""
    parts = name.split(".")
    found: list[str] = []
    for end in range(1, len(parts) + 1):
        one = ".".join(parts[:end])
        if not is_local(one):
            break
        found.append(one)
    return found


def _current(name: str) -> _Read | None:
    module, known = sys.modules.get(name), _read.get(name)
    if known is not None:
        # A reload makes a new spec, which equals the old one.
        same = (
            known.token == _stamp(known.file) if module is None else known.token is module.__spec__
        )
        if same:
            return known
    spec = spec_of(name)
    if spec is None:
        return None
    file = spec.origin if spec.has_location and spec.origin else ""
    try:
        source = _content(spec) if file else b""
    except OSError as error:
        if module is None:
            return None  # whoever imports it is told
        raise NotPicklable(
            f"module {name} travels as source, and {file} cannot be read: {error.strerror}"
        ) from error
    package = spec.submodule_search_locations is not None
    around = name if package else name.rpartition(".")[0]
    imports = imports_in_source(source, around)
    needs = {one for target in imports for one in _with_packages(target)}
    packages = frozenset(target.partition(".")[0] for target in imports) - needs
    digest = blake2b(source, digest_size=_ID_SIZE).digest()
    token = _stamp(file) if module is None else spec
    read = _Read(token, digest, source, packages, tuple(sorted(needs)), file, package)
    _read[name] = read
    return read


def _stamp(file: str) -> object:
    """What changes with a file that is not loaded."""
    try:
        found = os.stat(file)  # noqa: PTH116 -- a hundred of these stand in a push
    except OSError:
        return ()
    return (file, found.st_mtime_ns, found.st_size)


def _content(spec: ModuleSpec) -> bytes:
    """By the loader, which knows of archives, too."""
    file = spec.origin or ""
    read = getattr(spec.loader, "get_data", None)
    return Path(file).read_bytes() if read is None else bytes(read(file))
