"""The source ``hdf5``: HDF5 files with traces as rows of datasets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import awkward as ak
import h5py
import numpy as np

from cascade.errors import CascadeError
from cascade.events.datasets import Wanted, find_datasets, read_rows
from cascade.events.hdf5 import open_any
from cascade.events.labels import label_of_file
from cascade.studies.radio.ingestion.entries import Entries
from cascade.studies.radio.ingestion.events import to_events
from cascade.studies.radio.settings.ingest import Hdf5Settings

if TYPE_CHECKING:
    from cascade.events.schema import Events


def ingest(
    files: Sequence[str | Path], settings: Hdf5Settings, keep: Callable[[int, int], np.ndarray]
) -> Iterator[Events]:
    """Read traces from HDF5 files, a chunk at a time.

    All files are looked at before the first chunk.

    Parameters
    ----------
    files
        HDF5 files; their traces are numbered through in this order.
    settings
        Datasets, unit, rate, band and window.
    keep
        ``keep(first, number)`` is the mask of the wanted traces; the others are passed over.

    Yields
    ------
    Events
        Traces, and as much of the truth as the file knows.

    Raises
    ------
    CascadeError
        A file is missing or damaged; a dataset is missing, holds no numbers or has not as many
        traces as the others; a trace is not finite, 0, of the wrong length or without noise.
    """
    paths = [Path(file) for file in files]
    labels = [settings.labels and label_of_file(path, settings.labels) for path in paths]
    for path in paths:
        with open_any(path) as file:
            _datasets(path, file, settings)
    first = 0
    for path, label in zip(paths, labels, strict=True):
        with open_any(path) as file:
            datasets = _datasets(path, file, settings)
            number = len(datasets["trace"])
            for start in range(0, number, settings.chunk):
                size = min(settings.chunk, number - start)
                kept = np.flatnonzero(keep(first + start, size))
                if len(kept):
                    entries = _entries(path, datasets, start + kept, settings)
                    yield to_events(entries, settings, label)
        first += number


def _names(settings: Hdf5Settings) -> dict[str, str]:
    return {part: name for part, name in settings.datasets if name is not None}


def _datasets(path: Path, file: h5py.File, settings: Hdf5Settings) -> dict[str, h5py.Dataset]:
    """Return the datasets by what they hold, once their types and shapes are right."""
    channels = settings.channel is not None
    traces = ("traces", "channels", "samples") if channels else ("traces", "samples")
    hint = {} if channels else {3: "; choose one by 'channel'"}
    found = find_datasets(
        path,
        file,
        {
            part: Wanted(name, ("traces",), {}) if part == "label" else Wanted(name, traces, hint)
            for part, name in _names(settings).items()
        },
    )
    for part, name in _names(settings).items():
        if found[part].ndim == 3 and settings.channel >= found[part].shape[1]:
            raise CascadeError(
                f"{path}: dataset '{name}' has {found[part].shape[1]} channels, counted from 0, "
                f"and no 'channel' {settings.channel}"
            )
    return found


def _entries(
    path: Path, datasets: dict[str, h5py.Dataset], rows: np.ndarray, settings: Hdf5Settings
) -> Entries:
    names = _names(settings)
    columns = {
        part: ak.from_numpy(
            read_rows(path, names[part], dataset, rows, *[settings.channel] * (dataset.ndim == 3))
        )
        for part, dataset in datasets.items()
    }
    return Entries(path, "dataset", names, columns, rows)
