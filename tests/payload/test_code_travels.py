"""The user's own modules travel as source: what a function needs of them is there where it runs."""

import importlib
import pickle
import sys
import traceback
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gator_nb.payload import dumps_value, loads
from gator_nb.payload.local_modules import editable, is_local

from .cells import cell, run, sent


def test_a_function_of_a_module_works_where_the_module_is_not(project):
    project.write("tool.py", "FACTOR = 3\ndef scale(x): return x * FACTOR")
    import tool

    data = sent(tool.scale, 4)
    project.leave()
    assert run(data) == 12


def test_a_package_comes_with_what_it_imports_lazily_and_relatively(lab):
    import lab as package

    data = sent(cell("def f(): return lab.Model(4).fit()", lab=package))
    lab.leave()
    assert run(data) == 8


def test_a_module_that_the_cell_imports_inside_its_function_comes_too(lab):
    f = cell("""
        def f():
            import lab.lazily as a
            from lab import lazily as b, Model
            import lab.lazily
            def inner():
                from lab.lazily import twice
                return twice(1)
            return a is b is lab.lazily, Model(2).fit(), inner()
    """)
    assert "lab" not in sys.modules
    data = sent(f)
    lab.leave()
    assert run(data) == (True, 4, 2)


def test_the_state_of_a_module_stays_behind(lab):
    """A lock in it is in nobody's way, and what was appended to a list of it is not there."""
    import lab as package

    lab.write("maker.py", "from lab import lock, seen\ndef make():\n return lambda: (lock, seen)")
    import maker

    package.seen.append("here")
    data = sent(maker.make())
    lab.leave()
    lock, seen = run(data)
    assert seen == []
    assert lock is not package.lock


def test_a_closure_made_by_a_module_uses_that_modules_globals(project):
    project.write(
        "tool.py",
        """
        calls = []
        def make(n):
            def inner(x):
                calls.append(x)
                return x * n
            return inner
        def count(): return len(calls)
    """,
    )
    import tool

    data = sent(cell("def f(): return inner(5), count()", inner=tool.make(2), count=tool.count))
    project.leave()
    assert run(data) == (10, 1)


def test_a_decorated_function_that_hides_its_name_comes_too(project):
    project.write(
        "tool.py",
        """
        def loud(func):
            def wrapper(x): return str(func(x)) + "!"
            return wrapper
        @loud
        def twice(x): return 2 * x
    """,
    )
    import tool

    data = sent(tool.twice, 2)
    project.leave()
    assert run(data) == "4!"


def test_a_module_is_executed_once_for_each_content(project):
    project.write("tool.py", "made = object()\nclass Model: pass")
    import tool

    first = sent(cell("def f(): return tool.made, tool.Model", tool=tool))
    second = sent(cell("def f(): return Model", Model=tool.Model))
    project.leave()
    made, model = run(first)
    assert run(first) == (made, model)
    assert run(second) is model


def test_two_versions_of_a_module_live_side_by_side(project):
    project.write("base.py", "class Model: pass\nVERSION = 1")
    project.write("tool.py", "import base\ndef version(): return base.VERSION, base.Model")
    import tool

    old = sent(tool.version)
    project.forget()
    project.write("base.py", "class Model: pass\nVERSION = 20")
    import tool

    new = sent(tool.version)
    project.leave()
    assert run(old)[0] == 1
    assert run(new)[0] == 20
    assert run(old) == run(old)
    assert run(old)[1] is not run(new)[1]


def test_two_versions_of_a_module_in_an_unchanged_package(project):
    """The package is one, and whoever imports from it finds what came with its own code."""
    project.write("lab/__init__.py", "class Shared: pass")
    project.write("lab/deep.py", "VERSION = 1")
    source = """
        def f():
            import lab.deep
            from lab import deep
            return lab.deep.VERSION, deep.VERSION, lab.Shared
    """
    old = sent(cell(source))
    project.write("lab/deep.py", "VERSION = 20")
    new = sent(cell(source))
    project.leave()
    one, other = run(old), run(new)
    assert one[:2] == (1, 1)
    assert other[:2] == (20, 20)
    assert one[2] is other[2]
    assert run(old)[:2] == (1, 1)


def test_modules_that_import_each_other_come_together(project):
    project.write("ping.py", "import pong\ndef ping(n): return n and pong.pong(n - 1)")
    project.write("pong.py", "import ping\ndef pong(n): return ping.ping(n)")
    import ping

    data = sent(ping.ping, 3)
    project.leave()
    assert run(data) == 0


def test_a_result_of_an_own_class_is_of_the_class_that_is_here(lab):
    """Even after a restart: the class is found again by the content of its module."""
    import lab as package

    data = sent(cell("def f(): return lab.Model(7)", lab=package))
    lab.leave()
    result = dumps_value(run(data), "the result")
    lab.come_back()
    import lab as again

    assert type(loads(result)) is again.Model
    assert loads(result) == again.Model(7)


def test_a_task_can_pickle_what_came_with_it(lab):
    """Plain pickle, as process pools use it, finds the module by its name."""
    import lab as package

    data = sent(
        cell(
            "def f(): return pickle.loads(pickle.dumps(lab.Model(2))).fit()",
            lab=package,
            pickle=pickle,
        )
    )
    lab.leave()
    assert run(data) == 4


