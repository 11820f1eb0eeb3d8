"""A function keeps its file and its lines when it travels, whatever cloudpickle makes of them."""

import pytest

from gator_nb.errors import GatorError
from gator_nb.payload import code_objects, dumps_value, loads

from .cells import cell, sent


def test_a_function_and_what_it_defines_keep_their_file_and_lines():
    """cloudpickle 3.1.3 replaces the file by "<dynamic-code>"; a traceback needs it."""
    f = cell("""
        def f():
            def inner():
                return 1
            return inner
    """)
    here, there = f.__code__, loads(sent(f)).func.__code__
    assert there.co_filename == here.co_filename == "<string>"
    assert there.co_firstlineno == here.co_firstlineno
    assert loads(sent(f)).func().__code__.co_filename == "<string>"


def test_a_function_of_another_python_is_refused_before_it_is_made(monkeypatch):
    """In a call, a result or a checkpoint; run by this one it would end the process."""
    with monkeypatch.context() as there:
        there.setattr(code_objects, "_PYTHON", "3.99")
        data = dumps_value(lambda: 1, "the result")
    with pytest.raises(GatorError, match=r"made by Python 3\.99.*return plain values"):
        loads(data)
