"""What many cards cost page and kernel: `python -m tests.lab.many_cards [group|cards]`.

Each line is measured without cards and with them, in one kernel, one after the other, four times.
The medians are told, and that of each pair's ratio. The machine's other work is in both.
"""

import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from .chromium import Pages, chromium, launched
from .person import SECONDS, Notebook
from .server import serving

ROUNDS = 4
LOOK = 6  # seconds
PER_CELL, CELLS_OF_CARDS = 20, 5  # JupyterLab folds what is more than 50 outputs of a cell
A_ROUND = CELLS_OF_CARDS + 2

_LOAD = """
%load_ext gator_nb
import json, time
from IPython.display import display
from gator_nb import progress

def work(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        progress(time.monotonic(), end)
        time.sleep(0.1)

def drained(cards):
    started, used = time.perf_counter(), time.process_time()
    group = gator.map(abs, range(10_000))
    pushed = time.perf_counter() - started
    if cards:
        display(group)
    shown = time.perf_counter() - started - pushed
    group.wait()
    return dict(push=pushed, show=shown, drain=time.perf_counter() - started,
                cpu=time.process_time() - used)

def shown(cards):
    started = time.perf_counter()
    for _ in range(PER_CELL):
        task = gator.task(work, 60)
        if cards:
            display(task)
    return dict(push_and_show=time.perf_counter() - started)

def cpu(seconds):
    used, started = time.process_time(), time.perf_counter()
    time.sleep(seconds)
    return (time.process_time() - used) / (time.perf_counter() - started)

for _ in range(300): gator.task(abs, 1)
gator.wait();"""
_FRAMES = """seconds => new Promise(done => {
  const gaps = []; let last = performance.now(); const end = last + seconds * 1000
  const tick = now => {
    gaps.push(now - last); last = now
    now < end ? requestAnimationFrame(tick)
              : done({frames: gaps.length / seconds, longest: Math.max(...gaps)})
  }
  requestAnimationFrame(tick)
})"""


def main() -> None:
    path = chromium()
    if path is None:
        sys.exit("there is no Chromium: apt-get install chromium")
    asked = sys.argv[1:] or ["group", "cards"]
    cells = [f"PER_CELL = {PER_CELL}\n{_LOAD}"]
    cells += [f"print(json.dumps(drained({n % 2 == 1})))" for n in range(2 * ROUNDS)]
    first_hundred = len(cells) + 1
    for n in range(2 * ROUNDS):
        cells += [f"print(json.dumps(shown({n % 2 == 1})))"] * CELLS_OF_CARDS
        cells += [
            f"print(json.dumps(dict(cpu=cpu({LOOK}))))",
            "gator.tasks('waiting').cancel(); gator.tasks('running').cancel(); gator.wait(); 1",
        ]
    with (
        tempfile.TemporaryDirectory() as home,
        serving(Path(home)) as lab,
        sync_playwright() as playwright,
        launched(playwright, path) as browser,
    ):
        pages = Pages(browser)
        lab.write("many.ipynb", *cells)
        notebook = Notebook(pages.open(), lab, "many.ipynb")
        _run(notebook, 1)
        if "group" in asked:
            told = [_run(notebook, 2 + n) for n in range(2 * ROUNDS)]
            _tell("a Group of 10,000", told[0::2], told[1::2])
        if "cards" in asked:
            told = [_hundred(notebook, first_hundred + A_ROUND * n) for n in range(2 * ROUNDS)]
            _tell("100 tasks", told[0::2], told[1::2])
        notebook.shut_down()
        pages.close()


def _hundred(notebook: Notebook, number: int) -> dict[str, float]:
    took = [_run(notebook, number + n)["push_and_show"] for n in range(CELLS_OF_CARDS)]
    notebook.run_cell(number + CELLS_OF_CARDS)
    frames = notebook.page.evaluate(_FRAMES, LOOK - 2)
    told = _answer(notebook, number + CELLS_OF_CARDS) | frames
    _run(notebook, number + CELLS_OF_CARDS + 1)
    return {"push_and_show": sum(took)} | told


def _run(notebook: Notebook, number: int) -> dict[str, Any]:
    notebook.run_cell(number)
    return _answer(notebook, number)


def _answer(notebook: Notebook, number: int) -> dict[str, Any]:
    """What a cell has printed, once it and all before it are done."""
    notebook.wait_until_idle()
    while "[*]" in notebook.cell(number).inner_text():
        notebook.page.wait_for_timeout(SECONDS / 10)
    for text in notebook.output(number).all_inner_texts():
        if text.startswith("{"):
            return dict(json.loads(text))
    return {}


Rounds = list[dict[str, float]]


def _tell(what: str, without: Rounds, with_cards: Rounds) -> None:
    """Medians, and the median of how many times as much it is with cards than just before it
    without them."""
    for cards, rounds in (("without cards", without), ("with cards", with_cards)):
        print(what, cards, _medians(rounds))
    times = [
        {name: one[name] / before[name] for name in one if name != "show"}
        for before, one in zip(without, with_cards, strict=True)
    ]
    print(what, "with cards, times without", _medians(times), flush=True)


def _medians(rounds: Rounds) -> dict[str, float]:
    names = [name for name in rounds[0] if all(name in one for one in rounds)]
    return {name: round(statistics.median(one[name] for one in rounds), 3) for name in names}


if __name__ == "__main__":
    main()
