"""A child of a worker that dies at one of its points: `python -m` in place of the real one."""

import os
from pathlib import Path

from gator_nb.executors.child import main

from .points import Points, around_children
from .scenes import CHILD

if __name__ == "__main__":
    deadly, _, folder = os.environ[CHILD].partition(":")
    points = Points(Path(folder), int(deadly))
    around_children(points)
    points.armed = True
    main()
