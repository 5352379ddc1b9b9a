"""Figures of ROC curves: background rejection 1/ε_B over signal efficiency ε_S, or ε_S over ε_B."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from cascade.plotting import style


@dataclass(frozen=True)
class Curve:
    """One method's background rejection on a grid of signal efficiencies, with its band.

    Infinite values (no background passes) are not drawn.
    """

    label: str
    signal_efficiency: np.ndarray
    rejection: np.ndarray
    low: np.ndarray
    high: np.ndarray


def draw_rejection(
    axes: Axes, curves: Sequence[Curve], looks: Sequence[dict[str, Any]] | None = None
) -> None:
    """Draw curves with bands on a logarithmic axis, and that of a random choice, 1/ε_S.

    Parameters
    ----------
    looks
        Colour and dashes of each curve; by default its number in the sequence fixes them.
    """
    top = 10.0
    for index, curve in enumerate(curves):
        look = style.line(index) if looks is None else looks[index]
        finite = np.isfinite(curve.rejection)
        x, y = curve.signal_efficiency[finite], curve.rejection[finite]
        axes.plot(x, y, label=curve.label, zorder=3, **look)
        # an infinite bound leaves through the top of the frame
        high = np.where(np.isfinite(curve.high), curve.high, 1e12)[finite]
        axes.fill_between(
            x, curve.low[finite], high, color=look["color"], alpha=0.2, linewidth=0, zorder=2
        )
        top = max(top, y[x >= 0.1].max(initial=1))
    random = np.geomspace(1e-3, 1, 200)
    axes.plot(random, 1 / random, color=style.GREY, linewidth=0.8, linestyle=":", label="random")
    axes.set(
        yscale="log",
        xlim=(0, 1),
        ylim=(1, 3 * top),
        xlabel=r"signal efficiency $\varepsilon_S$",
        ylabel=r"background rejection $1/\varepsilon_B$",
    )


def draw_efficiency(
    axes: Axes,
    false_positive_rate: np.ndarray,
    value: np.ndarray,
    band: tuple[np.ndarray, np.ndarray],
    **look: Any,
) -> None:
    """Draw true positive rates with a band over a logarithmic axis of false positive rates.

    Parameters
    ----------
    false_positive_rate
        Rising, above 0, shape (points,): the axis ends where they do.
    value, band
        True positive rates, their lower and their upper bounds, shape (points,) each.
    look
        Colour, dashes and label.
    """
    axes.plot(false_positive_rate, value, zorder=3, **look)
    axes.fill_between(
        false_positive_rate, *band, color=look["color"], alpha=0.18, linewidth=0, zorder=2
    )
    axes.set(xscale="log", xlim=false_positive_rate[[0, -1]], ylim=(0, 1.02))
