"""Arrays and frames by their buffers. Neither numpy nor pandas is imported for it: a value of
theirs can only be here when they are."""

import sys
from typing import Any

from .content_digest import digest_of, digest_of_array


def parts_of(value: Any) -> tuple[Any, ...] | None:
    """What an array, an index, a series or a frame consists of; None when it is none of them."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and isinstance(value, getattr(numpy, "ndarray", ())):
        return _array(value) if type(value).__module__.startswith("numpy") else None
    if pandas is None or not hasattr(pandas, "DataFrame"):
        return None
    if isinstance(value, pandas.DataFrame):
        columns = [_values(value.iloc[:, number]) for number in range(value.shape[1])]
        return (value.index, value.columns, columns, value.attrs, _metadata(value))
    if isinstance(value, pandas.Series):
        return (value.index, value.name, _values(value), value.attrs, _metadata(value))
    if isinstance(value, pandas.MultiIndex):
        return (list(value.names), list(value.levels), list(value.codes))
    if isinstance(value, pandas.RangeIndex):
        return (value.name, value.start, value.stop, value.step)
    if isinstance(value, pandas.Index):
        return (value.name, _values(value))
    return None


def _array(array: Any) -> tuple[Any, ...]:
    """Type, shape and content of an array; equal for equal content, however it lies in memory."""
    dtype = array.dtype
    if hasattr(array, "mask"):
        return ("masked", _array(array.data), _array(_plain_mask(array)), array.fill_value)
    if dtype.names is not None:  # field by field: the bytes between the fields are undefined
        fields = [(name, dtype[name].str, _array(array[name])) for name in dtype.names]
        return (array.shape, fields)
    if dtype.hasobject:
        return (dtype.str, array.shape, array.reshape(-1).tolist())
    return (dtype.str, array.shape, _content(array))


def _plain_mask(array: Any) -> Any:
    return sys.modules["numpy"].ma.getmaskarray(array)


def _content(array: Any) -> bytes:
    numpy = sys.modules["numpy"]
    if not array.size or not array.itemsize:
        return digest_of(b"")

    def as_bytes(some: Any) -> Any:
        return numpy.ascontiguousarray(some).reshape(-1).view(numpy.uint8)

    return digest_of_array(array, as_bytes)


def _metadata(value: Any) -> list[Any]:
    return [getattr(value, name, None) for name in value._metadata if name != "_name"]  # noqa: SLF001


def _values(column: Any) -> tuple[Any, ...]:
    """The values of a series or an index without those parts of it that vary from run to run."""
    kind, values = str(column.dtype), column.array
    if kind == "category":
        return (kind, values.ordered, values.categories, values.codes)
    stamps = getattr(values, "asi8", None)  # dates, periods and durations as integers
    if stamps is not None:
        return (kind, stamps)
    raw = values.to_numpy() if type(values).__name__ == "NumpyExtensionArray" else None
    if raw is not None and not raw.dtype.hasobject:
        return (kind, raw)
    return (kind, values.to_numpy(dtype=object).tolist())
