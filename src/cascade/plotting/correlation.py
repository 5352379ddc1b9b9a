"""Two-dimensional histograms of predicted over true values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from cascade.plotting import style


def counts(true: np.ndarray, predicted: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the events in square bins, (bins, bins), true values first; others are left out."""
    return np.histogram2d(true, predicted, bins=(edges, edges))[0]


def count_norm(histograms: Sequence[np.ndarray]) -> LogNorm:
    """Return a logarithmic scale from one event to the fullest bin of all histograms."""
    top = max((float(histogram.max()) for histogram in histograms), default=1.0)
    return LogNorm(1, max(top, 10.0))


def draw_counts(axes: Axes, histogram: np.ndarray, edges: np.ndarray, norm: LogNorm) -> None:
    """Draw a histogram with the diagonal; empty bins stay white."""
    axes.pcolormesh(
        edges,
        edges,
        np.ma.masked_equal(histogram, 0).T,
        norm=norm,
        cmap=style.FILLED,
        rasterized=True,
    )
    axes.plot(edges[[0, -1]], edges[[0, -1]], color="black", linewidth=0.6, linestyle="--")
    axes.set(xlim=edges[[0, -1]], ylim=edges[[0, -1]], aspect="equal")
    # the same ticks along both axes
    axes.locator_params(nbins=4)
    axes.set_yticks(axes.get_xticks())
    axes.set(xlim=edges[[0, -1]], ylim=edges[[0, -1]])
