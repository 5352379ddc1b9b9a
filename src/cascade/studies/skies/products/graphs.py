"""How the neighbours that a graph network finds change with depth, on the sky and in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.points import draw_series
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import called, explanation
from cascade.plotting.sky import circle_rays, draw_arcs, draw_frame, project
from cascade.studies.skies.products.reading import percent, skies
from cascade.studies.skies.settings.products import NeighbourGraphsSettings

NEEDED = ("neighbours", "direction", "energy")
SIGNAL, BACKGROUND = style.VERMILLION, style.BLUE
MOST = 5
"""Graphs that fit side by side."""


@dataclass(frozen=True)
class Trend:
    """A number by graph: mean over skies and its standard error, shape (graphs,) each."""

    name: str
    label: str
    unit: str
    value: np.ndarray
    error: np.ndarray
    skies: int
    chance: float | None = None


@style.styled
def neighbour_graphs(inputs: Inputs, settings: NeighbourGraphsSettings) -> Result:
    """Draw the neighbours of a few rays graph by graph, and how the graphs change."""
    method, path = explanation(inputs)
    columns = read(path)
    number = choose(columns, settings.fraction)
    sky = {name: values[number] for name, values in columns.items()}
    rays = settings.rays or chosen_rays(sky)
    if max(rays) >= len(sky["energy"]):
        raise CascadeError(
            f"neighbour_graphs: rays: {max(rays)} is too large, the sky has "
            f"{style.plural(len(sky['energy']), 'ray')}"
        )
    trends = measure(columns)
    graphs = len(sky["neighbours"])
    width = style.PAGE / graphs if graphs > 1 else style.COLUMN
    height = 0.55 * min(width, style.COLUMN)
    figure = style.empty(style.PAGE, 0.3 + len(rays) * height + 2.0)
    outer = figure.add_gridspec(2, 1, height_ratios=(len(rays) * height, 2.0))
    maps = outer[0].subgridspec(len(rays), graphs).subplots(squeeze=False)
    for row, ray in zip(maps, rays, strict=True):
        for place, panel in enumerate(row):
            draw_neighbours(panel, sky, ray, sky["neighbours"][place, ray])
    for place, panel in enumerate(maps[0]):
        panel.set_title(f"graph {place + 1}", fontsize=8, pad=2)
    panels = outer[1].subgridspec(1, len(trends)).subplots(squeeze=False)[0]
    for panel, trend in zip(panels, trends, strict=True):
        draw_trend(panel, trend)
    numbers = {
        f"{method}/{trend.name}_{place}": Number(
            float(value), float(value - error), float(value + error), trend.unit, trend.skies
        )
        for trend in trends
        for place, (value, error) in enumerate(zip(trend.value, trend.error, strict=True), start=1)
    }
    caption = _caption(called(method, settings.labels), columns, sky, rays, trends)
    return Result(figure, _table(method, trends), caption, numbers)


def read(path: Path) -> dict[str, np.ndarray]:
    """Read the graphs with the skies that they are of, truth where there is some.

    Raises
    ------
    CascadeError
        The network does not read directions and energies, or has too many graphs.
    """
    with hdf5.opened(path) as file:
        there = set(hdf5.fields(file))
    columns = dict(hdf5.read(path, (*NEEDED, *({"signal_fraction", "ray_label"} & there))))
    graphs = columns["neighbours"].shape[1]
    if graphs > MOST:
        raise CascadeError(f"{path}: holds {graphs} graphs; at most {MOST} fit into a figure")
    return columns


def choose(columns: Mapping[str, np.ndarray], fraction: float) -> int:
    """Return the number of the first sky next to a signal fraction; 0 where there is no truth."""
    if "signal_fraction" not in columns:
        return 0
    return int(np.argmin(np.abs(columns["signal_fraction"].astype(np.float64) - fraction)))


def chosen_rays(sky: Mapping[str, np.ndarray]) -> list[int]:
    """Return the signal ray and the background ray of highest energy, or the one there is."""
    signal = sky.get("ray_label", np.zeros(len(sky["energy"]))) != 0
    return [
        int(np.argmax(np.where(mask, sky["energy"], -np.inf)))
        for mask in (signal, ~signal)
        if mask.any()
    ]


def measure(columns: Mapping[str, np.ndarray]) -> list[Trend]:
    """Return the numbers that say how the graphs change with depth, means over skies.

    Angular distance of the neighbours; share of the first graph's neighbours that is kept; and,
    where there is truth, the share of the signal rays' neighbours that are signal rays, with what
    neighbours drawn by chance would give.
    """
    graphs = columns["neighbours"]
    distances, kept, signal, lots = [], [], [], []
    for number, found in enumerate(graphs):
        real = found != np.arange(found.shape[1])[:, np.newaxis]
        distances.append(_mean(angles(columns["direction"][number], found), real))
        kept.append(_mean((found[..., np.newaxis] == found[0][:, np.newaxis]).any(-1), real))
        if "ray_label" in columns and (label := columns["ray_label"][number] != 0).sum() > 1:
            signal.append(_mean(label[found][:, label], real[:, label]))
            lots.append((label.sum() - 1) / (len(label) - 1))
    trends = [
        _trend("neighbour_distance", "distance of neighbours [°]", "deg", distances),
        _trend("neighbours_kept", "neighbours kept\nfrom graph 1", "1", kept),
    ]
    if signal:
        name = "signal among neighbours\nof signal rays"
        chance = float(np.mean(lots))
        trends.append(_trend("neighbours_signal", name, "1", signal, chance))
    return trends


def angles(direction: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """Return angles [°] between rays (N, 3) and their neighbours (graphs, N, k), as the latter."""
    direction = direction.astype(np.float64)
    chord = np.linalg.norm(direction[neighbours] - direction[:, np.newaxis], axis=-1)
    return np.degrees(2 * np.arcsin(np.minimum(chord / 2, 1)))


def _mean(values: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Return the mean over rays and real neighbours, by graph."""
    return (values * real).sum((1, 2)) / np.maximum(real.sum((1, 2)), 1)


