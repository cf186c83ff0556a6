"""What is given as data, as the compiled part reads it."""

from collections.abc import Mapping, Sequence
from datetime import timezone
from typing import Any

import numpy as np

from bnnc import _bnnc

#: An array of numbers or texts, or what NumPy makes one of: a list, a torch tensor on the CPU.
ArrayLike = Any
#: A table with named columns: a DataFrame of pandas or polars, or an Arrow table.
Table = Any


def is_table(data: Any) -> bool:
    """Whether data have named columns: a DataFrame, or whatever else lists its columns' names."""
    if isinstance(data, (np.ndarray, Mapping)) or not hasattr(data, "columns"):
        return hasattr(data, "column_names")
    return True


def to_numpy(data: ArrayLike) -> np.ndarray[Any, Any]:
    """An array of NumPy that shares memory with ``data`` where that is possible: by ``__array__``, else by DLPack."""
    if isinstance(data, np.ndarray):
        array = data
    elif hasattr(data, "detach") and hasattr(data, "__dlpack__"):
        # A tensor of torch, which may be part of a gradient's graph.
        array = np.asarray(data.detach())
    elif not hasattr(data, "__array__") and hasattr(data, "__dlpack__"):
        array = np.from_dlpack(data)
    else:
        array = np.asarray(data)
    if array.dtype == object:
        array = _of_objects(array)
    return array


def _of_objects(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Objects that are all texts, or all numbers."""
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        return array.astype(str)


def column_names(table: Table) -> list[str]:
    """The names of a table's columns."""
    names = getattr(table, "column_names", None)
    return [str(name) for name in (table.columns if names is None else names)]


def columns(table: Table) -> list[tuple[str, Any]]:
    """The columns of a table: numbers as arrays of float64 or int64, booleans, and texts with None for a missing value."""
    names = column_names(table)
    keys = getattr(table, "column_names", None)
    keys = list(table.columns if keys is None else keys)
    return [(name, cells(table[key])) for name, key in zip(names, keys)]


def cells(column: Any) -> Any:
    """The cells of a column, which is a Series of pandas or polars, an Arrow array, an array or a list."""
    kind = str(getattr(column, "dtype", ""))
    if kind.startswith(("datetime64", "Date", "period")) or hasattr(column, "dt") and kind == "object":
        return _texts(column)
    if kind in ("category", "Categorical", "Enum") or kind.startswith(("Categorical", "Enum")):
        return _texts(column)
    array = column if isinstance(column, np.ndarray) else _asarray(column)
    if array.ndim != 1:
        raise TypeError(f"a column has one axis, and this one has the shape {array.shape}")
    if array.dtype.kind == "M":
        return [None if np.isnat(x) else str(x) for x in array.astype("datetime64[us]")]
    if array.dtype.kind == "m":
        # Days, as dates are.
        days: np.ndarray[Any, Any] = array / np.timedelta64(1, "D")
        return np.ascontiguousarray(days, dtype=np.float64)
    if array.dtype == bool:
        return np.ascontiguousarray(array)
    if array.dtype.kind in "iu" and array.dtype.itemsize <= 8 and array.dtype != np.uint64:
        return np.ascontiguousarray(array, dtype=np.int64)
    if array.dtype.kind in "fu":
        return np.ascontiguousarray(array, dtype=np.float64)
    values = array.tolist()
    present = [x for x in values if not _is_missing(x)]
    if present and all(isinstance(x, bool) for x in present) and len(present) == len(values):
        return np.array(values, dtype=bool)
    if present and all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in present):
        return np.array([np.nan if _is_missing(x) else x for x in values], dtype=np.float64)
    return [_text(x) for x in values]


def _asarray(column: Any) -> np.ndarray[Any, Any]:
    if hasattr(column, "to_numpy"):
        return np.asarray(column.to_numpy())
    return to_numpy(column)


def _texts(column: Any) -> list[str | None]:
    values = column.to_list() if hasattr(column, "to_list") else list(column)
    return [_text(x) for x in values]


def _text(value: Any) -> str | None:
    if _is_missing(value):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if hasattr(value, "isoformat"):
        if getattr(value, "tzinfo", None) is not None:
            value = value.astimezone(timezone.utc).replace(tzinfo=None)
        text: str = value.isoformat()
        # A day without a time of day.
        return text.removesuffix("T00:00:00")
    return str(value)


