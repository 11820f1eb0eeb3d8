"""What a small laboratory might have on its queue: real work, slowed down so that it can be
watched."""

import time
from typing import TYPE_CHECKING, Any

from ..attempts.runtime import checkpoint, progress, track
from ..gator import Gator

if TYPE_CHECKING:
    import numpy as np

_SEASONS = ("winter", "spring", "summer", "autumn")
_BLINK = 0.04
"""Seconds between two steps, so that a bar moves instead of jumping."""


def push_work(gator: Gator) -> None:
    """Put a day's work on the queue: some will succeed, some fail, some wait."""
    with gator.options(name="load", tags=["measurements"], queue="measurements") as load:
        seasons = load.map(season, range(len(_SEASONS)))
    gator.options(name="yearly report", tags=["measurements"]).task(report, seasons)
    with gator.options(name="sweep", tags=["spirals"]) as sweep:
        sweep.grid(train, rate=[0.03, 0.3, 1.0], width=[-1, 4, 16])
    gator.options(name="wide net", tags=["spirals"], priority=5).task(train, 0.3, 64, 2_000)
    flaky = gator.options(name="flaky service", retries=4, backoff=3, priority=10)
    flaky.task(ask_service)
    gator.options(name="bootstrap", tags=["measurements"]).task(bootstrap, 4_000)
    gator.options(name="nightly", delay_by="8h").task(report, [0.0])
    gator.options(name="needs a GPU", needs={"gpu": 8}).task(train, 0.3, 512)


def season(number: int) -> float:
    """The mean temperature of a made season of 90 days."""
    import numpy as np

    days = np.random.default_rng(number).normal(10 - 9 * np.cos(number * np.pi / 2), 4, 90)
    for day in track(range(len(days)), message=_SEASONS[number]):
        if day % 30 == 0:
            print(f"day {day + 1} of {_SEASONS[number]}: {days[day]:.1f} C")  # noqa: T201
        time.sleep(_BLINK)
    return float(days.mean())


def report(means: list[float]) -> dict[str, float]:
    """What a year was like."""
    return {"mean": sum(means) / len(means), "warmest": max(means), "coldest": min(means)}


def train(rate: float, width: int, epochs: int = 200) -> dict[str, float]:
    """Fit a small net to two spirals, epoch by epoch; it goes on where an earlier try stopped.

    Raises:
        ValueError: a net cannot have that width.
    """
    import numpy as np

    if width < 1:
        raise ValueError(f"a layer of {width} neurons: give one at least")
    points, labels = spirals()
    rng = np.random.default_rng(0)
    net = checkpoint() or [rng.normal(0, 1, (3, width)), rng.normal(0, 1, (width + 1, 1)), 0]
    for epoch in range(net[2], epochs):
        loss, accuracy = step(net, points, labels, rate)
        net[2] = epoch + 1
        progress(epoch + 1, epochs, f"width {width}", loss=loss, accuracy=accuracy)
        if epoch % 50 == 0:
            print(f"epoch {epoch}: loss {loss:.3f}, accuracy {accuracy:.2f}")  # noqa: T201
            checkpoint(net)
        time.sleep(_BLINK)
    return {"loss": loss, "accuracy": accuracy}


def spirals() -> "tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]":
    """400 noisy points on two spirals, and which one each is on."""
    import numpy as np

    rng = np.random.default_rng(1)
    turn = np.sqrt(rng.random(200)) * 5
    arm = np.stack([turn * np.cos(turn), turn * np.sin(turn)], axis=1) / 5
    points = np.concatenate([arm, -arm]) + rng.normal(0, 0.03, (400, 2))
    return points, np.repeat([[0.0], [1.0]], 200, axis=0)


def step(
    net: list[Any],
    points: "np.ndarray[Any, Any]",
    labels: "np.ndarray[Any, Any]",
    rate: float,
) -> tuple[float, float]:
    """One step down the gradient, in place; loss and accuracy before it."""
    import numpy as np

    first, last, _ = net
    one = np.ones((len(points), 1))
    inner = np.hstack([points, one])
    hidden = np.hstack([np.tanh(inner @ first), one])
    said = 1 / (1 + np.exp(-(hidden @ last)))
    error = (said - labels) / len(points)
    back = error @ last[:-1].T * (1 - hidden[:, :-1] ** 2)
    last -= rate * 10 * hidden.T @ error
    first -= rate * 10 * inner.T @ back
    right = np.where(labels > 0, said, 1 - said)
    return float(-np.log(right + 1e-12).mean()), float((right > 0.5).mean())


def ask_service() -> str:
    """Something on the way that is not there at first."""
    asked = (checkpoint() or 0) + 1
    checkpoint(asked)
    if asked < 3:
        raise ConnectionError(f"the service does not answer (asked {asked} times)")
    return f"it answered when asked for the {asked}rd time"


def bootstrap(rounds: int) -> float:
    """The spread of a median, by drawing again and again."""
    import numpy as np

    rng = np.random.default_rng(2)
    values = rng.gamma(2.0, 2.0, 300)
    medians = []
    for done in range(1, rounds + 1):
        medians.append(float(np.median(rng.choice(values, len(values)))))
        progress(done, rounds, spread=float(np.std(medians)))
        time.sleep(_BLINK)
    return float(np.std(medians))
