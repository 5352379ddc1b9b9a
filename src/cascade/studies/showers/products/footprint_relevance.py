"""Which stations and time bins decide: relevance beside the footprint and the hottest trace."""

from __future__ import annotations

from dataclasses import dataclass

import awkward as ak
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize

from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.footprint import (
    draw_array,
    draw_axis,
    draw_footprint,
    hexagons,
    name_stations,
    zoom,
)
from cascade.plotting.images import colour_bar, signed_norm
from cascade.plotting.product import Inputs, Result
from cascade.studies.showers.array import positions
from cascade.studies.showers.products.display import (
    ARROW,
    Layout,
    Shower,
    choose,
    read_shower,
)
from cascade.studies.showers.products.explained import Explanation, read_explanation
from cascade.studies.showers.products.reading import primary, zenith_of
from cascade.studies.showers.settings import FootprintRelevanceSettings

MARGIN = 1.1
"""What is shown of the array beyond the outermost triggered stations, in spacings."""
MOST = 4
"""Ways that fit beside each other."""


@dataclass(frozen=True)
class Told:
    """A shower with its relevance by way and its evidence, (stations, bins) each."""

    shower: Shower
    relevance: dict[str, np.ndarray]
    evidence: np.ndarray

    @property
    def hottest(self) -> int:
        """Place of the station with the largest signal."""
        return int(self.shower.hottest(1)[0])


@style.styled
def footprint_relevance(inputs: Inputs, settings: FootprintRelevanceSettings) -> Result:
    """Draw the relevance of the stations of a few showers, and of the hottest one's time bins."""
    explanation = read_explanation(inputs, settings.ways, settings.labels, MOST)
    numbers = settings.events or choose(explanation.path, settings)
    told = [read_told(explanation, number) for number in numbers]
    columns = 1 + len(explanation.ways)
    side = style.PAGE / columns
    figure = style.empty(style.PAGE, 0.8 + (1.6 * side + 0.5) * len(told))
    panels = figure.add_gridspec(
        2 * len(told), columns, height_ratios=(1.0, 0.6) * len(told)
    ).subplots(squeeze=False)
    norm = signed_norm([r.sum(axis=1) for one in told for r in one.relevance.values()])
    for one, maps, bins in zip(told, panels[::2], panels[1::2], strict=True):
        _draw_maps(maps, explanation.layout, one, norm)
        _draw_bins(bins, explanation.layout, one)
    for panel, title in zip(panels[0], ("signal", *explanation.ways.values()), strict=True):
        panel.set_title(title, pad=3)
    label = "share of a station in the absolute relevance, with the sign of its sum"
    colour_bar(figure, panels, norm, label, "bottom")
    return Result(figure, _table(told), _caption(explanation, told))


def read_told(explanation: Explanation, number: int) -> Told:
    """Read one event of an explanation, its relevance in shares of the whole.

    Raises
    ------
    CascadeError
        There is no such event, or it has no station.
    """
    shower = read_shower(explanation.path, number, explanation.layout)
    evidence = np.zeros(shower.traces.shape, np.int8)
    with hdf5.opened(explanation.path) as file:
        there = "evidence" in hdf5.fields(file)
    if there:
        read = hdf5.read(explanation.path, ("evidence",), number, number + 1)
        evidence = ak.to_numpy(read["evidence"][0])
    return Told(shower, explanation.relevance(number, number + 1), evidence)


def _draw_maps(panels: np.ndarray, layout: Layout, one: Told, norm: Normalize) -> None:
    """Draw the footprint, and the relevance of its stations by each way."""
    footprint, truth = one.shower.footprint, one.shower.truth
    spacing = layout.array.spacing / 1000.0
    sites = positions(layout.array)[:, :2] / 1000.0
    for panel in panels:
        draw_array(panel, sites, spacing)
        panel.tick_params(which="both", direction="out", top=False, right=False)
    draw_footprint(panels[0], footprint, Normalize(0, footprint.time.max() or 1))
    name_stations(panels[0], footprint.position[[one.hottest]], footprint.signal[[one.hottest]])
    for panel, relevance in zip(panels[1:], one.relevance.values(), strict=True):
        _draw_cells(panel, one, relevance.sum(axis=1), spacing, norm)
        panel.set(ylabel="", yticklabels=[])
    for panel in panels:
        draw_axis(panel, truth["core"] / 1000.0, truth["axis"][:2], ARROW)
        zoom(panel, [footprint], MARGIN * spacing)


