"""Traces as they stand in a user's file, and complaints that name the file and the entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import awkward as ak
import numpy as np

from cascade.errors import CascadeError

PARTS = ("trace", "signal", "noise", "interference")
"""What has one number a sample."""
LARGEST = 1e12
"""Field strengths beyond this count as infinite [µV/m]: lightning stays far below."""


@dataclass(frozen=True)
class Entries:
    """Entries of one file that belong to the wanted split.

    Attributes
    ----------
    kind
        What the columns are called in such a file: ``dataset`` or ``branch``.
    names
        By part of a trace (``trace``, ``signal``, …, ``label``) the name of its column.
    columns
        By part the numbers: (entries, samples), where samples may vary; (entries,) for labels.
    number
        Where the entries stand in the file.
    """

    path: Path
    kind: str
    names: Mapping[str, str]
    columns: Mapping[str, ak.Array]
    number: np.ndarray

    def mistake(self, part: str, place: int, text: str) -> CascadeError:
        """Return an error about the place-th entry."""
        where = f"{self.kind} '{self.names[part]}' in entry {self.number[place]}"
        return CascadeError(f"{self.path}: {where} {text}")

    def lengths(self) -> np.ndarray:
        """Return how many samples each trace has, the same in all its parts: (entries,)."""
        lengths = ak.to_numpy(ak.num(self.columns["trace"]))
        if not lengths.all():
            raise self.mistake("trace", int(np.argmin(lengths)), "has no samples")
        for part in [part for part in PARTS[1:] if part in self.columns]:
            others = ak.to_numpy(ak.num(self.columns[part]))
            if not np.array_equal(others, lengths):
                place = int(np.argmax(others != lengths))
                text = f"has {others[place]} samples, but the trace {lengths[place]}"
                raise self.mistake(part, place, text)
        return lengths

    def parts(self, places: np.ndarray, factor: float) -> dict[str, np.ndarray]:
        """Return all parts of traces of one length, times a factor: (places, samples) each.

        Raises
        ------
        CascadeError
            A number is not finite, or a trace is 0 throughout.
        """
        found = {}
        for part in [part for part in PARTS if part in self.columns]:
            values = factor * ak.to_numpy(self.columns[part][places]).astype(np.float64)
            finite = (np.abs(values) < LARGEST).all(axis=1)
            if not finite.all():
                place = places[int(np.argmin(finite))]
                raise self.mistake(part, place, "is not finite (NaN, infinite or above 1e12 µV/m)")
            found[part] = values
        lit = found["trace"].any(axis=1)
        if not lit.all():
            raise self.mistake("trace", places[int(np.argmin(lit))], "is 0 throughout")
        return found

    def labels(self) -> np.ndarray:
        """Return the labels that the file holds, (entries,) int8."""
        labels = ak.to_numpy(self.columns["label"])
        wrong = ~np.isin(labels, (0, 1))
        if wrong.any():
            place = int(np.argmax(wrong))
            raise self.mistake("label", place, f"is {labels[place]:g}, neither 0 nor 1")
        return labels.astype(np.int8)
