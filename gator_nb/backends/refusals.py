"""What every store says when it refuses: one sentence for each reason, whichever store it is."""

from ..errors import BlobMissing, TaskRunning
from ..record import limit_of


def limit_full(task_id: str, limit: str) -> TaskRunning:
    """What is raised of a task that cannot run now for its limit."""
    name, most = limit_of(limit)
    return TaskRunning(
        f"task {task_id} cannot run now: {most} may run at once of those with limit {name!r}, and "
        "as many do"
    )


def not_there(name: str) -> BlobMissing:
    """What is raised of a blob that is not complete."""
    return BlobMissing(
        f"the store does not have the large value {name[:12]}, or not any more: push the call, or "
        "put the value, anew"
    )


def not_whole(name: str) -> BlobMissing:
    """What is raised of a blob some of whose chunks are not there."""
    return BlobMissing(f"the large value {name[:12]} did not reach the store as a whole: try again")
