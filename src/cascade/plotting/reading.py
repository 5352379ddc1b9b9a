"""What products read: predictions, samples, histories, and how they are called in figures."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.files import read_text
from cascade.plotting.product import Inputs
from cascade.plotting.style import plural


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
        What was asked for; the first axis is the event.
    """

    method: str
    sample: str
    key: str
    label: str
    path: Path
    columns: Mapping[str, np.ndarray]

    @property
    def events(self) -> int:
        """Number of events."""
        return len(next(iter(self.columns.values())))

    def ordered(self, column: str = "score") -> dict[str, np.ndarray]:
        """Return the columns sorted by one: each bootstrap replica then sorts quickly."""
        order = np.argsort(self.columns[column], kind="stable")
        return {name: values[order] for name, values in self.columns.items()}


WAYS = {
    "gradient_times_input": "gradient × input",
    "lrp": "LRP",
    "cam": "CAM",
    "grad_cam": "Grad-CAM",
    "hires_cam": "HiResCAM",
}
"""What ways of explaining are called, where it is not their own name."""


def called(key: str, labels: Mapping[str, str]) -> str:
    """Return what a method, a sample or a way of explaining is called in a figure.

    Examples
    --------
    >>> called("cnn_narrow", {}), called("cnn", {"cnn": "CNN"}), called("lrp", {})
    ('cnn narrow', 'CNN', 'LRP')
    """
    return labels.get(key) or WAYS.get(key) or key.replace("_", " ")


def predictions(
    inputs: Inputs,
    labels: Mapping[str, str],
    columns: Iterable[str],
    optional: Iterable[str] = (),
) -> list[Applied]:
    """Read the predictions of a product, in the order of the config.

    Parameters
    ----------
    columns
        What every file must hold.
    optional
        What is read from the files that hold it.

    Raises
    ------
    CascadeError
        There are none, or a file lacks a column.
    """
    if not inputs.predictions:
        raise CascadeError("this product shows predictions: name at least one method")
    several = len({sample for _, sample in inputs.predictions}) > 1
    applied = []
    for (method, sample), path in inputs.predictions.items():
        with hdf5.opened(path) as file:
            there = set(hdf5.fields(file))
        wanted = (*columns, *(column for column in optional if column in there))
        key, label = method, called(method, labels)
        if several:
            key, label = f"{method}/{sample}", f"{label}, {called(sample, labels)}"
        applied.append(Applied(method, sample, key, label, path, hdf5.read(path, wanted)))
    return applied


def check_same(applied: Sequence[Applied], columns: Iterable[str], events: str = "events") -> None:
    """Check that all predictions are of the same events.

    Parameters
    ----------
    columns
        Truth by which events are recognised.
    events
        What the study calls them.

    Raises
    ------
    CascadeError
        Some are of others.
    """
    columns, first = list(columns), applied[0]
    for one in applied[1:]:
        if not all(np.array_equal(one.columns[key], first.columns[key]) for key in columns):
            raise CascadeError(
                f"{one.path}: is of other {events} than {first.path}; only on the same {events} "
                "can two methods be compared"
            )


def samples(inputs: Inputs, least: int = 1) -> list[tuple[str, Path]]:
    """Return the samples of a product, at least as many as it needs."""
    found = list(inputs.samples.items())
    if len(found) < least:
        raise CascadeError(f"this product needs {plural(least, 'sample')}, not {len(found)}")
    return found


def explanation(inputs: Inputs) -> tuple[str, Path]:
    """Return the network of a product's one explanation, and the file.

    Raises
    ------
    CascadeError
        There is none, or several.
    """
    if len(inputs.explanations) != 1:
        raise CascadeError(
            f"explanations: this product shows exactly one, not {len(inputs.explanations)}"
        )
    (path,) = inputs.explanations.values()
    return str(hdf5.attributes(path).get("method", "network")), path


def first(
    path: Path, names: Iterable[str], events: int, size: int = 2000
) -> Iterator[dict[str, Any]]:
    """Read the first events of a file in chunks."""
    left = events
    for chunk in hdf5.chunks(path, names, size):
        if left <= 0:
            return
        yield {key: values[:left] for key, values in chunk.items()}
        left -= size


def read_histories(inputs: Inputs) -> dict[str, dict[str, np.ndarray]]:
    """Read the histories of a product, by fit.

    Raises
    ------
    CascadeError
        There are none, or one is unreadable.
    """
    if not inputs.histories:
        raise CascadeError("this product shows histories: name at least one of the fits")
    return {fit: read_history(path) for fit, path in inputs.histories.items()}


def read_history(path: Path) -> dict[str, np.ndarray]:
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


def fitted_on(histories: Mapping[str, Mapping[str, np.ndarray]]) -> str:
    """Say on how many events fits were trained and validated, for captions.

    Examples
    --------
    >>> fitted_on({"cnn": {"events_train": np.array([800.0]), "events_validation": np.array([50])}})
    '800 events (validation: 50)'
    """
    said = []
    for kind in ("train", "validation"):
        found = [h.get(f"events_{kind}", np.array([np.nan]))[0] for h in histories.values()]
        if not np.isfinite(found).all():
            return "events that a history does not count"
        ends = sorted({int(min(found)), int(max(found))})
        said.append(" to ".join(f"{number:,}".replace(",", "\u2009") for number in ends))
    return f"{said[0]} events (validation: {said[1]})"


def step_of(columns: Mapping[str, np.ndarray]) -> str:
    """Return what a history counts: ``epoch``, or ``step`` for a fit without epochs."""
    return "epoch" if "epoch" in columns else "step"


def lowest_validation_loss(columns: Mapping[str, np.ndarray]) -> float:
    """Return the loss of the kept state; infinite if none was finite."""
    loss = columns["validation_loss"]
    return float(np.min(loss, where=np.isfinite(loss), initial=np.inf))
