"""Reading what many tasks will be asked for in a few requests, in place of one each."""

from collections.abc import Iterator, Sequence

from ..client.client import Client
from ..record import Reason
from ..states import Status
from .handle import Handle

_PAGE = 100
"""Tasks whose calls and outcomes are in hand at a time; each may be large."""


def prefetched(
    client: Client, handles: Sequence[Handle], *, headers: bool = False
) -> Iterator[Handle]:
    """These handles in order, each with its outcome at hand until the next one is asked for.

    Args:
        headers: have what is signed beside the call at hand, too.
    """
    for start in range(0, len(handles), _PAGE):
        page = handles[start : start + _PAGE]
        outcomes = client.outcomes([one.record.id for one in page if _has_outcome(one)])
        unread = [one.record.id for one in page if headers and not one.has_header]
        envelopes = client.backend.envelopes(unread) if unread else {}
        for handle in page:
            handle.outcome_at_hand = outcomes.pop(handle.record.id, None)
            handle.envelope_at_hand = envelopes.pop(handle.record.id, None)
            yield handle
            handle.outcome_at_hand = handle.envelope_at_hand = None


def _has_outcome(handle: Handle) -> bool:
    record = handle.record
    failed = record.status is Status.FAILED and record.reason == Reason.ERROR
    return record.status is Status.SUCCESS or failed
