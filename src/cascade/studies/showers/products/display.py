"""Single events: the footprint on the array with times and signals, and the hottest traces."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.footprint import (
    Footprint,
    draw_array,
    draw_axis,
    draw_footprint,
    name_stations,
    size_legend,
    zoom,
)
from cascade.plotting.product import Inputs, Result
from cascade.plotting.reading import samples
from cascade.settings import validate
from cascade.studies.showers.array import nearest_axial, positions, site
from cascade.studies.showers.products.reading import TRUTH, primary, zenith_of
from cascade.studies.showers.settings import (
    ArraySettings,
    ShowerChoiceSettings,
    ShowerDisplaySettings,
)

ARROW = 4.0
"""Length of the arrow along the axis [km], seen from above it is this times sin θ."""
MARGIN = 1.3
"""What is shown of the array beyond the outermost triggered stations, in spacings."""
READ = ("station", "position", "time", "trace", *TRUTH)


@dataclass(frozen=True)
class Layout:
    """Array and electronics that the events of a file come from.

    Attributes
    ----------
    bin_width
        Of a trace [ns].
    pedestal
        Mean noise of a bin [particles].
    """

    array: ArraySettings
    bin_width: float
    pedestal: float


@dataclass(frozen=True)
class Shower:
    """One event: truth by name, footprint, and the traces (stations, bins)."""

    number: int
    truth: dict[str, Any]
    station: np.ndarray
    footprint: Footprint
    traces: np.ndarray

    def hottest(self, number: int) -> np.ndarray:
        """Return the places of the stations with the largest signals."""
        return np.argsort(-self.footprint.signal, kind="stable")[:number]


@style.styled
def event_display(inputs: Inputs, settings: ShowerDisplaySettings) -> Result:
    """Draw events as seen from above, with the traces of their hottest stations."""
    sample, path = samples(inputs)[0]
    layout = layout_of(path)
    numbers = settings.events or choose(path, settings)
    showers = [read_shower(path, number, layout) for number in numbers]
    figure = style.empty(style.PAGE, 0.2 + 3.25 * len(showers))
    latest = max(float(shower.footprint.time.max()) for shower in showers)
    norm = Normalize(0, latest or 1.0)
    rows = figure.add_gridspec(len(showers), 2, width_ratios=(1.3, 1))
    for row, shower in enumerate(showers):
        maps = figure.add_subplot(rows[row, 0])
        _draw_map(maps, shower, layout, norm, settings.traces)
        zoom(maps, [one.footprint for one in showers], MARGIN * layout.array.spacing / 1000.0)
        if row == 0:
            size_legend(maps, "signal [particles]")
        bar = figure.colorbar(ScalarMappable(norm, style.FILLED), ax=maps, pad=0.02, aspect=30)
        bar.set_label("start after the first station [µs]")
        bar.outline.set_linewidth(0.6)
        traces = rows[row, 1].subgridspec(settings.traces, 1, hspace=0.0)
        panels = traces.subplots(sharex=True, squeeze=False)[:, 0]
        _draw_traces(panels, shower, layout, norm)
    return Result(figure, _table(showers), _caption(sample, showers, settings))


def layout_of(path: Path) -> Layout:
    """Return array and electronics of a file from the file itself; defaults where it is silent."""
    settings = json.loads(hdf5.attributes(path).get("settings") or "{}")
    array = validate(ArraySettings, settings.get("array", {}), f"{path}: array")
    return Layout(
        array,
        settings.get("traces", {}).get("bin_width", 25.0),
        settings.get("detector", {}).get("pedestal", 0.0),
    )


def choose(path: Path, settings: ShowerChoiceSettings) -> list[int]:
    """Return the numbers of the events next to the wanted energies, all different.

    Raises
    ------
    CascadeError
        Too few events lie in the window of zenith angles and have enough stations.
    """
    events = hdf5.read(path, ("lg_energy", "axis", "core", "position"))
    zenith = zenith_of(events["axis"])
    stations = ak.to_numpy(ak.num(events["position"], axis=1))
    low, high = settings.zenith
    fits = (zenith >= low) & (zenith <= high) & (stations >= settings.min_stations)
    offset = events["position"][..., :2] - events["core"][:, np.newaxis]
    nearest = ak.min(np.sqrt(np.sum(offset**2, axis=-1)), axis=1)
    # a station in the core would dwarf all others
    fits &= ak.to_numpy(ak.fill_none(nearest, np.inf)) >= settings.core_distance
    candidates = np.flatnonzero(fits)
    if len(candidates) < len(settings.lg_energies):
        raise CascadeError(
            f"{path} holds {style.plural(len(candidates), 'event')} of at least "
            f"{style.plural(settings.min_stations, 'station')} within {low:g}° < θ < {high:g}° and "
            f"{settings.core_distance:g} m from the core; set 'events', or loosen 'zenith', "
            "'min_stations' or 'core_distance'"
        )
    chosen: list[int] = []
    for lg_energy in settings.lg_energies:
        distance = np.abs(events["lg_energy"][candidates] - lg_energy)
        distance[np.isin(candidates, chosen)] = np.inf
        chosen.append(int(candidates[np.argmin(distance)]))
    return chosen


def read_shower(path: Path, number: int, layout: Layout) -> Shower:
    """Read one event.

    Raises
    ------
    CascadeError
        There is no such event, or it has no station.
    """
    events = hdf5.count(path)
    if number >= events:
        raise CascadeError(
            f"events: {number} is too large, {path} holds {style.plural(events, 'event')}"
        )
    with hdf5.opened(path) as file:
        there = set(hdf5.fields(file))
    # explanations of networks that are not on a grid do without the stations' sites
    names = [name for name in READ if name in there or name != "station"]
    read = hdf5.read(path, names, number, number + 1)
    if len(read["position"][0]) == 0:
        raise CascadeError(f"events: {number} has no triggered station")
    ragged = {name: ak.to_numpy(read[name][0]) for name in names if name not in TRUTH}
    truth = {name: read[name][0] for name in TRUTH}
    traces = ragged["trace"].astype(np.float64)
    signal = traces.sum(axis=1) - layout.pedestal * traces.shape[1]
    time = ragged["time"].astype(np.float64)
    array = layout.array
    footprint = Footprint(ragged["position"][:, :2] / 1000.0, signal, (time - time.min()) / 1000.0)
    station = ragged.get("station", site(array, nearest_axial(array, ragged["position"])))
    return Shower(number, truth, station, footprint, traces)


def axis_distance(shower: Shower) -> np.ndarray:
    """Return the distances of the stations from the shower's axis [km], shape (stations,)."""
    offset = np.zeros((len(shower.station), 3))
    offset[:, :2] = shower.footprint.position - shower.truth["core"] / 1000.0
    along = offset @ shower.truth["axis"]
    return np.sqrt(np.maximum(np.sum(offset**2, axis=1) - along**2, 0))


