"""Mean traces of the samples in bins of the distance, and single traces before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.errors import CascadeError, known
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.product import Inputs, Result
from cascade.plotting.reading import called
from cascade.studies.refinement.observables import total_signal
from cascade.studies.refinement.products.reading import PAPER, edges_of, events_of, look, samples
from cascade.studies.refinement.settings.products import ExampleTracesSettings

FIELDS = ("trace", "distance", "lg_energy")


@dataclass(frozen=True)
class Mean:
    """Mean trace of a sample in one bin of the distance.

    Attributes
    ----------
    value, error
        Particles in each bin and the standard deviation of this mean, (bins,); NaN of too few.
    """

    value: np.ndarray
    error: np.ndarray
    events: int


@style.styled
def example_traces(inputs: Inputs, settings: ExampleTracesSettings) -> Result:
    """Draw mean traces with their ratio to data, and single traces before and after."""
    files = samples(inputs, settings.data, "example_traces")
    for key in ("before", "after"):
        known(getattr(settings, key), files, f"example_traces: {key}", "sample")
    events = {name: hdf5.read(path, FIELDS) for name, path in files.items()}
    check_pairs(events, files, settings)
    means = {name: mean_traces(columns, settings.distance) for name, columns in events.items()}
    numbers = settings.traces or typical(events[settings.before], settings)
    figure = draw(means, events, numbers, settings)
    everything = {name: len(columns["trace"]) for name, columns in events.items()}
    caption = _caption(everything, events[settings.before], numbers, settings)
    return Result(figure, _table(means, settings), caption)


def check_pairs(
    events: Mapping[str, Mapping[str, np.ndarray]],
    files: Mapping[str, Path],
    settings: ExampleTracesSettings,
) -> None:
    """Check that traces before and after are of the same events, row by row.

    Raises
    ------
    CascadeError
        They are not, or a wanted trace is not there.
    """
    before, after = events[settings.before], events[settings.after]
    if not all(np.array_equal(before[key], after[key]) for key in ("distance", "lg_energy")):
        raise CascadeError(
            f"example_traces: after: {files[settings.after]} is not made from the events of "
            f"{files[settings.before]}"
        )
    number = len(before["trace"])
    if max(settings.traces, default=-1) >= number:
        raise CascadeError(
            f"example_traces: traces: {max(settings.traces)} is too large, "
            f"{files[settings.before]} holds {style.plural(number, 'trace')}"
        )


def mean_traces(columns: Mapping[str, np.ndarray], edges: Sequence[float]) -> list[Mean]:
    """Return the mean trace in each bin of the distance."""
    place = np.digitize(columns["distance"], edges) - 1
    means = []
    for number in range(len(edges) - 1):
        traces = columns["trace"][place == number].astype(np.float64)
        many = len(traces)
        undefined = np.full(columns["trace"].shape[1], np.nan)
        value = traces.mean(axis=0) if many else undefined
        error = traces.std(axis=0, ddof=1) / np.sqrt(many) if many > 1 else undefined
        means.append(Mean(value, error, many))
    return means


def typical(columns: Mapping[str, np.ndarray], settings: ExampleTracesSettings) -> list[int]:
    """Return in each bin of the distance the trace whose signal is the median.

    Raises
    ------
    CascadeError
        No trace lies in any bin.
    """
    signal = total_signal(columns["trace"], settings.trace.pedestal)
    place = np.digitize(columns["distance"], settings.distance) - 1
    chosen = []
    for number in range(len(settings.distance) - 1):
        rows = np.flatnonzero(place == number)
        if len(rows):
            chosen.append(int(rows[np.argsort(signal[rows], kind="stable")[len(rows) // 2]]))
    if not chosen:
        raise CascadeError("example_traces: distance: no trace lies in any of the bins")
    return chosen


def draw(
    means: Mapping[str, Sequence[Mean]],
    events: Mapping[str, Mapping[str, np.ndarray]],
    numbers: Sequence[int],
    settings: ExampleTracesSettings,
) -> Figure:
    """Draw the mean traces over their ratios, and the single traces below."""
    columns = len(settings.distance) - 1
    width = style.PAGE if max(columns, len(numbers)) > 1 else style.COLUMN
    figure = style.empty(width, 5.2)
    upper, lower = figure.add_gridspec(2, 1, height_ratios=(1.75, 1))
    axes = upper.subgridspec(2, columns, height_ratios=(2.4, 1)).subplots(
        squeeze=False, sharex=True, sharey="row"
    )
    time = settings.trace.bin_width * np.arange(len(means[settings.data][0].value) + 1)
    for number, (panel, ratio) in enumerate(axes.T):
        draw_means(panel, ratio, time, {name: mean[number] for name, mean in means.items()},
                   settings)  # fmt: skip
        low, high = settings.distance[number : number + 2]
        style.note(panel, f"{low:g} to {high:g} m")
    axes[0, 0].set_ylabel("mean particles / bin")
    axes[1, 0].set_ylabel("ratio to data")
    singles = lower.subgridspec(1, len(numbers)).subplots(squeeze=False)[0]
    for panel, number in zip(singles, numbers, strict=True):
        draw_single(panel, time, events, number, settings)
    singles[0].set_ylabel("particles / bin")
    for panel in (*axes[1], *singles):
        panel.set_xlabel("time [ns]")
    style.legend_below(figure, axes[0, 0], columns=len(means))
    return figure


def draw_means(
    panel: Axes,
    ratio: Axes,
    time: np.ndarray,
    means: Mapping[str, Mean],
    settings: ExampleTracesSettings,
) -> None:
    """Draw mean traces as steps with bands, and each over that of data."""
    data = means[settings.data]
    for index, (name, mean) in enumerate(means.items()):
        colours = look(index, name == settings.data)
        panel.stairs(mean.value, time, baseline=None, label=called(name, settings.labels),
                     linewidth=1.0, **colours)  # fmt: skip
        band(panel, time, mean.value, mean.error, colours["color"])
        with np.errstate(divide="ignore", invalid="ignore"):
            value, error = mean.value / data.value, mean.error / data.value
        if name != settings.data:
            ratio.stairs(value, time, baseline=None, linewidth=1.0, **colours)
        band(ratio, time, value, error, colours["color"])
    ratio.axhline(1, color="black", linewidth=0.5, zorder=0)
    panel.set(yscale="log", xlim=(0, time[-1]))
    ratio.set_ylim(0.2, 2.0)


def band(panel: Axes, time: np.ndarray, value: np.ndarray, error: np.ndarray, colour: str) -> None:
    """Draw a band of one standard deviation, not below a thousandth of the value."""
    low = np.maximum(value - error, 1e-3 * value)
    panel.stairs(
        value + error, time, baseline=low, fill=True, color=colour, alpha=0.18, linewidth=0
    )


def draw_single(
    panel: Axes,
    time: np.ndarray,
    events: Mapping[str, Mapping[str, np.ndarray]],
    number: int,
    settings: ExampleTracesSettings,
) -> None:
    """Draw one trace before and after."""
    names = list(events)
    for name in (settings.before, settings.after):
        colours = look(names.index(name), name == settings.data)
        panel.stairs(events[name]["trace"][number], time, linewidth=0.9, **colours)
    columns = events[settings.before]
    distance, energy = columns["distance"][number], columns["lg_energy"][number]
    style.note(panel, f"{distance:.0f} m, lg($E$/eV) = {energy:.2f}")
    panel.set_xlim(0, time[-1])
    panel.set_ylim(0, 1.15 * panel.get_ylim()[1])


def _table(means: Mapping[str, Sequence[Mean]], settings: ExampleTracesSettings) -> dict[str, list]:
    table: dict[str, list] = {
        name: []
        for name in ("sample", "distance_low", "distance_high", "events", "time_ns", "mean",
                     "error")
    }  # fmt: skip
    for name, parts in means.items():
        for place, mean in enumerate(parts):
            bins = len(mean.value)
            table["sample"] += [name] * bins
            table["distance_low"] += [settings.distance[place]] * bins
            table["distance_high"] += [settings.distance[place + 1]] * bins
            table["events"] += [mean.events] * bins
            table["time_ns"] += (settings.trace.bin_width * np.arange(bins)).tolist()
            table["mean"] += mean.value.tolist()
            table["error"] += mean.error.tolist()
    return table


def _caption(
    events: Mapping[str, int],
    before: Mapping[str, np.ndarray],
    numbers: Sequence[int],
    settings: ExampleTracesSettings,
) -> str:
    listed = ", ".join(f"{number}" for number in numbers)
    chosen = (
        "as the settings say"
        if settings.traces
        else "in each bin of the distance the one whose signal is the median"
    )
    return (
        f"Top: mean traces in {edges_of(settings.distance, 'm')} in distance, all energies and "
        f"angles together, from {events_of(events)}. Bands: standard deviation of the mean, bin by "
        "bin; as the largest signals dominate it, neighbouring bins move together. Middle: ratio "
        f"to data, whose own uncertainty is the grey band. Bottom: single traces (number {listed} "
        f"in the file, {chosen}) of sample '{settings.before}' and what becomes of them in sample "
        f"'{settings.after}'. The time counts from the start of the trace; the mean noise of "
        f"{settings.trace.pedestal:g} particles a bin is included. Stands beside the traces before "
        f"and after refinement of {PAPER}."
    )