def _is_missing(value: Any) -> bool:
    """None, NaN, NaT and NA."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return True


def arrays(named: Sequence[tuple[str, ArrayLike]]) -> _bnnc.Memory:
    """Named arrays, not copied where their entries lie one after the other."""
    found = []
    for name, data in named:
        array = to_numpy(data)
        kind = array.dtype.str
        flat = np.ascontiguousarray(array).reshape(-1)
        found.append((name, kind, list(array.shape), flat.view(np.uint8)))
    return _bnnc.arrays(found)


def name_of(y: Any, otherwise: str) -> str:
    """The name of a Series, if it has one."""
    name = getattr(y, "name", None)
    return name if isinstance(name, str) and name else otherwise


class Given:
    """Data as they were given: in memory, with the names of the columns that are targets."""

    def __init__(self, memory: _bnnc.Memory, target: list[str] | None) -> None:
        self.memory = memory
        self.target = target


def given(X: Any, y: Any, inputs: list[str], targets: list[str], of_run: list[str] | None = None) -> Given:
    """The data of ``fit``, ``predict`` and ``evaluate``.

    ``inputs`` and ``targets`` are the model's names, or the columns of a run's own table. ``of_run`` are the input columns
    of that table: an empty list of a run of arrays, None where there is no run.
    """
    if is_table(X):
        if of_run is None or of_run:
            return _table(X, y, targets)
        # A run of arrays knows no names of columns.
        X = _side_by_side(X)
    if of_run and y is None and not isinstance(X, Mapping):
        # Rows of numbers in the order of the run's columns.
        array = to_numpy(X)
        if array.ndim == 2 and array.shape[1] == len(of_run):
            table = [(name, cells(array[:, place])) for place, name in enumerate(of_run)]
            return Given(_bnnc.table(table), None)
    named: list[tuple[str, ArrayLike]]
    if isinstance(X, Mapping):
        named = [(str(name), array) for name, array in X.items()]
    else:
        named = [("x" if len(inputs) < 2 else inputs[0], X)]
    named = [array for name, data in named for array in _with_lengths(name, data)]
    if isinstance(y, Mapping):
        named += [_with_lengths(str(name), array)[0] for name, array in y.items()]
    elif y is not None:
        named.append(("y", _target(_with_lengths("y", y)[0][1])))
    return Given(arrays(named), None)


def _with_lengths(name: str, data: ArrayLike) -> list[tuple[str, ArrayLike]]:
    """A list of sequences of different lengths as an array of padded ones and that of the lengths; all else as it is."""
    if not isinstance(data, (list, tuple)) or not data or isinstance(data[0], (str, bytes)):
        return [(name, data)]
    if not all(hasattr(one, "__len__") and not isinstance(one, (str, bytes)) for one in data):
        return [(name, data)]
    lengths = [len(one) for one in data]
    if len(set(lengths)) == 1:
        return [(name, data)]
    sequences = [to_numpy(one) for one in data]
    steps = {one.shape[1:] for one in sequences if len(one)}
    if len(steps) > 1:
        raise ValueError(f"the sequences of `{name}` have steps of different shapes: {sorted(steps)}")
    kind = np.result_type(*(one.dtype for one in sequences if len(one)))
    padded = np.zeros((len(data), max(lengths), *steps.pop()), kind)
    for row, one in enumerate(sequences):
        padded[row, : len(one)] = one
    return [(name, padded), (f"{name}_length", np.array(lengths))]


def _side_by_side(table: Table) -> np.ndarray[Any, Any]:
    """The columns of a table as those of an array."""
    return np.column_stack([np.asarray(column) for _, column in columns(table)])


def _target(y: Any) -> ArrayLike:
    if is_table(y):
        return _side_by_side(y)
    return _asarray(y)


def _table(X: Table, y: Any, targets: list[str]) -> Given:
    table = columns(X)
    if y is None:
        return Given(_bnnc.table(table), None)
    if isinstance(y, str):
        return Given(_bnnc.table(table), [y])
    if isinstance(y, (list, tuple)) and y and all(isinstance(name, str) for name in y):
        if all(name in column_names(X) for name in y):
            return Given(_bnnc.table(table), list(y))
    if is_table(y):
        added = columns(y)
    elif isinstance(y, Mapping):
        added = [(str(name), cells(column)) for name, column in y.items()]
    else:
        array = y if hasattr(y, "dtype") and len(getattr(y, "shape", ())) == 1 else to_numpy(y)
        if getattr(array, "ndim", 1) == 2:
            name, width = targets[0] if targets else "y", array.shape[1]
            names = targets if len(targets) == width else [f"{name}_{place + 1}" for place in range(width)]
            added = [(name, cells(array[:, place])) for place, name in enumerate(names)]
        else:
            added = [(name_of(y, targets[0] if targets else "y"), cells(array))]
    new = [name for name, _ in added]
    table = [(name, column) for name, column in table if name not in new]
    lengths = {len(column) for _, column in table + added}
    if len(lengths) > 1:
        raise ValueError(f"X and y have columns of different lengths: {sorted(lengths)}")
    return Given(_bnnc.table(table + added), new)
