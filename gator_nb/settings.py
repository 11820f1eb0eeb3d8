"""What the environment says, read when it is asked for and nowhere else."""

import os

CONN = "GATOR_NB_CONN"
KEY = "GATOR_NB_KEY"
QUEUE = "GATOR_NB_QUEUE"
RUN_IN = "GATOR_NB_RUN_IN"
DASHBOARD_URL = "GATOR_NB_DASHBOARD_URL"


def conn_string() -> str | None:
    """The address of the store from `$GATOR_NB_CONN`; None when it is not set."""
    return os.environ.get(CONN) or None


def key_text() -> str | None:
    """The signing key from `$GATOR_NB_KEY`, in hex; None when it is not set."""
    return os.environ.get(KEY) or None


def queue_name() -> str | None:
    """The queue of this notebook from `$GATOR_NB_QUEUE`; None when it is not set."""
    return os.environ.get(QUEUE) or None


def run_in() -> str | None:
    """Where tasks run when nobody says otherwise, from `$GATOR_NB_RUN_IN`; None is anywhere."""
    return os.environ.get(RUN_IN) or None


def dashboard_url() -> str | None:
    """How browsers reach a port of a kernel, from `$GATOR_NB_DASHBOARD_URL`; None when it is not
    set."""
    return os.environ.get(DASHBOARD_URL) or None
