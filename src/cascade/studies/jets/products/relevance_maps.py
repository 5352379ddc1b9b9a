"""Relevance maps of a network's explanation, and the place where a fooled one looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.introspection.held import attributions_in
from cascade.studies.jets.products import reading
from cascade.studies.jets.settings import Selection

HALF_WIDTH = Selection().image_half_width
"""Images cover this by default: an explanation does not say what its jets were made with."""


@dataclass(frozen=True)
class Maps:
    """Relevance by several ways, each jet's absolute relevance adding up to 1.

    Attributes
    ----------
    columns
        ``image`` and ``label`` of the jets, and ``evidence`` if the file has it.
    shares
        By way, (jets, η, φ).
    """

    network: str
    columns: Mapping[str, np.ndarray]
    shares: Mapping[str, np.ndarray]

    def mean(self, way: str, label: int) -> np.ndarray:
        """Return the mean map of a class."""
        return self.shares[way][self.columns["label"] == label].mean(axis=0)

    def share(self, way: str, label: int, place: np.ndarray) -> np.ndarray:
        """Return the share of the relevance at a place, for each jet of a class."""
        return self.shares[way][self.columns["label"] == label][:, place].sum(axis=1)


@dataclass(frozen=True)
class Found:
    """Where an artefact was found: pixels (η, φ), and in jets of which class."""

    place: np.ndarray
    label: int


def read_maps(path: Path) -> Maps:
    """Read the relevance of an explanation.

    Raises
    ------
    CascadeError
        It holds no map of relevance, or jets of one class alone.
    """
    facts = hdf5.attributes(path)
    with hdf5.opened(path, "jets") as file:
        there = set(hdf5.fields(file))
    ways = attributions_in(path)
    columns = hdf5.read(path, ["image", "label", *({"evidence"} & there), *ways])
    if len(np.unique(columns["label"])) < 2:
        raise CascadeError(f"{path}: holds jets of one class alone")
    shares = {}
    for way in ways:
        size = np.abs(columns.pop(way).astype(np.float64))
        total = size.sum(axis=(1, 2), keepdims=True)
        shares[way] = np.divide(size, total, out=np.zeros_like(size), where=total > 0)
    return Maps(str(facts.get("method", path.stem)), columns, shares)


def locate(fooled: Maps, honest: Maps, way: str, edge: float) -> Found:
    """Return where the fooled network looks and the honest one does not.

    It is the highest pixel of the difference of the mean maps, in the class where that is higher,
    and those that hang together with it and exceed a part ``edge`` of it.
    """
    more = {label: fooled.mean(way, label) - honest.mean(way, label) for label in reading.CLASSES}
    label = max(more, key=lambda each: more[each].max())
    regions, _ = ndimage.label(more[label] > edge * more[label].max())
    highest = np.unravel_index(more[label].argmax(), regions.shape)
    return Found(regions == regions[highest], label)


def bounds(place: np.ndarray, margin: int = 0) -> list[tuple[float, float]]:
    """Return where pixels begin and end in η and φ, with a margin of so many pixels."""
    width = 2 * HALF_WIDTH / len(place)
    return [
        tuple(end * width - HALF_WIDTH for end in (there.min() - margin, there.max() + 1 + margin))
        for there in np.nonzero(place)
    ]
