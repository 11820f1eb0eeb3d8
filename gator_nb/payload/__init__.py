"""What travels: the pickled call and its outcome, their signatures, and the identity of a call."""

from .call import HOOKS, Call
from .call_key import bound_arguments, call_key, difference, why_no_key
from .capture import culprit, name_of
from .checkpoint import open_checkpoint, seal_checkpoint
from .edited import edited_since, function_now
from .envelope import CallHeader, header_of, open_call, seal_call
from .environment import differences, explanation, import_packages
from .failure import RemoteTraceback
from .inspection import Part, Report
from .large import Beside, Fetch, Frozen, Large, Named, Store, divided, stored, verified
from .other_class import of_another_class
from .outcome import (
    Outcome,
    error_of,
    frozen_in,
    open_outcome,
    outcome_of_error,
    outcome_of_value,
    seal_outcome,
    value_of,
)
from .own_copies import OwnCopies
from .packing import Packing
from .pickling import dumps_value, loads, pickled_value, thawed
from .preview import one_line, preview_of, preview_of_arguments
from .random_state import repeated_random_state
from .references import (
    Promised,
    ResultOf,
    SeveralPromised,
    ValueOf,
    exchanged,
    joined,
    load_call,
    parted,
    referring,
)
from .sealing import key_id_of, peek, seal, unseal
from .signatures import signature_of
from .sources import know_sources

__all__ = [
    "HOOKS",
    "Beside",
    "Call",
    "CallHeader",
    "Fetch",
    "Frozen",
    "Large",
    "Named",
    "Outcome",
    "OwnCopies",
    "Packing",
    "Part",
    "Promised",
    "RemoteTraceback",
    "Report",
    "ResultOf",
    "SeveralPromised",
    "Store",
    "ValueOf",
    "bound_arguments",
    "call_key",
    "culprit",
    "difference",
    "differences",
    "divided",
    "dumps_value",
    "edited_since",
    "error_of",
    "exchanged",
    "explanation",
    "frozen_in",
    "function_now",
    "header_of",
    "import_packages",
    "joined",
    "key_id_of",
    "know_sources",
    "load_call",
    "loads",
    "name_of",
    "of_another_class",
    "one_line",
    "open_call",
    "open_checkpoint",
    "open_outcome",
    "outcome_of_error",
    "outcome_of_value",
    "parted",
    "peek",
    "pickled_value",
    "preview_of",
    "preview_of_arguments",
    "referring",
    "repeated_random_state",
    "seal",
    "seal_call",
    "seal_checkpoint",
    "seal_outcome",
    "signature_of",
    "stored",
    "thawed",
    "unseal",
    "value_of",
    "verified",
    "why_no_key",
]
