"""TLS: the right server, and no other, is spoken to; what is wrong with another one is named."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from gator_nb.backends.redis import RedisBackend
from gator_nb.errors import StoreUnavailable

from ..waiting import until
from .pushes import push
from .servers import free_port, running
from .standins import SERVICE, Sentinel, ask, is_ok

PROGRAM = "redis-server"
HOSTS = ("localhost", "127.0.0.1")
NOW = datetime.now(tz=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="session")
def program() -> str:
    """The server in the wheel has no TLS, that of most systems has."""
    found = shutil.which(PROGRAM)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{PROGRAM} is not installed")
    return found


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that says whom to trust."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


def written(certificate: trustme.LeafCert, folder: Path) -> tuple[Path, Path]:
    """Its files: the certificate and its key."""
    folder.mkdir(exist_ok=True)
    cert, key = folder / "cert.pem", folder / "key.pem"
    certificate.cert_chain_pems[0].write_to_path(cert)
    certificate.private_key_pem.write_to_path(key)
    return cert, key


def settings(ca: Path, cert: Path, key: Path, *, port: int, clients: str = "no") -> dict[str, str]:
    files = {"tls-ca-cert-file": str(ca), "tls-cert-file": str(cert), "tls-key-file": str(key)}
    return {"tls-port": str(port), "tls-auth-clients": clients, **files}


def options(given: dict[str, str]) -> list[str]:
    return [word for name, value in given.items() for word in (f"--{name}", value)]


@pytest.fixture(scope="session")
def good(
    authority: trustme.CA, ca: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    return written(authority.issue_cert(*HOSTS), tmp_path_factory.mktemp("good"))


@pytest.fixture
def port(program: str, ca: Path, good: tuple[Path, Path]) -> Iterator[int]:
    """Of a server whose certificate is in order."""
    port = free_port()
    with running(*options(settings(ca, *good, port=port)), program=program):
        yield port


@pytest.mark.parametrize("host", HOSTS)
def test_a_server_whose_certificate_somebody_trusted_has_signed(
    port: int, ca: Path, host: str
) -> None:
    backend = RedisBackend(f"rediss://{host}:{port}?ca={ca}")
    listener = backend.listen(["work"])
    backend.put([push("a")])
    assert (listener.wait(20), backend.len("all")) == (True, 1)
    listener.close()
    backend.close()


def test_a_certificate_that_nobody_known_has_signed(port: int) -> None:
    with pytest.raises(StoreUnavailable, match=r"nobody known here signed.*\?ca=/path"):
        RedisBackend(f"rediss://localhost:{port}")


def test_another_authority_than_the_one_that_signed(port: int, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    with pytest.raises(StoreUnavailable, match="nobody known here signed"):
        RedisBackend(f"rediss://localhost:{port}?ca={other}")


def test_plain_text_at_a_port_for_tls(port: int) -> None:
    with pytest.raises(StoreUnavailable, match="if that is its TLS port, write rediss"):
        RedisBackend(f"redis://localhost:{port}")


@pytest.mark.parametrize(
    ("names", "validity", "told"),
    [
        (["lab.example"], {}, "certificate is for another name"),
        (HOSTS, {"not_after": NOW - DAY}, "has expired: the server needs a new one"),
        (HOSTS, {"not_before": NOW + DAY}, "not valid yet: compare the clocks"),
    ],
)
def test_a_certificate_that_is_not_in_order(
    program: str,
    authority: trustme.CA,
    ca: Path,
    tmp_path: Path,
    names: list[str],
    validity: dict[str, datetime],
    told: str,
) -> None:
    issued = {"not_before": NOW - 9 * DAY, "not_after": NOW + 9 * DAY, **validity}
    files = written(authority.issue_cert(*names, **issued), tmp_path / "bad")
    port = free_port()
    with (
        running(*options(settings(ca, *files, port=port)), program=program),
        pytest.raises(StoreUnavailable, match=told),
    ):
        RedisBackend(f"rediss://localhost:{port}?ca={ca}")


def test_a_server_that_wants_a_certificate_of_its_clients(
    program: str, authority: trustme.CA, ca: Path, good: tuple[Path, Path], tmp_path: Path
) -> None:
    mine = written(authority.issue_cert("me"), tmp_path / "mine")
    stray = written(trustme.CA().issue_cert("me"), tmp_path / "stray")
    port = free_port()
    server = f"rediss://localhost:{port}?ca={ca}"
    with running(*options(settings(ca, *good, port=port, clients="yes")), program=program):
        RedisBackend(f"{server}&cert={mine[0]}&key={mine[1]}").close()
        with pytest.raises(StoreUnavailable, match=r"wants a certificate of yours.*\?cert="):
            RedisBackend(server)
        with pytest.raises(StoreUnavailable, match=r"accepts? your certificate"):
            RedisBackend(f"{server}&cert={stray[0]}&key={stray[1]}")


def test_files_that_do_not_fit_are_told_before_anybody_is_asked(
    ca: Path, good: tuple[Path, Path], tmp_path: Path
) -> None:
    cert, key = good
    stray = written(trustme.CA().issue_cert("me"), tmp_path / "stray")
    for files, told in (
        (f"ca={key}", "holds no certificates"),
        (f"cert={cert}", "hold no certificate with its key"),
        (f"cert={cert}&key={stray[1]}", "hold no certificate with its key"),
    ):
        with pytest.raises(StoreUnavailable, match=told):
            RedisBackend(f"rediss://localhost?{files}")


# -- sentinels and clusters ----------------------------------------------------------------------


def test_sentinels_are_asked_by_tls(
    program: str, port: int, ca: Path, good: tuple[Path, Path]
) -> None:
    own = free_port()
    lines = [f"{name} {value}" for name, value in settings(ca, *good, port=own).items()]
    sentinel = Sentinel(port, *lines, patience=600_000, program=program)
    try:
        RedisBackend(f"rediss+sentinel://localhost:{own}/{SERVICE}?ca={ca}").close()
        with pytest.raises(StoreUnavailable, match="nobody known here signed"):
            RedisBackend(f"rediss+sentinel://localhost:{own}/{SERVICE}")
    finally:
        sentinel.stop()


@pytest.mark.slow
def test_a_cluster_is_asked_by_tls(program: str, ca: Path, good: tuple[Path, Path]) -> None:
    """This one has a single node, which does not even know its own address."""
    own = free_port()
    how = (
        "--cluster-enabled",
        "yes",
        "--tls-cluster",
        "yes",
        *options(settings(ca, *good, port=own)),
    )
    with running(*how, program=program) as node:
        ask(node, "CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: is_ok(node), 60.0)
        RedisBackend(f"rediss+cluster://localhost:{own}?ca={ca}").close()
