"""The options of a task: which there are, what they may be, and what to say of a wrong one."""

import datetime as dt
import difflib
import math
import re
import time
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from typing import Any, NamedTuple, TypeGuard

from .constants import EVERY, MAX_PRIORITY, MIN_PRIORITY
from .errors import MultipleDelayError
from .needs import Needs, from_text, needs_of, text_of
from .record import limit_of, limit_text

PLACES = ("thread", "process")
"""Where a task may run, for `run_in`."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|min|s|m|h|d|w)\s*")

Duration = float | int | str | dt.timedelta


def unknown_option(name: str) -> TypeError:
    """The error for an option that does not exist; it names the near miss.

    >>> str(unknown_option("retry"))
    "there is no option 'retry'; did you mean 'retries'?"
    """
    near = difflib.get_close_matches(name, OPTIONS, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(OPTIONS)}"
    return TypeError(f"there is no option {name!r}{hint}")


def check_options(given: Mapping[str, object]) -> None:
    """Refuse options that do not exist.

    Raises:
        TypeError: names the first of them and its near miss.
    """
    for name in given:
        if name not in OPTIONS and name != "async":
            raise unknown_option(name)


def seconds(value: Duration, option: str) -> float:
    """A duration in seconds: a number, a timedelta, or a text such as "90s" or "1h30m".

    Raises:
        TypeError, ValueError: it is none of these, or negative.

    >>> seconds("1h30m", "delay_by"), seconds(2, "delay_by")
    (5400.0, 2.0)
    """
    if isinstance(value, dt.timedelta):
        number = value.total_seconds()
    elif isinstance(value, str):
        number = _parse(value, option)
    elif _is_number(value):
        number = float(value)
    else:
        raise TypeError(
            f'{option}={value!r}: a duration is seconds, a timedelta or a text like "90s" or "2h"'
        )
    if not 0 <= number < float("inf"):
        raise ValueError(f"{option}={value!r}: a duration is finite and not negative")
    return number


def _is_number(value: object) -> TypeGuard[float]:
    """A scalar of numpy is one, True is none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def _parse(text: str, option: str) -> float:
    spans = list(_SPAN.finditer(text))
    if not spans or "".join(span.group() for span in spans) != text:
        units = ", ".join(_UNITS)
        raise ValueError(f'{option}={text!r}: write a duration like "90s" or "1h30m" ({units})')
    return sum(float(span[1]) * _UNITS[span[2]] for span in spans)


def moment(value: object, option: str = "delay_until") -> float:
    """A time in seconds since 1970: a number, a datetime (naive is local) or a date (its midnight).

    Raises:
        TypeError, ValueError: it is none of these, or not finite.

    >>> moment(dt.datetime(1970, 1, 2, tzinfo=dt.UTC))
    86400.0
    """
    if isinstance(value, dt.datetime):
        return value.timestamp()
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day).timestamp()  # noqa: DTZ001 -- local
    if not _is_number(value):
        raise TypeError(f"{option}={value!r}: give seconds since 1970, a datetime or a date")
    if not math.isfinite(value):
        raise ValueError(f"{option}={value!r}: a time is finite")
    return float(value)


def moment_or_none(value: object, option: str) -> float | None:
    """`moment`, or None for None."""
    return None if value is None else moment(value, option)


def due_time(delay_by: Duration | None, delay_until: object) -> float | None:
    """When a task may start, from the two options of which one may be given.

    Raises:
        MultipleDelayError: both are given.
    """
    if delay_by is None:
        return None if delay_until is None else moment(delay_until)
    if delay_until is not None:
        raise MultipleDelayError("give delay_by or delay_until, not both")
    return time.time() + seconds(delay_by, "delay_by")


def count(value: object, option: str) -> int:
    """A number of times.

    Raises:
        TypeError, ValueError: it is not a whole number, or negative.
    """
    if not _is_number(value) and not isinstance(value, str):
        raise TypeError(f"{option}={value!r}: give a whole number")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not number.is_integer() or number < 0:
        raise ValueError(f"{option}={value!r}: give a whole number, 0 or more")
    return int(number)


