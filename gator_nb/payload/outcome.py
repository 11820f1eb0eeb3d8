"""The outcome: what came of one try, signed and bound to its task and claim."""

from collections.abc import Collection
from typing import Any, NamedTuple

from ..errors import StoreVersion, Untrusted
from ..keys import Keyring
from .failure import error_line, pickled_error, raised_again, traceback_text
from .large import Beside, Fetch, Frozen, Store, divided, stored
from .pickling import pickled_value, thawed
from .preview import preview_of
from .sealing import seal, unseal

KIND = "outcome"
FORMAT = 1
"""Raised only when what is signed changes its meaning; unknown fields are ignored."""


class Outcome(NamedTuple):
    """A result or an error, as stored. `payload` is signed with it and not yet unpickled."""

    task_id: str
    claim: str
    ok: bool
    error: str | None
    """One line: "ValueError: text"."""
    traceback: str | None
    preview: str
    """The result's repr in one line, for display."""
    payload: bytes | None
    """The pickled result or exception; None for an exception that does not pickle."""
    note: str | None = None
    format: int = FORMAT
    refs: tuple[str, ...] = ()
    """The large buffers that belong into the payload, in their order."""
    needs: tuple[str, ...] = ()
    """Other large values, whose names are in the result."""


_REQUIRED = {"task_id", "claim", "ok", "format"}


def seal_outcome(keyring: Keyring, outcome: Outcome) -> bytes:
    """The signed bytes of an outcome."""
    header = {
        field: value
        for field, value in zip(Outcome._fields, outcome, strict=True)
        if field != "payload" and value is not None and value != ()
    }
    return seal(keyring, KIND, header, outcome.payload or b"")


def open_outcome(
    keyring: Keyring, data: bytes, *, task_id: str, claim: str | None = None
) -> Outcome:
    """The verified outcome of this task, and of this claim when one is given.

    Raises:
        Untrusted: the signature does not fit, or it is another task's or claim's.
        KeyMissing: signed with a key that is not here.
        StoreVersion: sealed by a newer gator_nb.
    """
    fields, payload = unseal(keyring, KIND, data)
    if not fields.keys() >= _REQUIRED:
        raise Untrusted(f"the outcome lacks {', '.join(sorted(_REQUIRED - fields.keys()))}")
    if fields["format"] > FORMAT:
        raise StoreVersion(
            f"the outcome has format {fields['format']}, and this gator_nb knows {FORMAT}: "
            "upgrade it"
        )
    if fields["task_id"] != task_id:
        raise Untrusted(f"this outcome belongs to task {fields['task_id']!r}, not to {task_id!r}")
    if claim is not None and fields["claim"] != claim:
        raise Untrusted(f"this outcome of task {task_id!r} belongs to another claim")
    get = fields.get
    return Outcome(
        task_id,
        fields["claim"],
        fields["ok"],
        get("error"),
        get("traceback"),
        get("preview", ""),
        payload or None,
        get("note"),
        fields["format"],
        tuple(get("refs", ())),
        tuple(get("needs", ())),
    )


def outcome_of_value(task_id: str, claim: str, value: Any, store: Store | None = None) -> Outcome:
    """The outcome of a try that returned `value`.

    Args:
        store: where its large buffers go; None, or one that cannot take them now, leaves them in
            the outcome.

    Raises:
        NotPicklable: the result cannot be pickled; the text says what to return instead.
    """
    beside = None if store is None else Beside()
    pickled = pickled_value(value, "the result", beside=beside)
    payload, larges = pickled.data, [*pickled.larges]
    if store is not None:
        payload, larges = divided(payload, larges)
        if larges and not stored(store, larges):
            payload, larges = pickled_value(value, "the result").data, []
    return Outcome(
        task_id, claim, ok=True, error=None, traceback=None, preview=preview_of(value),
        payload=payload, refs=tuple(large.name for large in larges), needs=tuple(pickled.refs),
    )  # fmt: skip


def outcome_of_error(
    task_id: str, claim: str, error: BaseException, *, skip_files: Collection[str] = ()
) -> Outcome:
    """The outcome of a try that raised `error`.

    The traceback begins at the user's first frame: those of gator_nb, and of `skip_files`, are
    left out before it.
    """
    text = traceback_text(error, skip_files)
    return Outcome(task_id, claim, False, error_line(error), text, "", pickled_error(error))


def value_of(outcome: Outcome, fetch: Fetch) -> Any:
    """The result. Unpickles it: only ever for an outcome that `open_outcome` gave.

    Raises:
        BaseException: the try failed; `error_of` it.
    """
    if not outcome.ok:
        raise error_of(outcome)
    frozen = frozen_in(outcome)
    return None if frozen is None else thawed(frozen, fetch)


def frozen_in(outcome: Outcome) -> Frozen | None:
    """The pickled result; None where there is none."""
    if outcome.payload is None and not outcome.refs:
        return None
    return Frozen(outcome.payload or b"", outcome.refs)


def error_of(outcome: Outcome) -> BaseException:
    """The user's own exception, with the traceback of the task as its cause; else `TaskFailed`."""
    return raised_again(outcome.payload, outcome.error or "the task failed", outcome.traceback)
