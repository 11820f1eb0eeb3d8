"""Functions as people write them are pushed by one process and run in another, elsewhere."""

from pathlib import Path

import pytest

from . import what_works


@pytest.mark.slow
def test_everyday_functions_run_in_a_fresh_process(tmp_path):
    """The worker has neither the notebook nor its package; results are compared as text. The table
    that people read has them all."""
    came = what_works.run_elsewhere(tmp_path)
    assert len(came) >= 50
    wrong = {name: one for name, one in came.items() if not one.works}
    assert not wrong, "\n".join(
        f"{name}: {one.there} instead of {one.here}\n{one.traceback}" for name, one in wrong.items()
    )
    table = Path(what_works.__file__).with_suffix(".md").read_text()
    assert f"{len(came)} of {len(came)} give" in table
    assert [name for name in came if f"| `{name}` |" not in table] == []
    assert set(came) <= set(what_works.sections())


def test_what_cannot_travel_is_named_with_the_mend():
    """Each as the table says it."""
    table = Path(what_works.__file__).with_suffix(".md").read_text()
    for name, said in what_works.refused().items():
        assert f"| {name} | {said} |" in table


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of a fork beside threads
def test_what_fails_where_it_runs_has_a_note():
    """A pool finds functions by their name, and those of a cell have none in its processes."""
    table = Path(what_works.__file__).with_suffix(".md").read_text()
    ((name, (kind, note)),) = what_works.failing().items()
    assert f"| {name} | {kind} | {note} |" in table
    assert "joblib.Parallel, or gator.map" in note
