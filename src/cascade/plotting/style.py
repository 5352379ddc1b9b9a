"""One look for all figures: column widths, type, colours that survive grey print.

The colours are those of Okabe and Ito, told apart with any colour vision; as some share a
brightness, every colour also comes with its own dash pattern or hatch. Figures are made without
pyplot, so no state is kept between two of them, and saved without dates or version numbers: the
same numbers give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

COLUMN = 3.4
"""Width of a journal's column [in]."""
PAGE = 7.0
"""Width of both columns [in]."""

BLACK, BLUE, VERMILLION, GREEN = "#000000", "#0072B2", "#D55E00", "#009E73"
PURPLE, SKY, ORANGE, GREY = "#CC79A7", "#56B4E9", "#E69F00", "#7F7F7F"

_COLOURS = (BLUE, VERMILLION, BLACK, GREEN, ORANGE, PURPLE, SKY)
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
_MARKERS = "osD^vPX<>h*"

# a dark blue: grey print keeps it apart from vermillion
SIGNAL = {"color": VERMILLION, "linestyle": "-"}
BACKGROUND = {"color": "#004A80", "linestyle": (0, (4, 1.5))}

# white where nothing is, then rising darkness, so that a grey print keeps the order
INTENSITY = LinearSegmentedColormap.from_list(
    "intensity", ["#ffffff", "#fde3a7", "#f6a04d", "#d8432f", "#8b1a4a", "#2a0a3a"]
)
# the same without its palest end, for what must stand out from white paper
FILLED = LinearSegmentedColormap.from_list("filled", INTENSITY(np.linspace(0.12, 0.95, 64)))
# dark at both ends; the ends differ in brightness, so that a grey print keeps the sign
DIVERGING = LinearSegmentedColormap.from_list(
    "diverging", ["#08306b", "#3f8fc5", "#b9d9ee", "#ffffff", "#fbc99f", "#ee7f35", "#b03a06"]
)

_SETTINGS = {
    "font.family": "STIXGeneral",  # comes with matplotlib: the same on every machine
    "mathtext.fontset": "stix",
    "font.size": 8,
    "axes.labelsize": 8.5,
    "axes.titlesize": 8,
    "legend.fontsize": 7,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.1,
    "patch.linewidth": 0.8,
    "hatch.linewidth": 0.4,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.minor.visible": True,
    "ytick.minor.visible": True,
    "xtick.major.size": 3.5,
    "ytick.major.size": 3.5,
    "xtick.minor.size": 1.8,
    "ytick.minor.size": 1.8,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "legend.columnspacing": 1.2,
    "legend.labelspacing": 0.3,
    "figure.dpi": 150,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,
    "svg.hashsalt": "cascade",
}


def styled(function: Callable) -> Callable:
    """Run a function that draws in this style, whatever the user's own matplotlibrc says."""

    @wraps(function)
    def inner(*args: Any, **kwargs: Any) -> Any:
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(_SETTINGS)
            return function(*args, **kwargs)

    return inner


@styled
def subplots(
    rows: int = 1,
    columns: int = 1,
    width: float = COLUMN,
    height: float = 2.6,
    layout: str = "constrained",
    **keywords: Any,
) -> tuple[Figure, np.ndarray]:
    """Return an empty figure [in] and its axes, always of shape (rows, columns).

    Keywords go to ``matplotlib.figure.Figure.subplots``. The layout ``compressed`` keeps panels
    of fixed aspect close together.
    """
    figure = empty(width, height, layout)
    return figure, figure.subplots(rows, columns, squeeze=False, **keywords)


@styled
def empty(width: float = COLUMN, height: float = 2.6, layout: str = "constrained") -> Figure:
    """Return a figure [in] without axes, for panels of different kinds and sizes."""
    figure = Figure(figsize=(width, height), layout=layout)
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0.03, hspace=0.03)
    return figure


@styled
def save(figure: Figure, path: str | Path, kind: str | None = None) -> None:
    """Write a figure, byte for byte the same each time, and keep its layout for further files.

    Parameters
    ----------
    kind
        ``pdf`` or ``png``; by default the suffix of the path tells.
    """
    kind = kind or Path(path).suffix.lstrip(".")
    empty = {"png": ("Software",), "pdf": ("Creator", "Producer", "CreationDate")}
    # drawn in memory: matplotlib stumbles over a write that fails, and hides why
    drawn = io.BytesIO()
    figure.savefig(drawn, format=kind, metadata=dict.fromkeys(empty.get(kind, ())))
    figure.set_layout_engine("none")  # found once: it takes as long as the drawing
    Path(path).write_bytes(drawn.getvalue())


def grid(panels: int, most: int = 4) -> tuple[int, int]:
    """Return rows and columns for equal panels, filled as evenly as can be.

    Examples
    --------
    >>> grid(3), grid(5), grid(11)
    ((1, 3), (2, 3), (3, 4))
    """
    rows = -(-panels // most)
    return rows, -(-panels // rows)


def line(index: int) -> dict[str, Any]:
    """Return colour and dashes of the curve with a running number; 28 differ."""
    return {
        "color": _COLOURS[index % len(_COLOURS)],
        "linestyle": _DASHES[index % len(_DASHES)],
    }


def marker(index: int) -> dict[str, Any]:
    """Return colour and symbol of the points with a running number; 77 differ."""
    return {
        "color": _COLOURS[index % len(_COLOURS)],
        "marker": _MARKERS[index % len(_MARKERS)],
    }


def symbol(index: int) -> dict[str, Any]:
    """Return colour, symbol and dashes of joined points with a running number; 66 differ.

    None is black: that is left to what the points are compared with. The first six are filled,
    the next six open, and so on.
    """
    colour = [other for other in _COLOURS if other != BLACK][index % 6]
    return {
        "color": colour,
        "marker": _MARKERS[index % len(_MARKERS)],
        "markerfacecolor": colour if index // 6 % 2 == 0 else "white",
        "linestyle": _DASHES[index % len(_DASHES)],
    }


def note(axes: Axes, text: str, x: float = 0.96, y: float = 0.95, **keywords: Any) -> None:
    """Write a short text inside the frame, at a corner given in its coordinates."""
    axes.text(
        x,
        y,
        text,
        transform=axes.transAxes,
        ha="right" if x > 0.5 else "left",
        va="top" if y > 0.5 else "bottom",
        fontsize=7,
        **keywords,
    )


def legend_below(
    figure: Figure, axes: Axes | np.ndarray, columns: int = 2, **keywords: Any
) -> None:
    """Put one legend under the axes, where it hides no data, and not wider than the figure.

    What several axes call the same stands in it once. Long labels are set smaller, then in fewer
    columns.
    """
    entries: dict[str, Any] = {}
    for panel in np.ravel(axes):
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    labels, handles = list(entries), list(entries.values())
    for ncols, size in ((columns, 7), (columns, 6), (1, 7), (1, 5)):
        legend = figure.legend(
            handles, labels, loc="outside lower center", ncols=ncols, fontsize=size, **keywords
        )
        figure.draw_without_rendering()
        if legend.get_window_extent().width <= figure.bbox.width:
            return
        if (ncols, size) != (1, 5):
            legend.remove()


def plural(number: int, noun: str) -> str:
    """Say how many, with a thin space between thousands.

    Examples
    --------
    >>> plural(1, "jet"), plural(120, "jet")
    ('1 jet', '120 jets')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}".replace(",", "\u2009")
