"""How an object shows itself in a cell: live in a notebook, else as HTML and one line of text."""

from typing import Any

from ..client.client import in_kernel


class Displayed:
    """A task or a group, shown as a card."""

    def _ipython_display_(self) -> None:
        if not in_kernel():
            raise NotImplementedError  # IPython goes on to the bundle
        from ..notebook.live import show

        show(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002 -- IPython's own names
        from ..notebook.live import bundle

        return bundle(self)
