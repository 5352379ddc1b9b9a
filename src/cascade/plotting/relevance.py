"""What figures of relevance share: ways by name, and the share on the truth over a quantity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from cascade.errors import CascadeError, known
from cascade.evaluation.attribution import RelevanceMass
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.points import draw_series
from cascade.plotting.product import Inputs
from cascade.plotting.reading import called, explanation

UNSIGNED = ("saliency", "sensitivity", "grad_cam", "hires_cam")
"""Ways whose relevance has no negative side."""


@dataclass(frozen=True)
class Attributions:
    """Attributions of one network.

    Attributes
    ----------
    network
        What the network is called.
    ways
        Those shown, and what they are called.
    columns
        The number explained, relevance by way, shares by way and at random, and what was asked
        for.
    """

    path: Path
    network: str
    ways: Mapping[str, str]
    columns: Mapping[str, np.ndarray]

    @property
    def events(self) -> int:
        """Number of events."""
        return len(self.columns["explained"])

    def mass(self, way: str, chosen: np.ndarray) -> RelevanceMass:
        """Return the share of a way's relevance on the truth, of some events."""
        return RelevanceMass(
            self.columns[f"{way}_share"][chosen], self.columns["random_share"][chosen]
        )

    def scaled(self, way: str, event: int) -> np.ndarray:
        """Return the relevance of an event over its largest size; 0 if nothing is relevant."""
        relevance = self.columns[way][event].astype(np.float64)
        return relevance / (np.abs(relevance).max() or 1.0)


def attributions(
    inputs: Inputs, ways: Sequence[str], labels: Mapping[str, str], columns: Sequence[str]
) -> Attributions:
    """Read the one explanation of a product.

    Parameters
    ----------
    ways
        Those that are shown; all if none is named.
    columns
        What is needed besides.

    Raises
    ------
    CascadeError
        There is no explanation, or it holds no relevance, no evidence, or lacks a way.
    """
    network, path = explanation(inputs)
    with hdf5.opened(path) as file:
        there = set(hdf5.fields(file))
    made = [way for way in str(hdf5.attributes(path).get("ways", "")).split() if way in there]
    made = [way for way in made if f"{way}_share" in there]
    if not made:
        raise CascadeError(f"{path}: holds no relevance of events whose truth is known")
    shown = [known(way, made, "ways", "way in this explanation") for way in ways] or made
    wanted = ("explained", "evidence", "random_share", *shown, *(f"{way}_share" for way in shown))
    names = {way: called(way, labels) for way in shown}
    return Attributions(path, called(network, labels), names, hdf5.read(path, [*wanted, *columns]))


def binned(values: np.ndarray, edges: Sequence[float]) -> Iterator[tuple[float, float, np.ndarray]]:
    """Yield lower and upper edge of each bin, and which values lie in it; the last is closed."""
    for place, (low, high) in enumerate(pairwise(edges)):
        last = place == len(edges) - 2
        yield low, high, (values >= low) & ((values <= high) if last else (values < high))


def draw_shares(
    axes: Axes, found: Attributions, values: np.ndarray, edges: Sequence[float]
) -> dict[str, list]:
    """Draw the mean share on the truth in bins of a quantity, by way; return it as a table.

    Events that say nothing do not count, nor bins with fewer than two that do. A grey line is what
    a random order gets.
    """
    table: dict[str, list] = {
        name: [] for name in ("way", "low", "high", "share", "error", "random", "events")
    }
    bins = list(binned(values, edges))
    centre = np.array([(low + high) / 2 for low, high, _ in bins])
    for place, (way, label) in enumerate(found.ways.items()):
        masses = [found.mass(way, chosen) for _, _, chosen in bins]
        share, error = (np.array([getattr(m, of) for m in masses]) for of in ("share", "error"))
        # side by side, that no bar hides another
        x = centre + (place - (len(found.ways) - 1) / 2) * 0.06 * np.diff(edges)
        draw_series(axes, x, share, (share - error, share + error), label=label,
                    **style.symbol(place))  # fmt: skip
        for (low, high, _), mass in zip(bins, masses, strict=True):
            row = (way, low, high, mass.share, mass.error, mass.random, mass.events)
            for column, value in zip(table.values(), row, strict=True):
                column.append(value)
    # of all events with a truth, whatever a way says of them
    area = found.columns["random_share"]
    random = [area[chosen & (area > 0)].mean() if (chosen & (area > 0)).any() else np.nan
              for _, _, chosen in bins]  # fmt: skip
    axes.stairs(random, edges, baseline=None, color=style.GREY, linestyle=":", label="random order")
    axes.set(xlim=(edges[0], edges[-1]), ylim=(0, None))
    return table
