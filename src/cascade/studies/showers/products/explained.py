"""What products read from the explanation of a shower network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import awkward as ak
import numpy as np

from cascade.events import hdf5
from cascade.introspection.held import attributions_in
from cascade.plotting.product import Inputs
from cascade.plotting.reading import called, explanation
from cascade.studies.showers.products.display import Layout, layout_of

NUMBERS = {"lg_energy": "lg E", "x_max": "X_max", "logit": "the logit of iron"}


@dataclass(frozen=True)
class Explanation:
    """An explanation of a network on showers.

    Attributes
    ----------
    network
        Name of the fit.
    number
        What is explained, in words.
    ways
        Those shown, and what they are called.
    layout
        Array and electronics, of the sample that is read beside the explanation.
    """

    path: Path
    network: str
    number: str
    ways: Mapping[str, str]
    layout: Layout

    def relevance(self, first: int = 0, last: int | None = None) -> dict[str, np.ndarray]:
        """Return the shares of events in the absolute relevance: (K, bins), by way.

        The shares of an event add up to 1 without their signs; 0 where nothing is relevant.
        """
        columns = hdf5.read(self.path, list(self.ways), first, last)
        found = {}
        for way, ragged in columns.items():
            number = ak.to_numpy(ak.num(ragged, axis=1))
            values = ak.to_numpy(ak.flatten(ragged, axis=1)).astype(np.float64)
            total = summed(np.abs(values).sum(axis=1), number)
            found[way] = values / np.repeat(np.where(total > 0, total, 1), number)[:, np.newaxis]
        return found


def read_explanation(
    inputs: Inputs, ways: Sequence[str], labels: Mapping[str, str], most: int
) -> Explanation:
    """Return the one explanation that a product shows, with the ways that were asked for.

    Raises
    ------
    CascadeError
        There is none, it shows no relevance, or lacks a way.
    """
    network, path = explanation(inputs)
    attributes = hdf5.attributes(path)
    shown = attributions_in(path, ways)
    if not ways:
        shown = shown[:most]
    number = json.loads(attributes.get("settings") or "{}").get("number") or "lg_energy"
    return Explanation(
        path,
        called(network, labels),
        NUMBERS.get(number, number),
        {way: called(way, labels) for way in shown},
        layout_of(next(iter(inputs.samples.values()), path)),
    )


def summed(values: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Return sums over the stations of each event: (K, …) and counts (B,) → (B, …)."""
    ends = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
    last = np.cumsum(number)
    return ends[last] - ends[last - number]
