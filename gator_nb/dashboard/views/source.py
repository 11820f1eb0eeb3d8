"""The scripts and styles of the views, which lie beside them and are sent with the page."""

from importlib.resources import files


def script(*names: str) -> str:
    """One ES module out of these files; what only the first ones define, the last one uses."""
    return "\n".join(_text(f"{name}.js") for name in ("dom", *names))


def style(*names: str) -> list[str]:
    """Stylesheets for a component's shadow root."""
    return [_text(f"{name}.css") for name in ("base", *names)]


def page_style() -> str:
    """The colours, light and dark, that every component takes its own from."""
    return _text("page.css")


def first_script(dark_cookie: str) -> str:
    """What runs before anything of the page is drawn."""
    return f"(() => {{ {_text('scheme.js')}; beginAsWished({dark_cookie!r}) }})()"


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
