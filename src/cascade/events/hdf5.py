"""Events in HDF5: written by streaming, read whole or in part.

Layout: one dataset per field, first axis = event. A ragged field is a group with ``values`` (all
events one after the other) and ``offsets`` (event i holds ``values[offsets[i]:offsets[i + 1]]``).
Each field carries ``units`` and ``description`` and the names of its axes; the file carries where
it comes from. Plain h5py and h5dump (HDF5 1.10 and later) read it; nothing in it is pickled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from cascade.allocation import give_back
from cascade.errors import CascadeError, nearest
from cascade.events.guarded import GuardedFile
from cascade.events.schema import Field
from cascade.files import atomic, check_there, reason

if TYPE_CHECKING:
    from cascade.events.schema import Events

CHUNK_BYTES, CHUNK_ROWS = 2**18, 4096
"""Of a dataset's chunk, at most. Trainings read runs of a thousand events from anywhere."""
VERSION = ("v110", "v110")
"""Of the format, from 2016: before, where the chunks lie took memory that grew with the events."""
CACHE_BYTES = 2**20
"""Chunks of a dataset that HDF5 keeps: by default so many that memory grows with small datasets."""


class Writer:
    """Appends events to an open HDF5 file.

    The datasets come into being with the first events, which give the sizes of the inner axes.
    ``check`` raises if the disk did not take what was written.
    """

    def __init__(
        self,
        file: h5py.File,
        schema: Sequence[Field],
        attributes: dict[str, Any],
        check: Callable[[], None],
    ):
        self.file = file
        self.schema = schema
        self.check = check
        self.events = 0
        self.file.attrs.update(sorted(attributes.items()))  # equal content, equal file

    def append(self, events: Events) -> None:
        """Append events; every field of the schema must be there, all equally long."""
        number = len(events[self.schema[0].name])
        for field in self.schema:
            if len(events[field.name]) != number:
                raise ValueError(f"{field.name}: {len(events[field.name])} events, not {number}")
            if field.ragged:
                self._append_ragged(field, events[field.name])
            else:
                self._extend(field.name, np.asarray(events[field.name], field.dtype), field)
            self.check()
        self.events += number

    def finalise(
        self,
        function: Callable[[Events], Events],
        reads: Sequence[str],
        schema: Sequence[Field],
    ) -> None:
        """Add the columns that a function makes from the fields ``reads`` of all events."""
        columns = function(read_from(self.file, reads))
        for field in schema:
            if field.name in columns:
                if field.name in self.file:
                    raise ValueError(f"{field.name}: is in the file already")
                if len(columns[field.name]) != self.events:
                    raise ValueError(
                        f"{field.name}: {len(columns[field.name])} events, not {self.events}"
                    )
                self._extend(field.name, np.asarray(columns[field.name], field.dtype), field)

    def _append_ragged(self, field: Field, array: Any) -> None:
        import awkward as ak

        counts = ak.to_numpy(ak.num(array, axis=1)).astype(np.int64)
        values = ak.to_numpy(ak.flatten(array, axis=1)).astype(field.dtype)
        if field.name not in self.file:
            self.file.create_group(field.name)
            self._extend(f"{field.name}/offsets", np.zeros(1, np.int64), None)
        end = self.file[f"{field.name}/offsets"][-1]
        self._extend(f"{field.name}/values", values, field)
        self._extend(f"{field.name}/offsets", end + np.cumsum(counts), None)

    def _extend(self, name: str, values: np.ndarray, field: Field | None) -> None:
        if name not in self.file:
            self._create(name, values, field)
        dataset = self.file[name]
        if dataset.shape[1:] != values.shape[1:]:
            raise ValueError(f"{name}: shape {values.shape[1:]}, not {dataset.shape[1:]}")
        start = dataset.shape[0]
        dataset.resize(start + len(values), axis=0)
        dataset[start:] = values

    def _create(self, name: str, values: np.ndarray, field: Field | None) -> None:
        row = values.dtype.itemsize * int(np.prod(values.shape[1:], dtype=np.int64))
        dataset = self.file.create_dataset(
            name,
            shape=(0, *values.shape[1:]),
            maxshape=(None, *values.shape[1:]),
            chunks=(max(1, min(CHUNK_ROWS, CHUNK_BYTES // max(row, 1))), *values.shape[1:]),
            dtype=values.dtype,
            compression="gzip",
            compression_opts=1,
            shuffle=True,
            track_times=False,  # equal events give equal files
        )
        if field is None:
            dataset.attrs.update(units="1", description="first value of each event, then the end")
            return
        dataset.attrs.update(units=field.unit, description=field.description)
        axes = field.dims if field.ragged else ("event", *field.dims)
        for axis, label in enumerate(axes):
            dataset.dims[axis].label = label


@contextmanager
def writing(path: str | Path, schema: Sequence[Field], attributes: dict[str, Any]) -> Iterator:
    """Open a writer of events; the file appears under its name when the block ends well."""
    with atomic(path) as part, GuardedFile(part) as disk:
        with h5py.File(disk, "w", libver=VERSION, rdcc_nbytes=CACHE_BYTES) as file:
            yield Writer(file, schema, attributes, disk.check)
        disk.check()


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
    first, last, _ = slice(start, stop).indices(length(file))
    last = max(first, last)
    events = Columns(file.filename)
    for name in fields(file) if names is None else names:
        if name not in file:
            raise CascadeError(f"{file.filename}: no field '{name}'; {nearest(name, file)}")
        try:
            item = file[name]
            if isinstance(item, h5py.Group):
                events[name] = _read_ragged(item, first, last)
            else:
                events[name] = item[first:last]
        except OSError as error:
            raise CascadeError(f"{file.filename}: field '{name}' is damaged") from error
    return events


def _read_ragged(group: h5py.Group, first: int, last: int) -> Any:
    import awkward as ak

    offsets = group["offsets"][first : last + 1]
    values = group["values"][offsets[0] : offsets[-1]]
    return ak.unflatten(values, np.diff(offsets))


def chunks(
    path: str | Path, names: Iterable[str] | None, size: int, study: str | None = None
) -> Iterator[Events]:
    """Read a file in chunks of ``size`` events; now and then what is free is given back."""
    names = None if names is None else list(names)
    with opened(path, study) as file:
        _check_events(file)
        for number, start in enumerate(range(0, length(file), size), 1):
            yield read_from(file, names, start, start + size)
            give_back(number)
