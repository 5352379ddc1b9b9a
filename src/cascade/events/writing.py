"""Events into HDF5, by streaming; the layout is that of ``cascade.events.hdf5``."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from cascade.events.guarded import GuardedFile
from cascade.events.hdf5 import CACHE_BYTES, read_from
from cascade.events.ragged import flat
from cascade.events.schema import Field
from cascade.files import atomic

if TYPE_CHECKING:
    from cascade.events.schema import Events

CHUNK_BYTES, CHUNK_ROWS = CACHE_BYTES, 1024
"""Of a dataset's chunk, at most: the last one must fit into the cache, to be compressed when full.
Its rows are a power of two, to divide the runs of events that a training reads from anywhere: a
chunk between two runs would be decompressed for each."""
CHUNK_EVENTS = 2**16
"""Events that a study's last step on a split sees at once."""
VERSION = ("v110", "v110")
"""Of the format, from 2016: before, where the chunks lie took memory that grew with the events."""


@dataclass(frozen=True)
class Chunks:
    """Events of an open file, chunk by chunk, as often as one goes through them."""

    file: h5py.File
    names: tuple[str, ...]
    events: int

    def __iter__(self) -> Iterator[Events]:
        for start in range(0, self.events, CHUNK_EVENTS):
            stop = min(start + CHUNK_EVENTS, self.events)
            yield read_from(self.file, self.names, start, stop)


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
        # kept open: HDF5 would compress and write what there is of the last chunk as one is closed
        self.datasets: dict[str, h5py.Dataset] = {}
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
        function: Callable[[Iterable[Events]], Iterable[Events]],
        reads: Sequence[str],
        schema: Sequence[Field],
    ) -> None:
        """Add the columns that a function makes from the fields ``reads`` of all events."""
        known, added = set(self.file), {}
        for columns in function(Chunks(self.file, tuple(reads), self.events)):
            for field in schema:
                if field.name not in columns:
                    continue
                if field.name in known:
                    raise ValueError(f"{field.name}: is in the file already")
                values = np.asarray(columns[field.name], field.dtype)
                self._extend(field.name, values, field)
                added[field.name] = added.get(field.name, 0) + len(values)
            self.check()
        for name, events in added.items():
            if events != self.events:
                raise ValueError(f"{name}: {events} events, not {self.events}")

    def _append_ragged(self, field: Field, array: Any) -> None:
        values, counts = flat(array)
        if field.name not in self.file:
            self.file.create_group(field.name)
            self._extend(f"{field.name}/offsets", np.zeros(1, np.int64), None)
        end = self.datasets[f"{field.name}/offsets"][-1]
        self._extend(f"{field.name}/values", values.astype(field.dtype), field)
        self._extend(f"{field.name}/offsets", end + np.cumsum(counts), None)

    def _extend(self, name: str, values: np.ndarray, field: Field | None) -> None:
        if name not in self.datasets:
            self.datasets[name] = self._create(name, values, field)
        dataset = self.datasets[name]
        if dataset.shape[1:] != values.shape[1:]:
            raise ValueError(f"{name}: shape {values.shape[1:]}, not {dataset.shape[1:]}")
        start = dataset.shape[0]
        dataset.resize(start + len(values), axis=0)
        dataset[start:] = values

    def _create(self, name: str, values: np.ndarray, field: Field | None) -> h5py.Dataset:
        row = values.dtype.itemsize * int(np.prod(values.shape[1:], dtype=np.int64))
        most = max(1, min(CHUNK_ROWS, CHUNK_BYTES // max(row, 1)))
        dataset = self.file.create_dataset(
            name,
            shape=(0, *values.shape[1:]),
            maxshape=(None, *values.shape[1:]),
            chunks=(2 ** int(math.log2(most)), *values.shape[1:]),
            dtype=values.dtype,
            compression="gzip",
            compression_opts=1,
            shuffle=True,
            track_times=False,  # equal events give equal files
        )
        if field is None:
            dataset.attrs.update(units="1", description="first value of each event, then the end")
            return dataset
        dataset.attrs.update(units=field.unit, description=field.description)
        axes = field.dims if field.ragged else ("event", *field.dims)
        for axis, label in enumerate(axes):
            dataset.dims[axis].label = label
        return dataset


@contextmanager
def writing(path: str | Path, schema: Sequence[Field], attributes: dict[str, Any]) -> Iterator:
    """Open a writer of events; the file appears under its name when the block ends well."""
    with atomic(path) as part, GuardedFile(part) as disk:
        with h5py.File(disk, "w", libver=VERSION, rdcc_nbytes=CACHE_BYTES) as file:
            yield Writer(file, schema, attributes, disk.check)
        disk.check()