def test_a_module_that_is_here_with_the_same_source_is_used_as_it_is(project):
    project.write("tool.py", "def scale(x): return x")
    import tool

    assert loads(sent(tool.scale, 1)).func is tool.scale


def test_what_was_pushed_stays_as_it_was_when_the_file_is_edited(project):
    project.write("tool.py", "def scale(x): return x * 2")
    import tool

    data = sent(tool.scale, 3)
    project.write("tool.py", "def scale(x): return x * 300")
    importlib.reload(tool)
    assert run(data) == 6
    assert run(sent(tool.scale, 3)) == 900


def test_a_traceback_shows_the_lines_that_ran(project):
    project.write("tool.py", "def fail():\n    return 1 / 0  # as pushed\n")
    import tool

    data = sent(tool.fail)
    project.leave()
    with pytest.raises(ZeroDivisionError) as caught:
        run(data)
    assert "return 1 / 0  # as pushed" in "".join(traceback.format_exception(caught.value))


def test_a_module_that_fails_when_executed_is_tried_again(project):
    project.write("tool.py", "import sys\nif sys.flags.gone: pass\ndef f(): pass")
    data = sent(cell("def f(): import tool"))
    project.leave()
    for _ in range(2):
        with pytest.raises(AttributeError, match="gone"):
            run(data)
    assert "tool" not in sys.modules


def test_a_submodule_that_nobody_imports_by_its_name_comes_with_its_attribute(project):
    project.write("lab/__init__.py", "")
    project.write("lab/deep/__init__.py", "")
    project.write("lab/deep/inner.py", "ONE = 1")
    import lab.deep.inner

    data = sent(cell("def f(): return lab.deep.inner.ONE", lab=lab))
    project.leave()
    assert run(data) == 1


def test_a_folder_without_init_is_a_package_too(project):
    project.write("lab/tool.py", "def one(): return 1")
    import lab.tool

    data = sent(lab.tool.one)
    project.leave()
    assert run(data) == 1


def test_one_inside_of_a_package_is_used_as_it_is_where_it_is_here(project):
    """Though nothing there has loaded that package yet, as in a new process."""
    project.write("lab/__init__.py", "")
    project.write("lab/deep/tool.py", "def one(): return 1")
    import lab.deep.tool

    data = sent(lab.deep.tool.one)
    file = lab.deep.tool.__file__
    project.forget()
    for name in ("lab.deep.tool", "lab.deep", "lab"):
        sys.modules.pop(name, None)
    assert run(data) == 1
    assert loads(data).func.__code__.co_filename == file
    assert is_local("lab.deep")


def test_a_sentinel_of_a_module_stays_itself(project):
    """It tells pickle that it is a global by that name."""
    project.write(
        "tool.py",
        """
        class Missing:
            def __reduce__(self): return "MISSING"
        MISSING = Missing()
        def is_missing(value): return value is MISSING
        """,
    )
    import tool

    data = sent(tool.is_missing, tool.MISSING)
    project.leave()
    assert run(data) is True


def test_a_module_in_an_archive_travels_too(project, monkeypatch):
    archive = project.folder / "own.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("zipped_tool.py", "def one(): return 1")
    monkeypatch.syspath_prepend(str(archive))
    import zipped_tool

    data = sent(zipped_tool.one)
    del sys.modules["zipped_tool"]
    sys.path.remove(str(archive))
    project.leave()
    assert run(data) == 1
    assert sys.modules.pop("zipped_tool").__file__.endswith("zipped_tool.py")


def test_what_only_type_checkers_import_stays(project):
    project.write("heavy.py", "raise RuntimeError")
    project.write(
        "tool.py",
        """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            import heavy
        def f(): return 1
    """,
    )
    import tool

    data = sent(tool.f)
    assert b"heavy" not in data
    project.leave()
    assert run(data) == 1


def test_cells_that_share_a_variable_share_it_when_they_arrive():
    def make():
        n = 0

        def increase():
            nonlocal n
            n += 1

        return increase, lambda: n

    increase, read = loads(sent(list, make())).args[0]
    increase()
    assert read() == 1


def test_functions_that_share_globals_share_them_when_they_arrive():
    f = cell("""
        count = 0
        def increase():
            global count
            count += 1
        def f():
            increase()
            return count
    """)
    assert run(sent(f)) == 1


def test_a_submodule_of_an_installed_package_is_imported_there():
    import email.mime.text

    f = cell("def f(): return email.mime.text.MIMEText", email=email)
    assert b"email.mime.text" in sent(f)


def test_installed_modules_go_by_their_name():
    assert not any(map(is_local, ("json", "numpy", "numpy.linalg", "gator_nb.states", "__main__")))
    assert editable("gator_nb.states") in ("gator_nb", None)  # None: installed for good
    assert b"def mean" not in sent(np.mean, [1])
    assert is_local(__name__)


def test_a_source_that_is_gone_is_told(project):
    project.write("tool.py", "def f(): pass")
    import tool

    Path(tool.__file__).unlink()
    with pytest.raises(Exception, match=r"tool.*cannot be read"):
        sent(tool.f)
