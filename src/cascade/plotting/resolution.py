"""Figures of bias and resolution in bins of a quantity, several methods in one frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from cascade.plotting import style

SPREAD = 0.36
"""Part of a bin's width over which the points of the methods are spread, so that none is hidden."""


@dataclass(frozen=True)
class Curve:
    """One method's values in bins, NaN where there are too few events.

    Attributes
    ----------
    value, low, high
        Shape (bins,).
    look
        Running number that fixes colour, symbol and dashes, the same in all panels.
    reference
        The others are judged by it: drawn as a black line with a band, without symbols.
    """

    label: str
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    look: int
    reference: bool = False


def draw_curves(axes: Axes, edges: np.ndarray, curves: Sequence[Curve]) -> None:
    """Draw points with errors, a little apart within each bin, joined by thin lines.

    Parameters
    ----------
    edges
        Of the bins, shape (bins + 1,).
    """
    for curve, x in _places(edges, curves):
        axes.errorbar(
            x,
            curve.value,
            np.stack([curve.value - curve.low, curve.high - curve.value]),
            label=curve.label,
            linewidth=0.7,
            elinewidth=0.8,
            markersize=3.2,
            markeredgewidth=0.7,
            zorder=3,
            **style.symbol(curve.look),
        )
    for number, curve in enumerate(curve for curve in curves if curve.reference):
        _draw_reference(axes, edges, curve, number)
    axes.set_xlim(edges[0], edges[-1])


def draw_ranges(axes: Axes, edges: np.ndarray, curves: Sequence[Curve]) -> None:
    """Draw wide and pale bars from low to high at the points that ``draw_curves`` draws.

    They show how far single events scatter, behind the uncertainty of the value.
    """
    for curve, x in _places(edges, curves):
        axes.vlines(
            x,
            curve.low,
            curve.high,
            color=style.symbol(curve.look)["color"],
            alpha=0.3,
            linewidth=3,
            zorder=1,
        )


def _places(edges: np.ndarray, curves: Sequence[Curve]) -> Iterator[tuple[Curve, np.ndarray]]:
    """Yield all curves but references with the places of their points, (bins,)."""
    points = [curve for curve in curves if not curve.reference]
    centres, width = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    for place, curve in enumerate(points):
        offset = (place - (len(points) - 1) / 2) / max(len(points) - 1, 1) * SPREAD
        yield curve, centres + offset * width


def _draw_reference(axes: Axes, edges: np.ndarray, curve: Curve, number: int) -> None:
    """Draw a step in each bin, and its interval as a band; the number fixes the dashes."""
    look = {"color": "black", "linestyle": style.line(number)["linestyle"]}
    axes.stairs(curve.value, edges, baseline=None, label=curve.label, linewidth=1.1, **look)
    axes.stairs(
        curve.high, edges, baseline=curve.low, fill=True, color="black", alpha=0.15, linewidth=0
    )


def limit_bias(axes: Axes) -> None:
    """Draw where there is no bias."""
    axes.axhline(0, color="black", linewidth=0.5, zorder=0)


def limit_resolution(axes: Axes) -> None:
    """Start the axis at zero where the values come close enough to it to leave no empty half."""
    low, high = axes.get_ylim()
    if low < 0.5 * high:
        axes.set_ylim(bottom=0)


def angle_axis(axes: Axes, largest: float) -> None:
    """Label an axis of sin²θ by θ [°], up to the largest angle."""
    angles = (0, 15, 30, 40, 50, 60, 70, 80)
    angles = np.array([angle for angle in angles if angle <= largest + 1e-6])
    axes.set_xticks(np.sin(np.radians(angles)) ** 2, [str(angle) for angle in angles])
    axes.tick_params(axis="x", which="minor", bottom=False, top=False)
