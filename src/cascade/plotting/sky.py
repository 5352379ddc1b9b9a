"""Maps of the whole sky in the equal-area projection of Hammer (1892), equatorial coordinates.

Right ascension grows to the left, as it is seen from inside the sphere; 0° stands at the right
edge and 360° at the left, as in the maps of the Pierre Auger Collaboration.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import LogNorm, Normalize

from cascade.plotting import style

CENTRE = 180.0
"""Right ascension in the middle of a map [°]."""
HALF_WIDTH, HALF_HEIGHT = 2 * np.sqrt(2), np.sqrt(2)
MERIDIANS, PARALLELS = range(60, 360, 60), range(-60, 61, 30)
BREAK = HALF_WIDTH
"""A line that jumps farther than this has left the map at one edge and come in at the other."""


def coordinates(direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return right ascension (0 to 360) and declination [°] of equatorial vectors (…, 3)."""
    x, y, z = np.moveaxis(np.asarray(direction, np.float64), -1, 0)
    return np.degrees(np.arctan2(y, x)) % 360, np.degrees(np.arctan2(z, np.hypot(x, y)))


def hammer(right_ascension: np.ndarray, declination: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Project a direction [°] onto the map: |x| ≤ 2√2, |y| ≤ √2, the whole sky has area 4π.

    Examples
    --------
    >>> x, y = (float(part) for part in hammer(180.0, 90.0))
    >>> abs(x) < 1e-12, round(y, 3)
    (True, 1.414)
    """
    half = np.radians(CENTRE - np.asarray(right_ascension, np.float64)) / 2
    declination = np.radians(declination)
    cosine = np.cos(declination)
    scale = np.sqrt(2 / (1 + cosine * np.cos(half)))
    return 2 * scale * cosine * np.sin(half), scale * np.sin(declination)


def project(direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Project equatorial vectors (…, 3) onto the map."""
    return hammer(*coordinates(direction))


def draw_frame(axes: Axes, names: bool = True) -> None:
    """Draw the map's outline and its graticule, every 60° in α and every 30° in δ.

    Parameters
    ----------
    names
        Write the values of right ascension and declination.
    """
    arc = np.linspace(-90, 90, 91)
    for edge in (0.0, 360.0):
        axes.plot(*hammer(edge, arc), color="black", linewidth=0.6, zorder=1)
    for meridian in MERIDIANS:
        axes.plot(*hammer(meridian, arc), color="0.85", linewidth=0.4, zorder=0)
    for parallel in PARALLELS:
        circle = np.linspace(0, 360, 181)
        axes.plot(*hammer(circle, parallel), color="0.85", linewidth=0.4, zorder=0)
    if names:
        # below the rays, which may stand anywhere
        grey = {"color": "0.35", "fontsize": 6, "zorder": 1}
        for meridian in MERIDIANS:
            x, y = hammer(meridian, 0)
            axes.text(x + 0.03, y - 0.02, f"{meridian}°", ha="left", va="top", **grey)
        for parallel in PARALLELS:
            x, y = hammer(360.0, parallel)
            above = {0: "center"}.get(parallel, "bottom" if parallel > 0 else "top")
            axes.text(x - 0.06, y, f"{parallel}°".replace("-", "−"), ha="right", va=above, **grey)
    axes.set_xlim(-1.02 * HALF_WIDTH, 1.02 * HALF_WIDTH)
    axes.set_ylim(-1.03 * HALF_HEIGHT, 1.03 * HALF_HEIGHT)
    axes.set_aspect("equal")
    axes.set_axis_off()


def draw_rays(
    axes: Axes,
    direction: np.ndarray,
    values: np.ndarray,
    norm: Normalize,
    size: float | np.ndarray = 6.0,
) -> PathCollection:
    """Draw rays as dots coloured by a value, the highest on top.

    Parameters
    ----------
    direction
        Shape (rays, 3).
    values
        Shape (rays,).
    size
        Area of the dots [pt²], one for all or of shape (rays,).
    """
    order = np.argsort(values, kind="stable")
    x, y = project(np.asarray(direction)[order])
    size = np.broadcast_to(size, len(order))[order]
    return axes.scatter(
        x, y, s=size, c=np.asarray(values)[order], cmap=style.FILLED, norm=norm,
        edgecolors="0.45", linewidths=0.2, zorder=2, clip_on=False,
    )  # fmt: skip


def ray_sizes(energy: np.ndarray) -> np.ndarray:
    """Return dots' areas [pt²] that grow with the energy: 4 at the lowest, 30 at ten times it."""
    energy = np.asarray(energy, np.float64)
    return np.minimum(4 + 26 * np.log10(energy / energy.min()), 40.0)


def energy_norm(*energies: np.ndarray) -> LogNorm:
    """Return a logarithmic scale that holds all energies."""
    low = min(float(energy.min()) for energy in energies)
    high = max(float(energy.max()) for energy in energies)
    return LogNorm(low, max(high, 1.01 * low))


def circle_rays(
    axes: Axes, direction: np.ndarray, size: float | np.ndarray = 34.0, **look: Any
) -> None:
    """Draw rings around rays."""
    look = {"edgecolors": "black", "linewidths": 0.7, "zorder": 3, "clip_on": False} | look
    axes.scatter(*project(direction), s=size, facecolors="none", **look)


def mark_sources(
    axes: Axes, direction: np.ndarray, label: str | None = "source", size: float = 70.0
) -> None:
    """Draw stars at sources."""
    axes.scatter(
        *project(direction), s=size, marker="*", facecolors=style.SKY, edgecolors="black",
        linewidths=0.6, label=label, zorder=5, clip_on=False,
    )  # fmt: skip


def great_circle(start: np.ndarray, end: np.ndarray, points: int = 40) -> np.ndarray:
    """Return the shortest arcs between unit vectors (n, 3): shape (n, points, 3).

    Between antipodes it runs through any point.
    """
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    cosine = np.sum(start * end, axis=-1, keepdims=True)
    aside = end - cosine * start
    length = np.linalg.norm(aside, axis=-1, keepdims=True)
    angle = np.arctan2(length, cosine)[:, np.newaxis]
    aside = (aside / np.maximum(length, 1e-12))[:, np.newaxis]
    along = angle * np.linspace(0, 1, points)[:, np.newaxis]
    return np.cos(along) * start[:, np.newaxis] + np.sin(along) * aside


def draw_arcs(axes: Axes, start: np.ndarray, end: np.ndarray, **look: Any) -> None:
    """Draw the shortest arcs between directions (n, 3), cut where they leave the map."""
    lines = []
    for arc in great_circle(start, end):
        x, y = project(arc)
        cuts = np.flatnonzero(np.abs(np.diff(x)) > BREAK) + 1
        lines += np.split(np.stack([x, y], axis=-1), cuts)
    axes.add_collection(LineCollection(lines, **({"linewidths": 0.8, "zorder": 1} | look)))
