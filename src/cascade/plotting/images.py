"""Heat maps in physical coordinates with one colour scale and one colour bar for all panels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LogNorm, Normalize
from matplotlib.figure import Figure

from cascade.plotting import style


def intensity_norm(images: Sequence[np.ndarray], decades: float = 5.0) -> LogNorm:
    """Return a logarithmic scale up to the largest pixel of all images, over some decades."""
    top = max((float(np.nanmax(image)) for image in images), default=1.0)
    top = top if top > 0 else 1.0
    return LogNorm(top / 10**decades, top, clip=True)


def signed_norm(images: Sequence[np.ndarray]) -> Normalize:
    """Return a linear scale that is symmetric about zero and holds all defined pixels."""
    tops = [np.nanmax(np.abs(image)) for image in images if np.isfinite(image).any()]
    top = float(max(tops, default=0)) or 1.0
    return Normalize(-top, top)


def draw_image(axes: Axes, image: np.ndarray, half_width: float, norm: Normalize) -> None:
    """Draw an image, its first axis along x; undefined pixels are hatched.

    Parameters
    ----------
    image
        Shape (x, y).
    half_width
        The image covers ± this, in both directions.
    norm
        Colour scale: one with a negative end gets the diverging colours.
    """
    extent = (-half_width, half_width) * 2
    axes.set_facecolor("none")
    axes.patch.set(hatch="////////", edgecolor="0.75", linewidth=0)
    colours = style.DIVERGING if (norm.vmin or 0) < 0 else style.INTENSITY
    axes.imshow(
        np.ma.masked_invalid(image).T,
        origin="lower",
        extent=extent,
        cmap=colours,
        norm=norm,
        interpolation="nearest",
    )
    axes.tick_params(color="0.4", which="both")
    axes.locator_params(nbins=3)


def colour_bar(
    figure: Figure,
    axes: Sequence[Axes] | np.ndarray,
    norm: Normalize,
    label: str,
    location: str = "right",
    colours: Colormap | None = None,
) -> None:
    """Put one colour bar beside (``right``) or under (``bottom``) all the given axes."""
    usual = style.DIVERGING if (norm.vmin or 0) < 0 else style.INTENSITY
    bar = figure.colorbar(
        ScalarMappable(norm, colours or usual),
        ax=list(np.ravel(axes)),
        location=location,
        pad=0.015,
        aspect=32,
        fraction=0.05,
    )
    bar.set_label(label)
    bar.outline.set_linewidth(0.6)
    if not isinstance(norm, LogNorm):
        bar.ax.minorticks_on()


def image_grid(panels: int, most: int = 4) -> tuple[Figure, np.ndarray]:
    """Return a figure for square images with a colour bar at the right; spare axes are hidden."""
    rows, columns = style.grid(panels, most)
    width = style.COLUMN if columns <= 2 else style.PAGE
    # what labels and colour bar leave to the panels
    side = (width - 1.15) / columns
    figure, axes = style.subplots(
        rows,
        columns,
        width=width,
        height=rows * (side + 0.04) + 0.42,
        layout="compressed",
        sharex=True,
        sharey=True,
    )
    for spare in axes.flat[panels:]:
        spare.set_axis_off()
    return figure, axes


def name_coordinates(axes: np.ndarray, x: str, y: str, panels: int | None = None) -> None:
    """Write the coordinates at the left and lower edges of a grid of panels."""
    columns = axes.shape[1]
    panels = axes.size if panels is None else panels
    for panel in axes[:, 0]:
        panel.set_ylabel(y)
    for column in range(columns):
        lowest = axes[(panels - 1 - column) // columns, column]
        lowest.set_xlabel(x)
        lowest.tick_params(labelbottom=True)
