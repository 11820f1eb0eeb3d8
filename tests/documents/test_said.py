"""Links, files, names and commands in the documents: each leads to something that is there."""

import importlib.util
import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from gator_nb import Gator
from gator_nb.cli import app
from gator_nb.verbs import MAGICS

from .reading import (
    DOCUMENTS,
    NOTEBOOKS,
    ROOT,
    anchors,
    blocks,
    commands,
    links,
    name_of,
    spans,
    text_of,
)

ALL = [*DOCUMENTS, *NOTEBOOKS]
FILES = [
    *(str(path.relative_to(ROOT)) for path in (ROOT / "gator_nb").rglob("*") if path.is_file()),
    *(str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("*.py")),
]
FOLDERS = {f"/{parent}/" for file in FILES for parent in map(str, Path(file).parents)}


@pytest.mark.parametrize("document", ALL, ids=name_of)
def test_links_lead_somewhere(document: Path) -> None:
    """To a file beside it, and to a heading in that; elsewhere by https."""
    for link in links(text_of(document)):
        if "://" in link:
            assert link.startswith("https://"), link
            continue
        file, _, anchor = link.partition("#")
        target = document.parent / file if file else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(text_of(target)), link


@pytest.mark.parametrize("document", ALL, ids=name_of)
def test_files_that_are_named_are_there(document: Path) -> None:
    """By the end of their path, as `tasks/task.py`; folders by their slash."""
    for span in spans(text_of(document)):
        if re.fullmatch(r"[\w/.]+\.py", span):
            assert [file for file in FILES if f"/{file}".endswith(f"/{span}")], span
        elif re.fullmatch(r"(gator_nb|tests)/[\w/]*/?|[a-z_]+/", span):
            whole = f"/{span.strip('/')}/"
            assert [one for one in FOLDERS if one.endswith(whole)] or (ROOT / span).is_dir(), span


@pytest.mark.parametrize("document", ALL, ids=name_of)
def test_names_that_are_used_are_there(document: Path) -> None:
    """What a `gator`, a `task` and a `group` have, wherever code speaks of them."""
    text = text_of(document)
    code = [*spans(text), *(block.text for block in blocks(text) if block.language == "python")]
    with Gator("memory://") as gator:
        task = gator.task(pow, 2, 10)
        known = {"gator": gator, "task": task, "group": gator.tasks(), "sweep": gator.tasks()}
        for owner, name in re.findall(r"\b(gator|task|group|sweep)\.(\w+)", "\n".join(code)):
            assert name == "py" or hasattr(known[owner], name), f"{owner}.{name}"


@pytest.mark.parametrize("document", ALL, ids=name_of)
def test_commands_are_taken(document: Path) -> None:
    """The command line reads each as it stands, without doing it; so do the magics and Python."""
    text = text_of(document)
    for line in commands(text, "gator-nb"):
        _read(_words(line)[1:])
    for line in commands(text, "%gator"):
        verb, *rest = [*_words(line)[1:], "status"][:1] + _words(line)[2:]
        assert verb in MAGICS, line
        assert {one for one in rest if one.startswith("--")} <= {*MAGICS[verb].options}, line
    for line in commands(text, "python -m"):
        module = _words(line)[2]
        assert importlib.util.find_spec(module) is not None, line


def _words(line: str) -> list[str]:
    """As a shell would read them; what stands for a number is one."""
    words = shlex.split(line.replace("[", "").replace("]", ""), comments=True)
    number = re.compile(r"[A-Z]|\$SLURM_CPUS_PER_TASK")
    return ["1" if number.fullmatch(word) else word for word in words if not word.startswith("<")]


@cache
def _whole() -> Any:
    return get_command(app)


def _read(words: list[str]) -> None:
    """What click does before it calls anything.

    Raises:
        click.UsageError: it would refuse them.
    """
    command = _whole()
    parent = None
    while words and hasattr(command, "resolve_command"):
        parent = command.context_class(command, parent=parent, info_name=command.name)
        _, found, words = command.resolve_command(parent, words)
        command = found
    if not hasattr(command, "resolve_command") and not _names_an_option(command, words):
        command.make_context(command.name, list(words), parent=parent)


def _names_an_option(command: Any, words: list[str]) -> bool:
    """It is spoken of, without a value, as in "`gator-nb worker --has`"."""
    known = {name for one in command.params for name in one.opts}
    return len(words) == 1 and words[0] in known


@pytest.mark.parametrize("words", ["worker lab --proceses 4", "sweep", "key shwo"])
def test_a_wrong_command_would_be_found(words: str) -> None:
    """So that what is above means something."""
    with pytest.raises(Exception, match="No such"):
        _read(words.split())
    assert len(list(commands((ROOT / "README.md").read_text(), "gator-nb"))) > 10
