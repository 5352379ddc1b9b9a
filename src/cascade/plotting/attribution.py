"""How good the ways of explaining a network are, read from files of explanations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cascade.errors import CascadeError
from cascade.evaluation.attribution import PixelFlipping, RelevanceMass, standard_error
from cascade.events import hdf5
from cascade.plotting.product import Inputs

QUANTITIES = ("share", "flipping", "randomised", "conservation")
"""What is measured of a way, in the order in which it is shown."""


@dataclass(frozen=True)
class Scores:
    """How good a way of explaining a network is, event by event; None for what was not measured.

    Attributes
    ----------
    network
        Name of the fit.
    evidence
        What relevance is held to, in words; empty if to nothing.
    mass
        Share of the relevance on the evidence.
    flipping
        The number with elements replaced.
    randomised
        Rank correlation with the relevance by shuffled weights, (B,).
    conservation
        |Σ R − S| / |S|, (B,).
    """

    network: str
    evidence: str
    mass: RelevanceMass | None
    flipping: PixelFlipping | None
    randomised: np.ndarray | None
    conservation: np.ndarray | None

    def measured(self) -> dict[str, Measure]:
        """Return what was measured, by the names of ``QUANTITIES``."""
        found = {}
        if self.mass is not None:
            found["share"] = Measure(
                self.mass.share, self.mass.error, self.mass.events,
                self.mass.random, self.mass.significance,
            )  # fmt: skip
        if self.flipping is not None:
            events = len(self.flipping.curves)
            # both areas over what the number is in the mean, so that networks can be compared
            scale = float(np.abs(self.flipping.curves[:, 0]).mean()) or 1.0
            found["flipping"] = Measure(
                self.flipping.area / scale, self.flipping.area_error / scale, events,
                self.flipping.random_area / scale, self.flipping.significance,
            )  # fmt: skip
        if self.randomised is not None:
            known = self.randomised[np.isfinite(self.randomised)]
            error = float(standard_error(known)) if len(known) > 1 else np.nan
            found["randomised"] = Measure(
                float(known.mean()) if len(known) else np.nan, error, len(known)
            )
        if self.conservation is not None:
            # few events of a number near zero would rule the mean
            low, middle, high = np.nanpercentile(self.conservation, (16, 50, 84))
            found["conservation"] = Measure(
                float(middle), float(high - low) / 2, len(self.conservation)
            )
        return found


@dataclass(frozen=True)
class Measure:
    """A value, its error, the events behind it, and what a random order gets, if there is one."""

    value: float
    error: float
    events: int
    random: float = float("nan")
    significance: float = float("nan")


def read_scores(path: Path) -> dict[str, Scores]:
    """Return how good each way in a file of explanations is, by way.

    Raises
    ------
    CascadeError
        The file holds no attribution.
    """
    attributes = hdf5.attributes(path)
    with hdf5.opened(path) as file:
        there = set(hdf5.fields(file))
    suffixes = ("_share", "_flipped", "_randomised", "_conservation")
    ways = [
        way for way in str(attributes.get("ways", "")).split()
        if there & {way + suffix for suffix in suffixes}
    ]  # fmt: skip
    if not ways:
        raise CascadeError(f"{path}: holds no attribution that could be judged")
    columns = hdf5.read(path, sorted(name for name in there if name.endswith(suffixes)))
    flipping = json.loads(attributes["settings"])["pixel_flipping"]
    return {
        way: Scores(
            str(attributes["method"]),
            str(attributes.get("evidence", "")),
            RelevanceMass(columns[f"{way}_share"], columns["random_share"])
            if f"{way}_share" in there
            else None,
            PixelFlipping(
                np.asarray(flipping["fractions"]),
                columns[f"{way}_flipped"],
                columns["random_flipped"],
            )
            if f"{way}_flipped" in there
            else None,
            columns.get(f"{way}_randomised"),
            columns.get(f"{way}_conservation"),
        )
        for way in ways
    }


def read_all(inputs: Inputs) -> dict[str, dict[str, Scores]]:
    """Return the scores of all explanations of a product, by explanation and way."""
    if not inputs.explanations:
        raise CascadeError("explanations: this product shows at least one")
    return {name: read_scores(path) for name, path in inputs.explanations.items()}


def measures(
    found: Mapping[str, Mapping[str, Scores]],
) -> Iterator[tuple[str, str, str, str, Measure]]:
    """Yield explanation, network, way, quantity and measure of all there is."""
    for name, ways in found.items():
        for way, scores in ways.items():
            for quantity, measure in scores.measured().items():
                yield name, scores.network, way, quantity, measure