def hook(value: object, option: str) -> object:
    """A hook: callable, or None.

    Raises:
        TypeError: it is neither.
    """
    if value is not None and not callable(value):
        raise TypeError(f"{option}={value!r}: a hook is a function")
    return value


def text_or_none(value: object, option: str) -> str | None:
    """Text, or None for None.

    Raises:
        ValueError: it holds what is no character.
    """
    return None if value is None else _whole_text(str(value), option)


def _whole_text(text: str, option: str) -> str:
    """A text as it is; halves of characters, as of a file name that is no text, are refused."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{option}={text!r}: it holds what is no character") from None
    return text


def priority(value: object, option: str) -> int:
    """A whole number from -100 to 100; what is higher goes first.

    Raises:
        TypeError, ValueError
    """
    number = float(value) if _is_number(value) else math.nan
    if math.isnan(number):
        raise TypeError(f"{option}={value!r}: give a whole number")
    if not number.is_integer() or not MIN_PRIORITY <= number <= MAX_PRIORITY:
        raise ValueError(
            f"{option}={value!r}: give a whole number from {MIN_PRIORITY} to {MAX_PRIORITY}; "
            "what is higher goes first"
        )
    return int(number)


def tags(value: object, option: str) -> tuple[str, ...]:
    """Words to find tasks by, each once; a text is one.

    Raises:
        TypeError, ValueError: something in it is no text, or empty.

    >>> tags(["nightly", "gpu", "nightly"], "tags"), tags("nightly", "tags")
    (('nightly', 'gpu'), ('nightly',))
    """
    several = (value,) if isinstance(value, str) else () if value is None else value
    if not isinstance(several, Iterable):
        raise TypeError(f"{option}={value!r}: give a list of words")
    words = list(several)
    for word in words:
        if not isinstance(word, str):
            raise TypeError(f"{option}={value!r}: {word!r} is no text")
        if not word.strip():
            raise ValueError(f"{option}={value!r}: a tag is not empty")
        _whole_text(word, option)
    return tuple(dict.fromkeys(words))


def queue_or_none(value: object, option: str) -> str | None:
    """The name of one queue, or None for None.

    Raises:
        TypeError, ValueError
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"{option}={value!r}: give the name of a queue, a text")
    if value in ("", EVERY):
        raise ValueError(f"{option}={value!r}: give the name of one queue")
    return _whole_text(value, option)


def expiry(value: object, option: str) -> float | None:
    """When a task that has not begun is given up, in seconds since 1970: after a duration from
    now, or at a datetime or date; None is never.

    Raises:
        TypeError, ValueError

    >>> expiry(dt.datetime(1970, 1, 2, tzinfo=dt.UTC), "expires")
    86400.0
    """
    if value is None:
        return None
    if isinstance(value, dt.date):  # a datetime is one
        return moment(value, option)
    return time.time() + seconds(value, option)  # type: ignore[arg-type]  # it checks


def one_of(*words: str) -> Callable[[object, str], str | None]:
    """A check for one of these words, or None."""

    def check(value: object, option: str) -> str | None:
        if value is None or (isinstance(value, str) and value in words):
            return value
        near = difflib.get_close_matches(str(value), words, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]!r}?" if near else f"give {' or '.join(map(repr, words))}"
        raise ValueError(f"{option}={value!r}: {hint}")

    return check


def dependency_ids(given: Any) -> tuple[str, ...]:
    """The ids in a `depends_on`: a task, its id, or several of them; each once, in their order.

    Raises:
        TypeError: something in it is neither a task nor an id.

    >>> dependency_ids(["a", "b", "a"])
    ('a', 'b')
    """
    if given is None:
        return ()
    several = [given] if isinstance(given, str) or hasattr(given, "task_id") else given
    if not isinstance(several, Iterable):
        raise TypeError(f"depends_on={given!r}: give a task, its id, or a list of them")
    ids: list[Any] = [getattr(one, "task_id", one) for one in several]
    for one in ids:
        if not isinstance(one, str):
            raise TypeError(f"depends_on={given!r}: {one!r} is neither a task nor an id")
    return tuple(dict.fromkeys(ids))


