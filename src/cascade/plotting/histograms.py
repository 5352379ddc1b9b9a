"""Histograms of weighted events with their statistical uncertainties, and ratios of two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes


@dataclass(frozen=True)
class Density:
    """Weighted distribution of unit area, the events beyond the edges left out of the bins.

    Attributes
    ----------
    edges
        Shape (bins + 1,).
    value, error
        Density per unit of the variable and its standard deviation √Σw², shape (bins,).
    outside
        Share of the weight that lies beyond the edges.
    """

    edges: np.ndarray
    value: np.ndarray
    error: np.ndarray
    outside: float

    @property
    def centres(self) -> np.ndarray:
        """Middles of the bins."""
        return (self.edges[1:] + self.edges[:-1]) / 2


def density(values: np.ndarray, edges: np.ndarray, weight: np.ndarray | None = None) -> Density:
    """Histogram values with weights; the last bin includes its upper edge."""
    weight = np.ones(len(values)) if weight is None else np.asarray(weight, np.float64)
    total = weight.sum()
    norm = total * np.diff(edges) if total > 0 else np.inf
    content = np.histogram(values, edges, weights=weight)[0]
    squares = np.histogram(values, edges, weights=weight**2)[0]
    outside = 1 - content.sum() / total if total > 0 else 0.0
    return Density(np.asarray(edges), content / norm, np.sqrt(squares) / norm, float(outside))


def draw_density(axes: Axes, histogram: Density, label: str | None, **look: Any) -> None:
    """Draw a distribution as steps with a bar of one standard deviation on each bin."""
    axes.stairs(histogram.value, histogram.edges, label=label, linewidth=1.0, **look)
    axes.errorbar(
        histogram.centres,
        histogram.value,
        histogram.error,
        fmt="none",
        ecolor=look["color"],
        elinewidth=0.7,
    )


def ratio(numerator: Density, denominator: Density) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the ratio of two distributions and the relative errors of either.

    Returns
    -------
    ratio, error, reference_error
        NaN where the denominator is empty; the first error is the numerator's alone, the second
        one the denominator's relative to itself, to be drawn as a band about 1.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        empty = denominator.value == 0
        value = np.where(empty, np.nan, numerator.value / denominator.value)
        error = np.where(empty, np.nan, numerator.error / denominator.value)
        reference_error = np.where(empty, np.nan, denominator.error / denominator.value)
    return value, error, reference_error


def draw_ratio(
    axes: Axes, numerator: Density, denominator: Density, offset: float = 0.0, **look: Any
) -> None:
    """Draw the ratio as points with errors, the denominator's own as a band about 1.

    ``offset`` moves the points by a part of the bin width, so that two sets can be told apart.
    """
    value, error, reference_error = ratio(numerator, denominator)
    axes.stairs(
        1 + reference_error,
        denominator.edges,
        baseline=1 - reference_error,
        fill=True,
        color=look["color"],
        alpha=0.18,
        linewidth=0,
    )
    axes.errorbar(
        denominator.centres + offset * np.diff(denominator.edges),
        value,
        error,
        color=look["color"],
        marker=look.get("marker", "o"),
        markersize=2,
        linestyle="none",
        elinewidth=0.7,
    )
    axes.axhline(1, color="black", linewidth=0.5, zorder=0)