def _draw_map(axes: Axes, shower: Shower, layout: Layout, norm: Normalize, traces: int) -> None:
    draw_array(axes, positions(layout.array)[:, :2] / 1000.0, layout.array.spacing / 1000.0)
    draw_footprint(axes, shower.footprint, norm)
    draw_axis(axes, shower.truth["core"] / 1000.0, shower.truth["axis"][:2], ARROW)
    hottest = shower.hottest(traces)
    name_stations(axes, shower.footprint.position[hottest], shower.footprint.signal[hottest])
    box = {"boxstyle": "square,pad=0.25", "facecolor": "white", "edgecolor": "none"}
    style.note(axes, _numbers(shower), x=0.02, y=0.02, linespacing=1.3, bbox=box)
    axes.tick_params(which="both", direction="out", top=False, right=False)


def _draw_traces(panels: np.ndarray, shower: Shower, layout: Layout, norm: Normalize) -> None:
    distance = axis_distance(shower)
    edges = layout.bin_width * np.arange(shower.traces.shape[1] + 1)
    hottest = shower.hottest(len(panels))
    for panel, (rank, place) in zip(panels, enumerate(hottest, start=1), strict=False):
        colour = style.FILLED(norm(shower.footprint.time[place]))
        trace = shower.traces[place]
        panel.stairs(trace, edges, fill=True, facecolor=colour, linewidth=0)
        panel.stairs(trace, edges, color="black", linewidth=0.5)
        panel.set(xlim=(0, edges[-1]), ylim=(0, 1.12 * trace.max()))
        size = style.plural(round(shower.footprint.signal[place]), "particle")
        style.note(panel, f"{rank}: {distance[place]:.2f} km from the axis\n{size}", y=0.9)
    for spare in panels[len(hottest) :]:
        spare.set_axis_off()
    panels[len(panels) // 2].set_ylabel(f"particles per {layout.bin_width:g} ns")
    panels[len(hottest) - 1].set_xlabel("time after the station's start [ns]")
    panels[len(hottest) - 1].tick_params(labelbottom=True)


def _numbers(shower: Shower) -> str:
    truth = shower.truth
    return (
        rf"{primary(truth['mass_number'])}, lg($E$/eV) = {truth['lg_energy']:.2f}"
        "\n"
        rf"$\theta$ = {zenith_of(truth['axis']):.0f}°, "
        rf"$X_\mathrm{{max}}$ = {truth['x_max']:.0f} g/cm$^2$"
    )


def _table(showers: list[Shower]) -> dict[str, list]:
    table: dict[str, list] = {
        name: [] for name in ("event", "station", "east_km", "north_km", "time_us", "signal")
    }
    for shower in showers:
        footprint = shower.footprint
        table["event"] += [shower.number] * len(shower.station)
        table["station"] += shower.station.tolist()
        table["east_km"] += footprint.position[:, 0].astype(float).tolist()
        table["north_km"] += footprint.position[:, 1].astype(float).tolist()
        table["time_us"] += footprint.time.tolist()
        table["signal"] += footprint.signal.tolist()
    return table


def _caption(sample: str, showers: list[Shower], settings: ShowerDisplaySettings) -> str:
    events = "; ".join(
        f"event {shower.number}: {primary(shower.truth['mass_number'], long=True)}, "
        f"lg(E/eV) = {shower.truth['lg_energy']:.2f}, zenith angle "
        f"{zenith_of(shower.truth['axis']):.1f}°, X_max = {shower.truth['x_max']:.0f} g/cm², "
        f"{style.plural(len(shower.station), 'station')}"
        for shower in showers
    )
    number = len(showers)
    return (
        f"{style.plural(number, 'air shower')} of sample '{sample}' ({events}). Left: the array "
        "from above. Discs: triggered stations, the diameter rising with the logarithm of their "
        "signal (noise subtracted), the colour with the start of their trace; open dots: silent "
        "stations. Cross and arrow: the true core, and the way that the shower comes from above, "
        f"{ARROW:g} km · sin θ long. Right: traces of the {settings.traces} numbered stations, "
        "those with the largest signals, in the colour of their start. Stands beside the event of "
        "arXiv:1708.00647 and the traces of arXiv:2101.02946."
    )