class Option(NamedTuple):
    """An option that travels with the call, beside those that `Task` names itself."""

    check: Callable[[Any, str], Any]
    """What it may be: called with the value and the option's name, answers the value."""
    default: Any = None
    column: bool = False
    """It is a field of the record, by which the store schedules."""
    stored: Callable[[Any], Any] = lambda value: value
    """How the record holds it; JSON has made lists of its tuples."""
    shown: Callable[[Any], Any] = lambda value: value
    """What people see of that."""


def timeout(value: object, option: str) -> float | None:
    """Seconds that a try may take, more than 0; None is as long as it takes.

    Raises:
        TypeError, ValueError

    >>> timeout("1h30m", "timeout")
    5400.0
    """
    limit = None if value is None else seconds(value, option)  # type: ignore[arg-type]  # it checks
    if limit == 0:
        raise ValueError(f"{option}={value!r}: give some time, or None for as long as it takes")
    return limit


def environment(value: object, option: str) -> dict[str, str] | None:
    """Environment variables and their values; None is none.

    Raises:
        TypeError

    >>> environment({"OMP_NUM_THREADS": 2}, "env")
    {'OMP_NUM_THREADS': '2'}
    """
    if value is None:
        return None
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise TypeError(f'{option}={value!r}: give a dict as {{"OMP_NUM_THREADS": "2"}}')
    return {name: str(text) for name, text in value.items()}


def limit(value: object, option: str) -> tuple[str, int] | None:
    """A name, and how many tasks that name it may run at once in the whole store; None is no limit.

    Raises:
        TypeError, ValueError

    >>> limit(["api", 2], "limit")
    ('api', 2)
    """
    if value is None:
        return None
    if not isinstance(value, tuple | list) or len(value) != 2 or not isinstance(value[0], str):
        raise TypeError(f'{option}={value!r}: give a name and a number, as ("api", 2)')
    name, number = value[0], count(value[1], option)
    if not name or number < 1:
        raise ValueError(f"{option}={value!r}: give a name, and 1 or more")
    return name, number


def text_of_needs(needs: Mapping[str, int] | None) -> str | None:
    """How a record holds needs."""
    return text_of(needs) or None


def _needs_of(text: str | None) -> Needs | None:
    return from_text(text) or None


def _limit_of(text: str | None) -> tuple[str, int] | None:
    return None if text is None else limit_of(text)


def duration_or_none(value: object, option: str) -> float | None:
    """`seconds`, or None for None."""
    return None if value is None else seconds(value, option)  # type: ignore[arg-type]  # it checks


TRAVELLING: dict[str, Option] = {
    "queue": Option(queue_or_none),
    "priority": Option(priority, 0, column=True),
    "tags": Option(tags, (), column=True, stored=tuple, shown=tuple),
    "expires": Option(expiry, column=True),
    "on_lost": Option(one_of("retry", "fail"), column=True),
    "timeout": Option(timeout),
    "run_in": Option(one_of(*PLACES)),
    "env": Option(environment),
    "keep": Option(duration_or_none, column=True),
    "needs": Option(needs_of, column=True, stored=text_of_needs, shown=_needs_of),
    "limit": Option(limit, column=True, stored=limit_text, shown=_limit_of),
}

OPTIONS = (
    "task_id", "retries", "is_async", "on_start", "on_success", "on_error", "depends_on",
    "delay_by", "delay_until", "backoff", "name", "reuse", *TRAVELLING,
)  # fmt: skip
"""The options that `Task` and `gator.options` take."""


def stray_options(names: Iterable[str]) -> list[str]:
    """Those of `names` that are options, for calls that pass one to the function."""
    return [name for name in names if name in OPTIONS]


def mend_for_stray(options: Mapping[str, Any]) -> str:
    """What to write instead when options were passed as arguments."""
    inside = ", ".join(f"{name}={value!r}" for name, value in options.items())
    word = "is an option" if len(options) == 1 else "are options"
    return f"{' and '.join(options)} {word}: gator.options({inside}).task(...)"
