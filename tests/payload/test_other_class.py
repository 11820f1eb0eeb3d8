"""A result whose class is not the one that is here says so."""

import importlib
import sys

from gator_nb.payload import dumps_value, loads
from gator_nb.payload.other_class import of_another_class


def test_a_result_of_a_class_that_was_edited_since_says_so(project):
    project.write("tool.py", "class Model: depth = 1")
    import tool

    data = dumps_value([tool.Model()], "the result")
    assert of_another_class(loads(data)) is None
    project.write("tool.py", "class Model: depth = 20")
    importlib.reload(tool)
    old = loads(data)
    assert old[0].depth == 1
    assert "`Model` of this result is the class as it was" in of_another_class(old)


def test_a_result_of_a_class_of_a_cell_that_ran_again_says_so(monkeypatch):
    main = sys.modules["__main__"]
    space = {"__name__": "__main__"}
    exec("class OfACell: pass", space)
    monkeypatch.setattr(main, "OfACell", space["OfACell"], raising=False)
    value = {"a": space["OfACell"]()}
    assert of_another_class(value) is None
    exec("class OfACell: pass", space)
    monkeypatch.setattr(main, "OfACell", space["OfACell"])
    assert "isinstance(result, OfACell) is False" in of_another_class(value)
    assert of_another_class({"a": 1}) is None
