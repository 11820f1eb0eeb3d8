"""A worker in a process of its own, for the cases that need two; ends when its input does."""

import sys
from pathlib import Path

from gator_nb import Gator

from .sqlite import serve_huey


def main(who: str, path: Path) -> None:
    if who == "huey":
        serve_huey(path, _wait_for_the_end)
        return
    with Gator(f"sqlite:///{path}") as gator:
        gator.start_worker(threads=1)
        _wait_for_the_end()


def _wait_for_the_end() -> None:
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
