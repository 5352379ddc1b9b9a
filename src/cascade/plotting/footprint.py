"""Map of a detector array: stations as discs, their size the signal, their colour the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize
from matplotlib.patheffects import withStroke

from cascade.plotting import style

SIGNALS = (10, 100, 1000, 10000)
"""Signals whose sizes the legend shows."""


@dataclass(frozen=True)
class Footprint:
    """Triggered stations of one event.

    Attributes
    ----------
    position
        East, north [km], shape (stations, 2).
    signal
        Shape (stations,).
    time
        Start relative to the first station [µs], shape (stations,).
    """

    position: np.ndarray
    signal: np.ndarray
    time: np.ndarray


def diameter(signal: np.ndarray) -> np.ndarray:
    """Return the diameter of a station's disc [pt], linear in the logarithm of its signal."""
    return 1.5 + 3.0 * np.log10(np.maximum(signal, 2.0))


def hexagons(sites: np.ndarray, spacing: float) -> np.ndarray:
    """Return the corners of the cells about sites (n, 2) of a lattice in rows: (n, 6, 2)."""
    angle = np.pi / 6 + np.pi / 3 * np.arange(6)
    corners = spacing / np.sqrt(3) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return sites[:, np.newaxis] + corners


def draw_array(axes: Axes, sites: np.ndarray, spacing: float) -> None:
    """Draw the cells of all sites (n, 2) [km] and a small open dot on each."""
    axes.add_collection(
        PolyCollection(
            hexagons(sites, spacing), facecolor="none", edgecolor="0.86", linewidth=0.4, zorder=0
        )
    )
    axes.plot(*sites.T, "o", color="0.6", markersize=1.8, fillstyle="none", markeredgewidth=0.5)
    axes.set(aspect="equal", xlabel="east [km]", ylabel="north [km]")
    axes.autoscale_view()


def zoom(axes: Axes, footprints: Sequence[Footprint], margin: float) -> None:
    """Show a square that holds all triggered stations and ``margin`` [km] around them."""
    position = np.concatenate([footprint.position for footprint in footprints])
    low, high = position.min(axis=0), position.max(axis=0)
    half = float(np.max(high - low)) / 2 + margin
    east, north = (low + high) / 2
    axes.set(xlim=(east - half, east + half), ylim=(north - half, north + half))


def draw_footprint(axes: Axes, footprint: Footprint, norm: Normalize) -> None:
    """Draw the triggered stations as discs; where they overlap the smaller ones lie on top."""
    order = np.argsort(-footprint.signal, kind="stable")
    axes.scatter(
        *footprint.position[order].T,
        s=diameter(footprint.signal[order]) ** 2,
        c=footprint.time[order],
        cmap=style.FILLED,
        norm=norm,
        edgecolor="black",
        linewidth=0.4,
        zorder=3,
    )


def draw_axis(axes: Axes, core: np.ndarray, origin: np.ndarray, length: float) -> None:
    """Draw a shower's axis, seen from above, as an arrow that ends in the core.

    Parameters
    ----------
    core
        East, north [km].
    origin
        Horizontal part (2,) of the unit vector towards the shower's origin.
    length
        Length of the arrow [km] for a horizontal shower.
    """
    axes.annotate(
        "",
        xy=core,
        xytext=core + length * origin,
        arrowprops={
            "arrowstyle": "-|>,head_length=0.5,head_width=0.2",
            "color": style.BLUE,
            "linewidth": 1.2,
            "shrinkA": 0,
            "shrinkB": 0,
        },
        zorder=5,
    )
    axes.plot(*core, "+", color=style.BLUE, markersize=6, markeredgewidth=1.2, zorder=5)


def name_stations(axes: Axes, position: np.ndarray, signal: np.ndarray) -> None:
    """Write running numbers from 1 at the upper right of discs at positions (n, 2) [km]."""
    for number, (place, size) in enumerate(zip(position, diameter(signal), strict=True), start=1):
        shift = size / 2 / np.sqrt(2) + 3.5
        axes.annotate(
            str(number),
            place,
            xytext=(shift, shift),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=7.5,
            path_effects=[withStroke(linewidth=2, foreground="white")],
            zorder=6,
        )


def size_legend(axes: Axes, unit: str) -> None:
    """Say above the map which size stands for which signal."""
    for signal in SIGNALS:
        size = float(diameter(np.float64(signal)))
        axes.plot(
            [], [], "o", color="0.8", markeredgecolor="black", markeredgewidth=0.4,
            markersize=size, label=rf"$10^{{{round(np.log10(signal))}}}$",
        )  # fmt: skip
    axes.plot([], [], "o", color="0.6", markersize=1.8, fillstyle="none", label="silent")
    axes.legend(
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=len(SIGNALS) + 1,
        title=unit,
        title_fontsize=7,
        handletextpad=0.2,
        columnspacing=1.0,
        borderaxespad=0.2,
    )
