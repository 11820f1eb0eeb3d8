"""Markdown as its readers use it: links to follow, anchors to land on, code to copy."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    one for pattern in ("*.md", "notebooks/*.md", "tests/**/*.md") for one in ROOT.glob(pattern)
)
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced piece of code, and what it is said to be."""

    language: str
    text: str


def name_of(path: Path) -> str:
    """What a test calls a document."""
    return str(path.relative_to(ROOT))


def text_of(path: Path) -> str:
    """A document, or the words of a notebook."""
    if path.suffix != ".ipynb":
        return path.read_text(encoding="utf-8")
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def blocks(text: str) -> list[Block]:
    return [Block(*found.groups()) for found in _FENCED.finditer(text)]


def spans(text: str) -> list[str]:
    """The code within its sentences and tables; one that is broken over lines is one."""
    return [" ".join(span.split()) for span in _SPAN.findall(_FENCED.sub("", text))]


def links(text: str) -> list[str]:
    return _LINK.findall(_FENCED.sub("", text))


def anchors(text: str) -> set[str]:
    """Of its headings, as GitHub makes them."""
    headings = _HEADING.findall(_FENCED.sub("", text))
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def commands(text: str, program: str) -> Iterator[str]:
    """The lines and pieces of code that begin with this program."""
    lines = [line for block in blocks(text) for line in _joined(block.text)]
    for found in [*lines, *spans(text)]:
        for part in re.split(r"\s[|&]+\s", found):
            words = part.strip().removeprefix("exec ")
            if words == program or words.startswith(f"{program} "):
                yield words


def _joined(code: str) -> list[str]:
    """Its lines; one that goes on after a backslash is one."""
    return code.replace("\\\n", " ").splitlines()
