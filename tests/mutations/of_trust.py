"""The guards of what is unpickled, and of what is given back as somebody's result."""

from .mutant import Mutant

_SEALING = ("tests/payload/test_sealing.py", "tests/test_keys.py")
_KEYS = ("tests/test_keys.py",)

TRUST = (
    Mutant(
        "trust: a signature",
        "keys.py",
        "if not hmac.compare_digest(self._mac(key_id, kind, data), mac):",
        "if self._mac(key_id, kind, data) is None:",
        _SEALING,
    ),
    Mutant(
        "trust: each kind has a key of its own",
        "keys.py",
        'f"gator_nb {kind}".encode(), "sha256")',
        'b"gator_nb", "sha256")',
        _SEALING,
    ),
    Mutant(
        "trust: a kind is what was asked for",
        "payload/sealing.py",
        '    if found != kind.encode("ascii"):\n',
        "    if False:\n",
        _SEALING,
    ),
    Mutant(
        "trust: the whole of it is signed",
        "payload/sealing.py",
        "keyring.verify(key_id, kind, data[:mac_at] + data[body_at:], data[mac_at:body_at])",
        "keyring.verify(key_id, kind, data[:mac_at] + data[body_at:], data[mac_at:body_at]) "
        "if len(data) < 200 else None",
        _SEALING,
    ),
    Mutant(
        "trust: a call is of its own task",
        "payload/envelope.py",
        "    if header.origin != origin:\n",
        "    if False:\n",
        _SEALING,
    ),
    Mutant(
        "trust: a call is of its own queue",
        "payload/envelope.py",
        "    if header.queue != queue:\n",
        "    if False:\n",
        _SEALING,
    ),
    Mutant(
        "trust: an outcome is of its own task",
        "payload/outcome.py",
        '    if fields["task_id"] != task_id:\n',
        "    if False:\n",
        _SEALING,
    ),
    Mutant(
        "trust: an outcome is of its own claim",
        "payload/outcome.py",
        '    if claim is not None and fields["claim"] != claim:\n',
        "    if False:\n",
        _SEALING,
    ),
    Mutant(
        "trust: a newer call is refused",
        "payload/envelope.py",
        "    if found > FORMAT:\n",
        "    if False:\n",
        _SEALING,
    ),
    Mutant(
        "trust: a large value is what its name says",
        "client/depot.py",
        "kept(verified(name, self._blobs.read(name)))",
        "kept(self._blobs.read(name))",
        ("tests/payload/test_large.py", "tests/facade/test_large_values.py"),
    ),
    Mutant(
        "trust: a key that others can read is refused",
        "keys.py",
        'read_private(path, "key") or ""',
        "path.read_text()",
        _KEYS,
    ),
    Mutant(
        "trust: processes that make keys at once lose none",
        "keys.py",
        "            fcntl.flock(fd, fcntl.LOCK_EX)\n        yield",
        "            pass\n        yield",
        _KEYS,
    ),
    Mutant(
        "trust: a child holds no key",
        "executors/nursery.py",
        "        self._environ.pop(KEY, None)\n",
        "",
        (*_KEYS, "tests/processes/test_key_nowhere.py", "tests/processes/test_running.py"),
    ),
)
