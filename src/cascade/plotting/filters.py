"""Figure of a layer's filters: one small map each, one colour scale for all."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from cascade.plotting import style
from cascade.plotting.images import colour_bar, signed_norm


def draw_filters(filters: np.ndarray, columns: int = 8) -> Figure:
    """Return a figure of filters, shape (filters, η, φ), each with its running number."""
    number = len(filters)
    columns = min(columns, number)
    rows = -(-number // columns)
    width = style.COLUMN if columns * rows <= 32 else style.PAGE
    # what the colour bar leaves
    height = rows * (width - 0.75) / columns
    figure, axes = style.subplots(rows, columns, width=width, height=height, layout="compressed")
    figure.get_layout_engine().set(wspace=0.02, hspace=0.02)
    norm = signed_norm(list(filters))
    for index, panel in enumerate(axes.flat):
        panel.set(xticks=[], yticks=[])
        panel.minorticks_off()
        if index >= number:
            panel.set_axis_off()
            continue
        panel.imshow(filters[index].T, origin="lower", cmap=style.DIVERGING, norm=norm)
        panel.text(0.04, 0.96, str(index), transform=panel.transAxes, fontsize=5, va="top")
    colour_bar(figure, axes, norm, "weight")
    return figure
