"""A function keeps its file and its lines when it travels, whatever cloudpickle makes of them."""

from gator_nb.payload import loads

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
