"""Checking blobs against their chunks, and against the tasks that own them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

Fields = Mapping[str, str]
"""Of a blob; none where the key is not of one."""


def blob_faults(
    names: Sequence[str], blobs: Mapping[str, Fields], needs: Mapping[str, set[str]]
) -> Iterator[str]:
    """A sentence for each fault.

    Args:
        names: the keys of the store.
        blobs: by their names.
        needs: the blobs that each task owns.
    """
    for task_id, owned in needs.items():
        for name in sorted(owned):
            if "chunks" not in blobs.get(name, {}):
                yield f"task {task_id} needs the large value {name}, which is not there"
    owners = Counter(name for owned in needs.values() for name in owned)
    chunks: defaultdict[str, set[int]] = defaultdict(set)
    for key in names:
        kind, _, place = key.partition(":")
        if kind == "chunk":
            number, _, name = place.partition(":")
            chunks[name].add(int(number) if number.isdecimal() else -1)
    for name, fields in blobs.items():
        try:
            yield from _faults(name, fields, owners[name], chunks.pop(name, set()))
        except (KeyError, ValueError):
            yield f"blob:{name} is not what gator_nb writes"
    for name in sorted(chunks):
        yield f"chunks are there of the large value {name}, which is not"


def _faults(name: str, fields: Fields, owners: int, there: set[int]) -> Iterator[str]:
    is_complete = "chunks" in fields
    wanted = set(range(int(fields["chunks" if is_complete else "added"])))
    float(fields["touched"])
    counted = int(fields.get("owners", 0))
    if counted != owners:
        yield f"blob:{name} counts {counted} owners; there are {owners}"
    lacking = sorted(wanted - there) if is_complete else []
    if lacking:
        yield f"the large value {name} lacks {len(lacking)} chunks, from {lacking[0]} on"
    for number in sorted(there - wanted):
        yield f"chunk:{number}:{name} is there, which is not a part of the large value"


def unowned_among(blobs: Mapping[str, Fields]) -> dict[str, float]:
    """Those that count no owner, and when they were touched."""
    return {
        name: float(fields["touched"])
        for name, fields in blobs.items()
        if "owners" not in fields and _is_time(fields.get("touched", ""))
    }


def _is_time(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()
