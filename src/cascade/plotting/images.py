"""Heat maps in physical coordinates with one colour scale and one colour bar for all panels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
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
    figure: Figure, axes: Sequence[Axes] | np.ndarray, norm: Normalize, label: str
) -> None:
    """Put one colour bar beside all the given axes."""
    colours = style.DIVERGING if (norm.vmin or 0) < 0 else style.INTENSITY
    bar = figure.colorbar(
        ScalarMappable(norm, colours), ax=list(np.ravel(axes)), pad=0.015, aspect=28, fraction=0.06
    )
    bar.set_label(label)
    bar.outline.set_linewidth(0.6)
