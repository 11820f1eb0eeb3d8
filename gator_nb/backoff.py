"""How long to wait before the next try."""

MAX_DELAY = 86_400.0
"""Seconds: a day, so that a typo does not park a task for good."""


def retry_delay(backoff: float, attempt: int) -> float:
    """Seconds before the try after `attempt` (counted from 1): `backoff`, doubled each time.

    >>> [retry_delay(2.0, attempt) for attempt in (1, 2, 3)]
    [2.0, 4.0, 8.0]
    >>> retry_delay(0.0, 5)
    0.0
    """
    return min(MAX_DELAY, backoff * 2.0 ** min(attempt - 1, 60))
