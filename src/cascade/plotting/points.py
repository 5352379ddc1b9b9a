"""Figures of numbers with intervals: methods in rows, or values over a parameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes


def draw_rows(
    axes: Axes,
    values: np.ndarray,
    intervals: tuple[np.ndarray, np.ndarray] | None = None,
    highlight: int | None = None,
    looks: Sequence[dict[str, Any]] | None = None,
) -> None:
    """Draw one value a row, the first on top; NaN leaves its row empty.

    Parameters
    ----------
    values
        Shape (rows,).
    intervals
        Lower and upper bounds, shape (rows,) each.
    highlight
        Row whose point is filled.
    looks
        Colour and symbol of each row; by default all are black circles.
    """
    rows = np.arange(len(values))
    errors = None
    if intervals is not None:
        errors = np.stack([values - intervals[0], intervals[1] - values])
    for row in rows:
        here = slice(row, row + 1)
        face = "black" if row == highlight else "white"
        look = {"color": "black", "marker": "o", "markerfacecolor": face}
        look = look if looks is None else looks[row]
        axes.errorbar(
            values[here],
            rows[here],
            xerr=None if errors is None else errors[:, here],
            markersize=3.2,
            markeredgewidth=0.8,
            elinewidth=0.8,
            capsize=0,
            **(look | {"linestyle": "none"}),
        )
    if highlight is not None:
        axes.axhspan(highlight - 0.5, highlight + 0.5, color="0.9", linewidth=0, zorder=0)
    axes.set_ylim(len(values) - 0.4, -0.6)
    axes.tick_params(axis="y", which="both", left=False, right=False)
    axes.grid(axis="x", color="0.85", linewidth=0.4)
    axes.set_axisbelow(True)


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Write the names of the rows at the left edge."""
    axes.set_yticks(range(len(names)), names)
    axes.minorticks_off()


def draw_series(
    axes: Axes,
    x: np.ndarray,
    values: np.ndarray,
    intervals: tuple[np.ndarray, np.ndarray] | None = None,
    **look: Any,
) -> None:
    """Draw values over a parameter, in its order, joined by a thin line."""
    order = np.argsort(x, kind="stable")
    errors = None
    if intervals is not None:
        errors = np.stack([values - intervals[0], intervals[1] - values])[:, order]
    axes.errorbar(
        x[order], values[order], errors, markersize=4, linewidth=0.8, elinewidth=0.8, **look
    )
