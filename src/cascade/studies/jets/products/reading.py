"""What is the jets' own in what the products read: classes, selection, names of observables."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.plotting import reading
from cascade.plotting.product import Inputs
from cascade.plotting.reading import Applied
from cascade.plotting.settings import FigureSettings
from cascade.plotting.style import plural
from cascade.settings import validate
from cascade.studies.jets.settings import Selection

CLASSES = {1: "W", 0: "QCD"}

SYMBOLS = {
    "pt": r"$p_\mathrm{T}$",
    "mass": r"$m$",
    "tau21": r"$\tau_{21}$",
    "tau32": r"$\tau_{32}$",
    "delta_r": r"$\Delta R$",
}
"""Observables that are methods of their own, by name."""


def predictions(
    inputs: Inputs, settings: FigureSettings, columns: Iterable[str] = ("score", "label", "weight")
) -> list[Applied]:
    """Read the predictions of a product, in the order of the config.

    Raises
    ------
    CascadeError
        There are none, or a file lacks a class.
    """
    applied = reading.predictions(inputs, SYMBOLS | settings.labels, columns)
    for one in applied:
        missing = [
            cls for value, cls in CLASSES.items() if not np.any(one.columns["label"] == value)
        ]
        if missing:
            raise CascadeError(
                f"{one.path}: holds no {missing[0]} jet; a ROC curve needs both classes"
            )
    return applied


def selection_of(path: Path) -> Selection:
    """Return the selection that the jets of a file were made with, from the file itself."""
    settings = json.loads(hdf5.attributes(path).get("settings") or "{}")
    return validate(Selection, settings.get("selection", {}), f"{path}: selection")


def composition(label: np.ndarray) -> str:
    """Say how many jets there are, by class."""
    signal = int(np.count_nonzero(label))
    other = len(label) - signal
    return f"{plural(len(label), 'jet')} ({plural(signal, 'W jet')} and {plural(other, 'QCD jet')})"
