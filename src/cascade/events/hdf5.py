"""Events in HDF5, read whole or in part; ``cascade.events.writing`` writes them.

Layout: one dataset per field, first axis = event. A ragged field is a group with ``values`` (all
events one after the other) and ``offsets`` (event i holds ``values[offsets[i]:offsets[i + 1]]``).
Each field carries ``units`` and ``description`` and the names of its axes; the file carries where
it comes from. Plain h5py and h5dump (HDF5 1.10 and later) read it; nothing in it is pickled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from cascade.allocation import give_back
from cascade.errors import CascadeError, nearest
from cascade.events.ragged import nested
from cascade.files import check_there, reason

if TYPE_CHECKING:
    from cascade.events.schema import Events

CACHE_BYTES = 2**18
"""HDF5 keeps the last chunk of a dataset: by default, memory would grow with small datasets."""


def open_any(path: str | Path) -> h5py.File:
    """Open an HDF5 file for reading, whoever wrote it.

    Raises
    ------
    CascadeError
        There is no such file, or it is no (whole) HDF5 file.
    """
    check_there(path)
    try:
        return h5py.File(path, "r", rdcc_nbytes=CACHE_BYTES)
    except OSError as error:
        text = reason(error)
        if "truncated" in text:
            text = "is truncated; make it again"
        elif "signature" in text:
            text = "is not an HDF5 file"
        raise CascadeError(f"{path}: {text}") from error


@contextmanager
def opened(path: str | Path, study: str | None = None) -> Iterator[h5py.File]:
    """Open a file of events for reading.

    Raises
    ------
    CascadeError
        As ``open_any``; or the file was not written by Cascade, or is of another study.
    """
    with open_any(path) as file:
        found = file.attrs.get("study")
        if found is None:
            raise CascadeError(f"{path}: carries no attribute 'study'; Cascade did not write it")
        if study is not None and found != study:
            raise CascadeError(f"{path}: holds events of study '{found}', not of '{study}'")
        yield file


class Columns(dict):
    """Events read from a file, by field. To ask for one that was not read is a user's mistake.

    So a function of a study that is given the wrong file says which, and what the file lacks.
    """

    def __init__(self, path: str):
        super().__init__()
        self.path = path

    def __missing__(self, name: str) -> None:
        raise CascadeError(f"{self.path}: no field '{name}'; {nearest(name, self)}")


def fields(file: h5py.File) -> list[str]:
    """Return the names of the fields in an open file."""
    return list(file)


def length(file: h5py.File) -> int:
    """Return the number of events in an open file, the same for all its fields."""
    lengths = {
        name: len(item["offsets"]) - 1 if isinstance(item, h5py.Group) else len(item)
        for name, item in file.items()
    }
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{number} of '{name}'" for name, number in lengths.items())
        raise CascadeError(f"{file.filename}: its fields differ in length: {found}; make it again")
    return next(iter(lengths.values()), 0)


def _check_events(file: h5py.File) -> None:
    if length(file) == 0:
        raise CascadeError(f"{file.filename}: holds no events")


def count(path: str | Path, study: str | None = None) -> int:
    """Return the number of events in a file."""
    with opened(path, study) as file:
        return length(file)


def attributes(path: str | Path) -> dict[str, Any]:
    """Return where a file comes from: its attributes."""
    with opened(path) as file:
        return {
            key: value.item() if hasattr(value, "item") else value
            for key, value in file.attrs.items()
        }


def rows(path: str | Path, name: str) -> int:
    """Return the number of rows that all events hold together in a ragged field of a file."""
    with opened(path) as file:
        return len(file[name]["values"])


def read(
    path: str | Path,
    names: Iterable[str] | None = None,
    start: int | None = None,
    stop: int | None = None,
    study: str | None = None,
) -> Events:
    """Read fields (all, if no names are given) of the events ``start:stop``.

    Returns
    -------
    Events
        NumPy arrays, or Awkward arrays (events × var × …) for ragged fields.

    Raises
    ------
    CascadeError
        As ``opened``; or the file lacks a field, is damaged, or holds no events at all.
    """
    with opened(path, study) as file:
        _check_events(file)
        return read_from(file, names, start, stop)


def read_from(
    file: h5py.File,
    names: Iterable[str] | None = None,
    start: int | None = None,
    stop: int | None = None,
) -> Events:
    """Read fields of the events ``start:stop`` from an open file; see ``read``."""
    return next(parts(file, names, [(start, stop)]))


def parts(
    file: h5py.File,
    names: Iterable[str] | None,
    places: Iterable[tuple[int | None, int | None]],
    ragged: Callable[[np.ndarray, np.ndarray], Any] = nested,
) -> Iterator[Events]:
    """Read fields of the events of several places ``(start, stop)`` of an open file.

    Of neighbouring places, a chunk of the file that lies in both is decompressed once.
    Ragged fields are made by ``ragged`` of the values of all events and their number in each.
    """
    items = {}
    for name in fields(file) if names is None else names:
        if name not in file:
            raise CascadeError(f"{file.filename}: no field '{name}'; {nearest(name, file)}")
        item = file[name]
        items[name] = (item["offsets"], item["values"]) if isinstance(item, h5py.Group) else item

    def part(start: int | None, stop: int | None) -> Events:
        events = Columns(file.filename)
        for name, item in items.items():
            try:
                if isinstance(item, tuple):
                    events[name] = ragged(*_rows(*item, start, stop))
                else:
                    events[name] = item[start:stop]
            except OSError as error:
                raise CascadeError(f"{file.filename}: field '{name}' is damaged") from error
        return events

    for place in places:
        yield part(*place)


def _rows(
    offsets: h5py.Dataset, values: h5py.Dataset, start: int | None, stop: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of some events, and their number in each."""
    first, last, _ = slice(start, stop).indices(len(offsets) - 1)
    places = offsets[first : max(first, last) + 1]
    return values[places[0] : places[-1]], np.diff(places)


def chunks(
    path: str | Path, names: Iterable[str] | None, size: int, study: str | None = None
) -> Iterator[Events]:
    """Read a file in chunks of ``size`` events; now and then what is free is given back."""
    names = None if names is None else list(names)
    with opened(path, study) as file:
        _check_events(file)
        places = ((start, start + size) for start in range(0, length(file), size))
        for number, events in enumerate(parts(file, names, places), 1):
            yield events
            del events  # else it would be there until the next one is
            give_back(number)
