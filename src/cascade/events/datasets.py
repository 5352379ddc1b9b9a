"""Datasets of a user's own HDF5 files, each read as a field with one row an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from cascade.errors import CascadeError, nearest


@dataclass(frozen=True)
class Wanted:
    """A dataset that a source reads.

    Attributes
    ----------
    name
        What the user calls it.
    shape
        Names of its axes, for messages: ``("traces", "samples")``.
    hint
        What to do if it has another number of axes, by that number.
    """

    name: str
    shape: tuple[str, ...]
    hint: Mapping[int, str]

    def __str__(self) -> str:
        return f"({', '.join(self.shape)}{',' if len(self.shape) == 1 else ''})"


def find_datasets(
    path: Path, file: h5py.File, wanted: Mapping[str, Wanted]
) -> dict[str, h5py.Dataset]:
    """Return datasets of an open file, once their types and shapes are right.

    Parameters
    ----------
    wanted
        What is read, by field; all have as many rows as the first one.

    Raises
    ------
    CascadeError
        A dataset is missing, holds no numbers, has other axes, no rows, or not as many as the
        first one.
    """
    found: dict[str, h5py.Dataset] = {}
    for field, each in wanted.items():
        item = file.get(each.name)
        if not isinstance(item, h5py.Dataset):
            raise CascadeError(
                f"{path}: no dataset '{each.name}'; {nearest(each.name, _names(file))}"
            )
        if item.dtype.kind not in "biuf" or item.ndim != len(each.shape):
            raise CascadeError(
                f"{path}: dataset '{each.name}' holds {item.dtype} of shape {item.shape}, not "
                f"numbers of shape {each}{each.hint.get(item.ndim, '')}"
            )
        found[field] = item
        first = next(iter(found))
        if len(item) != len(found[first]) or not len(item):
            wish = f", but '{wanted[first].name}' {len(found[first])}" if len(item) else ""
            raise CascadeError(
                f"{path}: dataset '{each.name}' holds {len(item)} {each.shape[0]}{wish}"
            )
    return found


def _names(file: h5py.File) -> list[str]:
    """Return the names of all datasets in a file."""
    items: dict[str, object] = {}
    file.visititems(items.__setitem__)
    return [name for name, item in items.items() if isinstance(item, h5py.Dataset)]


def read_rows(path: Path, name: str, dataset: h5py.Dataset, rows: np.ndarray, *inner: Any) -> Any:
    """Return the rows of a dataset with these numbers, in rising order.

    Parameters
    ----------
    inner
        Places on the axes behind the first one.

    Raises
    ------
    CascadeError
        The file is damaged there.
    """
    try:
        values = dataset[(slice(rows[0], rows[-1] + 1), *inner)]
    except OSError as error:
        raise CascadeError(f"{path}: dataset '{name}' is damaged") from error
    return values[rows - rows[0]]
