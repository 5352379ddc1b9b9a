"""What the products read: predictions, samples, histories, and how they are called in figures."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.files import read_text
from cascade.plotting.product import Inputs
from cascade.plotting.style import plural
from cascade.settings import validate
from cascade.studies.jets.settings import FigureSettings, Selection

CLASSES = {1: "W", 0: "QCD"}

SYMBOLS = {
    "pt": r"$p_\mathrm{T}$",
    "mass": r"$m$",
    "tau21": r"$\tau_{21}$",
    "tau32": r"$\tau_{32}$",
    "delta_r": r"$\Delta R$",
}
"""Observables that are methods of their own, by name."""


@dataclass(frozen=True)
class Applied:
    """Predictions of one method on one sample.

    Attributes
    ----------
    key
        Name in metrics: the method's, with the sample's if there are several samples.
    label
        Name in the figure.
    columns
        What was asked for, each of shape (jets,).
    """

    method: str
    sample: str
    key: str
    label: str
    path: Path
    columns: dict[str, np.ndarray]

    @property
    def jets(self) -> int:
        """Number of jets."""
        return len(self.columns["label"])

    def ordered(self) -> dict[str, np.ndarray]:
        """Return the columns sorted by score: each bootstrap replica then sorts quickly."""
        order = np.argsort(self.columns["score"], kind="stable")
        return {column: values[order] for column, values in self.columns.items()}


def name(key: str, settings: FigureSettings) -> str:
    """Return what a method or sample is called in a figure."""
    return settings.labels.get(key) or SYMBOLS.get(key) or key.replace("_", " ")


def predictions(
    inputs: Inputs, settings: FigureSettings, columns: Iterable[str] = ("score", "label", "weight")
) -> list[Applied]:
    """Read the predictions of a product, in the order of the config.

    Raises
    ------
    CascadeError
        There are none, or a file lacks a class.
    """
    if not inputs.predictions:
        raise CascadeError("this product shows predictions: name at least one method")
    several = len({sample for _, sample in inputs.predictions}) > 1
    applied = []
    for (method, sample), path in inputs.predictions.items():
        read = hdf5.read(path, columns)
        missing = [cls for value, cls in CLASSES.items() if not np.any(read["label"] == value)]
        if missing:
            raise CascadeError(f"{path}: holds no {missing[0]} jet; a ROC curve needs both classes")
        key, label = method, name(method, settings)
        if several:
            key, label = f"{method}/{sample}", f"{label}, {name(sample, settings)}"
        applied.append(Applied(method, sample, key, label, path, read))
    return applied


def samples(inputs: Inputs, least: int = 1) -> list[tuple[str, Path]]:
    """Return the samples of a product, at least as many as it needs."""
    found = list(inputs.samples.items())
    if len(found) < least:
        raise CascadeError(f"this product needs {plural(least, 'sample')}, not {len(found)}")
    return found


def selection_of(path: Path) -> Selection:
    """Return the selection that the jets of a file were made with, from the file itself."""
    settings = json.loads(hdf5.attributes(path).get("settings") or "{}")
    return validate(Selection, settings.get("selection", {}), f"{path}: selection")


def first(
    path: Path, names: Iterable[str], jets: int, size: int = 2000
) -> Iterator[dict[str, Any]]:
    """Read the first jets of a file in chunks."""
    left = jets
    for events in hdf5.chunks(path, names, size):
        if left <= 0:
            return
        yield {key: values[:left] for key, values in events.items()}
        left -= size


def history(path: Path) -> dict[str, np.ndarray]:
    """Read a history: numbers by column, NaN where a cell is empty.

    Raises
    ------
    CascadeError
        The file has no rows, no validation loss, or something that is no number.
    """
    rows = list(csv.DictReader(read_text(path).splitlines()))
    if not rows:
        raise CascadeError(f"{path}: holds no rows")
    try:
        columns = {
            key: np.array([float(row[key] or "nan") for row in rows]) for key in rows[0] if key
        }
    except (TypeError, ValueError) as error:
        raise CascadeError(f"{path}: not a table of numbers ({error})") from None
    if "validation_loss" not in columns:
        raise CascadeError(f"{path}: has no column 'validation_loss'")
    return columns


def step_of(columns: Mapping[str, np.ndarray]) -> str:
    """Return what a history counts: ``epoch``, or ``step`` for a fit without epochs."""
    return "epoch" if "epoch" in columns else "step"


def lowest_validation_loss(columns: Mapping[str, np.ndarray]) -> float:
    """Return the loss of the kept state; infinite if none was finite."""
    loss = columns["validation_loss"]
    return float(np.min(loss, where=np.isfinite(loss), initial=np.inf))


def composition(label: np.ndarray) -> str:
    """Say how many jets there are, by class."""
    signal = int(np.count_nonzero(label))
    other = len(label) - signal
    return f"{plural(len(label), 'jet')} ({plural(signal, 'W jet')} and {plural(other, 'QCD jet')})"
