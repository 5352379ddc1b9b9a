"""Product of any study: where t-SNE puts events, coloured by what is true of them."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.product import Inputs, Result
from cascade.plotting.reading import called, explanation
from cascade.plotting.settings import EmbeddingFigureSettings

FEW = 8
"""Fields of at most so many different values are drawn as classes."""


@style.styled
def embedding(inputs: Inputs, settings: EmbeddingFigureSettings) -> Result:
    """Draw the plane of t-SNE once for each field, coloured by it."""
    network, path = explanation(inputs)
    columns = hdf5.read(path, ("embedding", *settings.colours))
    plane = np.asarray(columns["embedding"], np.float64)
    rows, across = style.grid(len(settings.colours), most=3)
    figure, panels = style.subplots(
        rows, across, style.COLUMN if across == 1 else style.PAGE, 0.3 + rows * 2.5
    )
    for panel, (name, text) in zip(panels.flat, settings.colours.items(), strict=False):
        _scatter(panel, plane, np.asarray(columns[name], np.float64), text)
    for panel in panels.flat:
        panel.set_axis_off() if not panel.has_data() else panel.set(xticks=[], yticks=[])
    table = {"x": plane[:, 0].tolist(), "y": plane[:, 1].tolist()}
    table |= {name: np.asarray(columns[name]).tolist() for name in settings.colours}
    caption = (
        f"t-SNE (JMLR 9 (2008) 2579) of what enters the last dense layer of the network "
        f"'{called(network, settings.labels)}', {style.plural(len(plane), 'event')} of the "
        "explained sample, coloured by what is true of them: "
        f"{', '.join(settings.colours.values())}. Events that stand together are alike to the "
        "network; distances between groups, their sizes and the axes mean nothing."
    )
    return Result(figure, table, caption)


def _scatter(panel: Axes, plane: np.ndarray, values: np.ndarray, text: str) -> None:
    classes = np.unique(values)
    if len(classes) <= FEW:
        for place, value in enumerate(classes):
            these = values == value
            panel.plot(*plane[these].T, linestyle="none", markersize=2.2, markeredgewidth=0,
                       alpha=0.8, label=f"{value:g}", **style.marker(place))  # fmt: skip
        panel.legend(
            title=text, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4, markerscale=1.6,
            handletextpad=0.1, title_fontsize=7.5,
        )  # fmt: skip
        return
    low, high = np.nanpercentile(values, (1, 99))
    points = panel.scatter(
        *plane.T, c=values, s=5, linewidths=0, cmap=style.FILLED, vmin=low, vmax=high
    )
    bar = panel.figure.colorbar(points, ax=panel, location="top", shrink=0.85, extend="both")
    bar.set_label(text)
