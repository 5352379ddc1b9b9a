"""The source ``hdf5``: HDF5 files with one entry a station, simulated or measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np

from cascade.errors import CascadeError
from cascade.events.datasets import Wanted, find_datasets, read_rows
from cascade.events.hdf5 import open_any
from cascade.studies.refinement.settings.ingest import Hdf5Settings

if TYPE_CHECKING:
    from cascade.events.schema import Events

METRES = {"m": 1.0, "km": 1e3}
UNITS = {"eV": 0.0, "EeV": 18.0}
"""lg of the unit of the energy in eV."""
LARGEST = 1e12
"""No station sees as many particles."""
BOUNDS = {
    "distance": (0.0, 1e5, "m", "length"),
    "zenith": (0.0, 90.0, "deg", "angle"),
    "lg_energy": (12.0, 22.0, "as lg(E / eV)", "energy"),
    "delta_x": (-1e5, 1e5, "g/cm2", "datasets"),
}
"""What can be, in which unit, and the setting that is wrong if it is not."""


def ingest(
    files: Sequence[str | Path], settings: Hdf5Settings, keep: Callable[[int, int], np.ndarray]
) -> Iterator[Events]:
    """Read stations from HDF5 files, a chunk at a time.

    All files are looked at before the first chunk.

    Parameters
    ----------
    files
        HDF5 files; their stations are numbered through in this order.
    settings
        Datasets, units and bins.
    keep
        ``keep(first, number)`` is the mask of the wanted stations; the others are passed over.

    Yields
    ------
    Events
        Traces, distances, zenith angles, and as much of the truth as is named.

    Raises
    ------
    CascadeError
        A file is missing or damaged; a dataset is missing, holds no numbers, or has not as many
        stations as the others; traces have the wrong length; a number is not finite or cannot be.
    """
    paths = [Path(file) for file in files]
    for path in paths:
        with open_any(path) as file:
            _datasets(path, file, settings)
    first = 0
    for path in paths:
        with open_any(path) as file:
            datasets = _datasets(path, file, settings)
            number = len(datasets["trace"])
            for start in range(0, number, settings.chunk):
                size = min(settings.chunk, number - start)
                rows = start + np.flatnonzero(keep(first + start, size))
                if len(rows):
                    yield {
                        field: _read(path, field, dataset, rows, settings)
                        for field, dataset in datasets.items()
                    }
        first += number


def _datasets(path: Path, file: h5py.File, settings: Hdf5Settings) -> dict[str, h5py.Dataset]:
    """Return the datasets by field, once their types and shapes are right."""
    wanted = {
        field: Wanted(name, ("stations", "bins") if field == "trace" else ("stations",), {})
        for field, name in settings.datasets
        if name is not None
    }
    found = find_datasets(path, file, wanted)
    _check_bins(path, found["trace"].shape[1], settings)
    return found


def _check_bins(path: Path, there: int, settings: Hdf5Settings) -> None:
    first, wanted = settings.first_bin or 0, settings.bins * settings.rebin
    if there < first + wanted or (settings.first_bin is None and there > wanted):
        start = f" from bin {first} on" if first else ""
        remedy = ", or cut them by 'first_bin'" if there > wanted and not first else ""
        raise CascadeError(
            f"{path}: dataset '{settings.datasets.trace}' holds traces of {there} bins, but "
            f"{wanted} are wanted{start}; set 'bins' or 'rebin'{remedy}"
        )


def _read(
    path: Path, field: str, dataset: h5py.Dataset, rows: np.ndarray, settings: Hdf5Settings
) -> np.ndarray:
    """Return a field of the stations ``rows`` (in rising order) in the units of the study."""
    name = getattr(settings.datasets, field)
    found = read_rows(path, name, dataset, rows).astype(np.float64)
    values = _converted(field, found, settings)
    if fault := _fault(field, found, values):
        row, text = fault
        raise CascadeError(f"{path}: dataset '{name}' in entry {rows[row]} {text}")
    return values.astype(np.float32)


def _fault(field: str, found: np.ndarray, values: np.ndarray) -> tuple[int, str] | None:
    """Return the first row that cannot be, and what is wrong with it."""
    finite = np.isfinite(found).reshape(len(found), -1).all(axis=1)
    if not finite.all():
        return int(np.argmin(finite)), "is not finite (NaN or infinite)"
    if field == "trace":
        total = values.sum(axis=1)
        possible = (total > 0) & (total < LARGEST)
        row = int(np.argmin(possible))
        wish = "is nowhere above 0" if total[row] <= 0 else f"sums up to more than {LARGEST:g}"
        return None if possible.all() else (row, wish)
    low, high, unit, setting = BOUNDS[field]
    possible = (values >= low) & (values <= high)
    if possible.all():
        return None
    row = int(np.argmin(possible))
    wish = f"not within {low:g} … {high:g}; check '{setting}'"
    return row, f"is {values[row]:g} {unit}, {wish}"


def _converted(field: str, values: np.ndarray, settings: Hdf5Settings) -> np.ndarray:
    """Return what the numbers of a file stand for, infinite or NaN where they stand for nothing."""
    if field == "trace":
        first, wanted = settings.first_bin or 0, settings.bins * settings.rebin
        parts = values[:, first : first + wanted].reshape(-1, settings.bins, settings.rebin)
        return np.maximum(settings.scale * parts.sum(axis=2), 0)
    if field == "distance":
        return METRES[settings.length] * values
    if field == "zenith" and settings.angle == "rad":
        return np.degrees(values)
    if field == "lg_energy" and settings.energy != "lg":
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log10(values) + UNITS[settings.energy]
    return values