def _draw_cells(
    panel: Axes, one: Told, values: np.ndarray, spacing: float, norm: Normalize
) -> None:
    """Fill the cells of the triggered stations; those with evidence get a thick edge."""
    true = (one.evidence > 0).any(axis=1)
    corners = hexagons(one.shower.footprint.position, spacing)
    for which, width, order in ((~true, 0.4, 1), (true, 1.1, 2)):
        cells = PolyCollection(
            corners[which], cmap=style.DIVERGING, norm=norm, edgecolor="black", linewidth=width,
            zorder=order,
        )  # fmt: skip
        cells.set_array(values[which])
        panel.add_collection(cells)


def _draw_bins(panels: np.ndarray, layout: Layout, one: Told) -> None:
    """Draw trace and relevance of the hottest station, the evidence shaded."""
    trace = one.shower.traces[one.hottest]
    edges = layout.bin_width * np.arange(len(trace) + 1)
    panels[0].stairs(trace, edges, fill=True, facecolor="0.75", linewidth=0)
    panels[0].stairs(trace, edges, color="black", linewidth=0.5)
    panels[0].set(ylim=(0, 1.12 * trace.max()), ylabel=f"particles / {layout.bin_width:g} ns")
    for panel, relevance in zip(panels[1:], one.relevance.values(), strict=True):
        share = 100 * relevance[one.hottest]
        for sign, colour in ((1, style.VERMILLION), (-1, style.BLUE)):
            panel.stairs(
                np.maximum(sign * share, 0) * sign, edges, fill=True, color=colour, linewidth=0
            )
        panel.axhline(0, color="black", linewidth=0.4)
        low, high = 1.15 * min(share.min(), 0), 1.15 * max(share.max(), 0)
        panel.set(ylim=(low, high) if low < high else (0, 1))
    panels[1].set_ylabel("relevance [%]")
    for panel in panels:
        for place in np.flatnonzero(one.evidence[one.hottest] > 0):
            panel.axvspan(*edges[place : place + 2], color="0.88", linewidth=0, zorder=0)
        panel.set(xlim=(0, edges[-1]), xlabel="time [ns]")
        panel.locator_params(axis="x", nbins=4)
        panel.locator_params(axis="y", nbins=4)


def _table(told: list[Told]) -> dict[str, list]:
    table: dict[str, list] = {
        name: [] for name in ("event", "way", "station", "signal", "relevance", "evidence_bins")
    }
    for one in told:
        number = len(one.shower.station)
        for way, relevance in one.relevance.items():
            table["event"] += [one.shower.number] * number
            table["way"] += [way] * number
            table["station"] += one.shower.station.tolist()
            table["signal"] += one.shower.footprint.signal.tolist()
            table["relevance"] += relevance.sum(axis=1).tolist()
            table["evidence_bins"] += (one.evidence > 0).sum(axis=1).tolist()
    return table


def _caption(explanation: Explanation, told: list[Told]) -> str:
    events = "; ".join(
        f"event {one.shower.number}: {primary(one.shower.truth['mass_number'], long=True)}, "
        f"lg(E/eV) = {one.shower.truth['lg_energy']:.2f}, zenith angle "
        f"{zenith_of(one.shower.truth['axis']):.1f}°, "
        f"X_max = {one.shower.truth['x_max']:.0f} g/cm²"
        for one in told
    )
    return (
        f"What decides {explanation.number} of {style.plural(len(told), 'air shower')} "
        f"({events}) to the network '{explanation.network}', by "
        f"{', '.join(explanation.ways.values())}. Above: the array. Left: triggered stations, the "
        "discs growing with the logarithm of their signal, darker the later they start; then the "
        "relevance of each station, summed over its time bins, in shares of all absolute relevance "
        "of the event. Cross and arrow: the true core, and the way that the shower comes from "
        f"above, {ARROW:g} km · sin θ long; cells with thick edges: the hottest stations. Below: "
        "trace of the hottest one (1), and the shares of its time bins; shaded: the earliest bins "
        "with signal, until half of it has come. Relevance above 0 (orange) speaks for a larger "
        "number. Class activation maps know stations, but no time bins. Stands beside the event "
        "of arXiv:1708.00647."
    )
