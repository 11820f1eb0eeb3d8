"""A preview is one short line, whatever the value does."""

import pytest

from gator_nb.payload import preview_of, preview_of_arguments


class Rude:
    def __repr__(self):
        raise RuntimeError("no")


class Loud:
    def __repr__(self):
        return "a\nb\x1b[31m\x00" + "c" * 10_000


@pytest.mark.parametrize(
    "value",
    [
        list(range(10**6)), "x" * 10**6, b"x" * 10**6, 1 << 20_000, {i: i for i in range(1000)},
        [[[[[[[[1]]]]]]]], Rude(), Loud(), [Rude()], "\x07bell", {"k": Loud()},
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_a_preview_is_one_line_without_control_characters(value):
    text = preview_of(value)
    assert len(text) <= 300
    assert text.isprintable()


def test_small_values_are_shown_as_they_are():
    assert preview_of([1, "a", None]) == "[1, 'a', None]"


def test_arguments_are_shown_as_they_would_be_written():
    assert preview_of_arguments((0.1, "a"), {"depth": 4}) == "0.1, 'a', depth=4"
    assert len(preview_of_arguments(("x" * 500,) * 9, {})) == 200