def _trend(
    name: str, label: str, unit: str, by_sky: Sequence[np.ndarray], chance: float | None = None
) -> Trend:
    values = np.array(by_sky)
    number = len(values)
    error = values.std(0, ddof=1) / np.sqrt(number) if number > 1 else np.zeros(values.shape[1])
    return Trend(name, label, unit, values.mean(0), error, number, chance)


def draw_neighbours(
    axes: Axes, sky: Mapping[str, np.ndarray], ray: int, neighbours: np.ndarray
) -> None:
    """Draw all rays in grey, signal rays ringed, and arcs from one ray to its neighbours."""
    direction = sky["direction"]
    signal = sky.get("ray_label", np.zeros(len(direction))) != 0
    colour = SIGNAL if signal[ray] else BACKGROUND
    draw_frame(axes, names=False)
    axes.scatter(*project(direction), s=2, color="0.65", linewidths=0, zorder=2)
    circle_rays(axes, direction[signal], 9.0, linewidths=0.4, edgecolors="0.25")
    neighbours = neighbours[neighbours != ray]
    start = np.repeat(direction[[ray]], len(neighbours), axis=0)
    draw_arcs(axes, start, direction[neighbours], colors=colour, zorder=3)
    axes.scatter(*project(direction[neighbours]), s=7, color=colour, linewidths=0, zorder=4)
    axes.scatter(
        *project(direction[ray]), s=30, marker="P", facecolors=colour, edgecolors="black",
        linewidths=0.5, zorder=5,
    )  # fmt: skip


def draw_trend(axes: Axes, trend: Trend) -> None:
    """Draw a number over the running number of the graph."""
    x = np.arange(1, len(trend.value) + 1)
    bounds = (trend.value - trend.error, trend.value + trend.error)
    draw_series(axes, x, trend.value, bounds, color="black", marker="o", linestyle="-")
    top = max(float(bounds[1].max()), trend.chance or 0.0)
    if trend.chance is not None:
        axes.axhline(trend.chance, color=style.GREY, linestyle=":", linewidth=0.9)
        # on the left: the first graph's neighbours lie close by, and are signal more often
        style.note(axes, "chance", x=0.02, y=0.01 + trend.chance / (1.15 * top))
    axes.set(xlabel="graph", ylabel=trend.label, xlim=(0.6, len(x) + 0.4), ylim=(0, 1.15 * top))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.xaxis.set_minor_locator(NullLocator())


def _table(method: str, trends: Sequence[Trend]) -> dict[str, list]:
    table: dict[str, list] = {
        name: [] for name in ("method", "graph", "quantity", "value", "error", "by_lot", "skies")
    }
    for trend in trends:
        number = len(trend.value)
        table["method"] += [method] * number
        table["graph"] += list(range(1, number + 1))
        table["quantity"] += [trend.name] * number
        table["value"] += trend.value.tolist()
        table["error"] += trend.error.tolist()
        table["by_lot"] += [np.nan if trend.chance is None else trend.chance] * number
        table["skies"] += [trend.skies] * number
    return table


def _caption(
    method: str,
    columns: Mapping[str, np.ndarray],
    sky: Mapping[str, np.ndarray],
    rays: Sequence[int],
    trends: Sequence[Trend],
) -> str:
    graphs, number, nearest = sky["neighbours"].shape
    truth = "ray_label" in sky
    fraction = (
        f" with a signal fraction of {percent(float(sky['signal_fraction']))} %"
        if "signal_fraction" in sky
        else ""
    )
    shown = ", ".join(
        f"{'signal' if truth and sky['ray_label'][ray] else 'background' if truth else 'ray'} "
        f"({sky['energy'][ray]:.0f} EeV)"
        for ray in rays
    )
    rings = "; rings: rays of sources" if truth else ""
    lots = (
        f", the share of signal rays among the neighbours of signal rays (from "
        f"{skies(trends[-1].skies)}; dotted: neighbours drawn by chance)"
        if trends[-1].chance is not None
        else ""
    )
    return (
        f"Neighbours that {method} finds in one sky of {style.plural(number, 'ray')}{fraction}: "
        f"the {style.plural(nearest, 'neighbour')} of single rays (crosses; by row: {shown}) in "
        f"the {style.plural(graphs, 'graph')} that it builds one after the other, at first from "
        f"its inputs, then from learnt features if it is dynamic{rings}. Equatorial coordinates, "
        "Hammer projection, right ascension grows to the left. Bottom: by graph, the mean angular "
        "distance of rays and neighbours, the share of neighbours that the first graph has, too"
        f"{lots}; means of {skies(len(columns['neighbours']))} with standard errors. Stands beside "
        "the distances in feature space shown in arXiv:1801.07829."
    )
