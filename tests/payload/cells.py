"""Code as a person writes it: cells of a notebook, and modules in a folder of their own."""

import importlib
import sys
import textwrap

from gator_nb.payload import Call, Packing, arriving, loads


def cell(source, **space):
    """The function `f` of a notebook's cell."""
    space["__name__"] = "__main__"
    exec(textwrap.dedent(source), space)
    return space["f"]


def sent(func, *args):
    return Packing().packed(Call(func, args, {})).payload


def run(data):
    call = loads(data)
    return call.func(*call.args, **call.kwargs)


class Project:
    """A folder of modules, on `sys.path` while somebody works in it."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.patch = folder, monkeypatch
        monkeypatch.syspath_prepend(str(folder))

    def write(self, name, source):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(source))
        importlib.invalidate_caches()

    def forget(self):
        """As it is in a new process."""
        for name, module in list(sys.modules.items()):
            file = str(getattr(module, "__file__", None))
            if file.startswith(str(self.folder)) or name.partition(".")[0] in ("lab", "tool"):
                del sys.modules[name]

    def leave(self):
        """As it is on another machine."""
        self.forget()
        sys.path.remove(str(self.folder))
        self.folder.rename(self.folder.with_name("away"))

    def come_back(self):
        self.folder.with_name("away").rename(self.folder)
        self.forget()
        sys.path.insert(0, str(self.folder))
        importlib.invalidate_caches()
        arriving._modules.clear()
