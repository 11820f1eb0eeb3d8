"""Seconds for people."""


def duration(seconds: float) -> str:
    """A duration in its two greatest units.

    >>> [duration(s) for s in (0.034, 4.21, 75, 7384, 200_000)]
    ['34 ms', '4.2 s', '1 min 15 s', '2 h 03 min', '2 d 7 h']
    """
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours < 24 else f"{hours // 24} d {hours % 24} h"


def ago(seconds: float) -> str:
    """How long something is past, in its greatest unit.

    >>> [ago(s) for s in (0.4, 75, 7500, 200_000)]
    ['now', '1 min ago', '2 h ago', '2 d ago']
    """
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "now"
