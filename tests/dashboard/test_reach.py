"""How a browser finds the dashboard of a kernel, wherever the kernel and the browser are."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType

import pytest

from gator_nb.dashboard.reach import proxied
from gator_nb.dashboard.thread import ServedDashboard


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of whoever runs the tests."""
    for name in ("JUPYTERHUB_SERVICE_PREFIX", "GATOR_NB_DASHBOARD_URL", "JPY_PARENT_PID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))


def test_a_kernel_that_nobody_started_is_reached_straight():
    """From the machine that it runs on."""
    assert proxied(5006) is None


def test_on_a_hub_it_lies_behind_the_persons_prefix(monkeypatch: pytest.MonkeyPatch):
    """Which every single-user server of a JupyterHub tells its kernels."""
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ann/")
    assert proxied(5006) == "/user/ann/proxy/5006/"


def test_another_way_is_said_by_a_variable(monkeypatch: pytest.MonkeyPatch):
    """It wins; what it names has to be there."""
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ann/")
    monkeypatch.setenv("GATOR_NB_DASHBOARD_URL", "https://lab{JUPYTERHUB_SERVICE_PREFIX}p/{port}")
    assert proxied(5006) == "https://lab/user/ann/p/5006/"
    monkeypatch.setenv("GATOR_NB_DASHBOARD_URL", "https://{NOBODY}/{port}")
    with pytest.raises(ValueError, match="'NOBODY' is no variable"):
        proxied(5006)


@contextmanager
def jupyter_server(runtime: Path, knows: str) -> Iterator[None]:
    """As much of a Jupyter server as a kernel asks for: its file, and the way that it knows."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302 if self.path.startswith(knows) else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        told = {"url": f"http://127.0.0.1:{server.server_port}/lab/", "base_url": "/lab/"}
        (runtime / "jpserver-77.json").write_text(json.dumps(told))
        yield
        server.shutdown()


def test_a_jupyter_server_passes_it_on_where_it_has_the_proxy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """It is asked, since its packages may be others than the kernel's."""
    monkeypatch.setenv("JPY_PARENT_PID", "77")
    with jupyter_server(tmp_path, "/lab/proxy/"):
        assert proxied(5006) == "/lab/proxy/5006/"
    with jupyter_server(tmp_path, "/lab/tree/"):
        assert proxied(5006) is None
    assert proxied(5006) is None, "it has ended, and its file is still there"


def html(dsn: str) -> str:
    served = ServedDashboard(dsn)
    try:
        return served._repr_mimebundle_()["text/html"]
    finally:
        served.close()


def test_through_a_proxy_both_ways_are_told(dsn: str, monkeypatch: pytest.MonkeyPatch):
    """The frame takes the one that always leads there."""
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ann/")
    shown = html(dsn)
    assert '<iframe src="/user/ann/proxy/' in shown
    assert 'href="http://127.0.0.1:' in shown


def test_vs_code_shows_a_link(dsn: str, monkeypatch: pytest.MonkeyPatch):
    """Its pages show no frame of another server, and it carries the port of a link itself."""
    monkeypatch.setattr(sys.modules["__main__"], "__vsc_ipynb_file__", "a.ipynb", raising=False)
    shown = html(dsn)
    assert "iframe" not in shown
    assert 'href="http://127.0.0.1:' in shown


def test_colab_is_told_what_works_there(dsn: str, monkeypatch: pytest.MonkeyPatch):
    """A link would lead to the machine of whoever reads."""
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    shown = html(dsn)
    assert "href" not in shown
    assert "gator-nb dashboard" in shown
