"""Distributions of what is read off a trace, and their Wasserstein distances to data.

The Wasserstein-1 distance of two laws is the area between their distribution functions, ∫|F − G| dx
(Villani, Optimal Transport, 2009, ch. 6): the mean way that the values have to be moved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cascade.errors import CascadeError
from cascade.evaluation.bootstrap import bootstrap_samples
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.histograms import density, draw_density, draw_ratio
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import called
from cascade.studies.refinement.observables import peak, rise_time, spikes, total_signal
from cascade.studies.refinement.products.reading import PAPER, events_of, look, samples
from cascade.studies.refinement.settings.products import ObservablesSettings, TraceSettings

CHUNK = 4096
"""Traces that are read at a time."""


@dataclass(frozen=True)
class Observable:
    """One number of a trace.

    Attributes
    ----------
    label
        Of its axis, with the unit.
    value
        ``(traces, settings) -> (events,)``.
    whole
        It counts something, so bins are whole numbers.
    """

    label: str
    value: Callable[[np.ndarray, TraceSettings], np.ndarray]
    whole: bool = False


def _spikes(trace: np.ndarray, s: TraceSettings) -> np.ndarray:
    found = spikes(trace, s.significance, s.noise, s.relative_noise, s.pedestal)
    return found.astype(np.float64)


OBSERVABLES = {
    "signal": Observable(
        r"lg($S$ / particles)", lambda trace, s: np.log10(total_signal(trace, s.pedestal))
    ),
    "rise_time": Observable(
        r"rise time $t_{50} - t_{10}$ [ns]",
        lambda trace, s: rise_time(trace, s.bin_width, s.pedestal),
    ),
    "peak": Observable(
        r"lg(peak / particles)", lambda trace, s: np.log10(np.maximum(peak(trace, s.pedestal), 1))
    ),
    "spikes": Observable("muon-like spikes", _spikes, whole=True),
}
Values = Mapping[str, Mapping[str, np.ndarray]]


@style.styled
def observables(inputs: Inputs, settings: ObservablesSettings) -> Result:
    """Draw distributions of four observables for all samples, with their ratios to data."""
    files = samples(inputs, settings.data, "observables")
    values = {name: read_observables(path, settings.trace) for name, path in files.items()}
    edges = {name: edges_of(name, values, settings.bins) for name in OBSERVABLES}
    figure = style.empty(style.PAGE, 5.6)
    axes = figure.subplots(4, 2, height_ratios=(2.4, 1, 2.4, 1))
    for index, (name, observable) in enumerate(OBSERVABLES.items()):
        row, column = 2 * (index // 2), index % 2
        panel, ratio = axes[row : row + 2, column]
        draw(panel, ratio, {key: value[name] for key, value in values.items()}, edges[name],
             settings)  # fmt: skip
        ratio.set_xlabel(observable.label)
        if observable.whole:
            ratio.xaxis.set_major_locator(MaxNLocator(integer=True))
    for panel, ratio in zip(axes[::2, 0], axes[1::2, 0], strict=True):
        panel.set_ylabel("density")
        ratio.set_ylabel("ratio to data")
    figure.align_ylabels(axes[:, 0])
    style.legend_below(figure, axes[0, 0], columns=4)
    distances = measure(values, settings, inputs.seed)
    return Result(
        figure,
        _table(values, edges),
        _caption(values, distances, settings),
        {f"wasserstein_{name}_{sample}": number for (name, sample), number in distances.items()},
    )


def read_observables(path: Path, settings: TraceSettings) -> dict[str, np.ndarray]:
    """Return each observable of the traces of a file, (events,).

    Raises
    ------
    CascadeError
        The file holds too few traces.
    """
    parts: dict[str, list[np.ndarray]] = {name: [] for name in OBSERVABLES}
    for chunk in hdf5.chunks(path, ("trace",), CHUNK):
        for name, observable in OBSERVABLES.items():
            parts[name].append(observable.value(chunk["trace"], settings))
    if not sum(map(len, parts["signal"])) > 1:
        raise CascadeError(f"{path}: holds too few traces for a distribution")
    return {name: np.concatenate(found) for name, found in parts.items()}


def edges_of(name: str, values: Values, bins: int) -> np.ndarray:
    """Return bins about nearly all values of all samples."""
    everything = np.concatenate([value[name] for value in values.values()])
    low, high = np.quantile(everything, [0.0, 0.995])
    if OBSERVABLES[name].whole:
        step = max(1, round((high - low) / bins))
        return np.arange(low, high + step + 1, step) - 0.5
    return np.linspace(low, max(high, low + 1e-3), bins + 1)


def draw(
    panel: Axes,
    ratio: Axes,
    values: Mapping[str, np.ndarray],
    edges: np.ndarray,
    settings: ObservablesSettings,
) -> None:
    """Draw the distributions of one observable, and each over that of data."""
    data = density(values[settings.data], edges)
    others = [name for name in values if name != settings.data]
    for index, (name, value) in enumerate(values.items()):
        colours = look(index, name == settings.data)
        histogram = density(value, edges)
        draw_density(panel, histogram, called(name, settings.labels), **colours)
        if name != settings.data:
            offset = 0.3 * (others.index(name) - (len(others) - 1) / 2) / max(len(others) - 1, 1)
            draw_ratio(ratio, histogram, data, offset, **(style.marker(index) | colours))
    panel.set(xlim=edges[[0, -1]], ylim=(0, None))
    panel.tick_params(labelbottom=False)
    ratio.set(xlim=edges[[0, -1]], ylim=(0, 2))


@dataclass(frozen=True)
class Wasserstein:
    """The Wasserstein-1 distance of samples whose values are known by their places.

    Replicas of a sample hold its values again: sorted once, they need only be counted.

    Attributes
    ----------
    gaps
        From each of the sorted values to the next, (values − 1,).
    """

    gaps: np.ndarray

    @staticmethod
    def between(*samples: np.ndarray) -> tuple[Wasserstein, list[np.ndarray]]:
        """Return the distance of samples (events,), and the places of their values.

        Examples
        --------
        >>> distance, places = Wasserstein.between(np.array([0.0, 2.0]), np.array([1.0, 1.0, 1.0]))
        >>> float(distance(*places))
        1.0
        """
        values, places = np.unique(np.concatenate(samples), return_inverse=True)
        ends = np.cumsum([len(sample) for sample in samples])[:-1]
        return Wasserstein(np.diff(values)), np.split(places, ends)

    def __call__(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return the distance, places (…, events₁) and (…, events₂) → (…)."""
        return np.abs(self._below(first) - self._below(second)) @ self.gaps

    def _below(self, places: np.ndarray) -> np.ndarray:
        """Return the distribution function at all values but the last, (…, values − 1)."""
        rows = places.reshape(-1, places.shape[-1])
        values = len(self.gaps) + 1
        counts = np.stack([np.bincount(row, minlength=values) for row in rows])
        below = np.cumsum(counts[:, :-1], axis=-1) / places.shape[-1]
        return below.reshape(*places.shape[:-1], values - 1)


def measure(
    values: Values, settings: ObservablesSettings, seed: int
) -> dict[tuple[str, str], Number]:
    """Return the distance of each observable of each sample to data, and that of data to itself.

    In units of data's standard deviation. The distance of data to itself is the mean over pairs of
    bootstrap replicas: what two samples of one law have by chance.
    """
    found = {}
    data = values[settings.data]
    for name in OBSERVABLES:
        unit = data[name].std(ddof=1) or 1.0
        for sample, value in values.items():
            rng = np.random.default_rng(seed)
            distance, places = Wasserstein.between(value[name] / unit, data[name] / unit)
            events = min(map(len, places))
            if sample == settings.data:
                chance = by_chance(distance, places[0], rng, settings.replicas)
                found[name, sample] = Number(*chance, "1", events)
            else:
                bounds = bootstrap_samples(distance, places, rng, settings.replicas)
                found[name, sample] = Number(*bounds, "1", events)
    return found


def by_chance(
    distance: Wasserstein, places: np.ndarray, rng: np.random.Generator, replicas: int
) -> tuple[float, float, float]:
    """Return mean and central 68 % of the distance of two samples drawn from the values."""
    draws = np.array(
        [distance(*rng.choice(places, size=(2, len(places)))) for _ in range(replicas)]
    )
    mean = float(draws.mean())
    low, high = np.quantile(draws, [0.16, 0.84])
    return mean, min(float(low), mean), max(float(high), mean)


def _table(values: Values, edges: Mapping[str, np.ndarray]) -> dict[str, list]:
    table: dict[str, list] = {
        name: [] for name in ("observable", "sample", "low", "high", "density", "error")
    }
    for sample, columns in values.items():
        for name, value in columns.items():
            histogram = density(value, edges[name])
            bins = len(histogram.value)
            table["observable"] += [name] * bins
            table["sample"] += [sample] * bins
            table["low"] += edges[name][:-1].tolist()
            table["high"] += edges[name][1:].tolist()
            table["density"] += histogram.value.tolist()
            table["error"] += histogram.error.tolist()
    return table


def _caption(
    values: Values,
    distances: Mapping[tuple[str, str], Number],
    settings: ObservablesSettings,
) -> str:
    said = "; ".join(
        f"{name.replace('_', ' ')}: "
        + ", ".join(
            f"{called(sample, settings.labels)} {distances[name, sample].value:.3f}"
            for sample in values
            if sample != settings.data
        )
        + f" (by chance {distances[name, settings.data].value:.3f})"
        for name in OBSERVABLES
    )
    s = settings.trace
    counts = events_of({sample: len(columns["signal"]) for sample, columns in values.items()})
    return (
        "Total signal S, rise time from 10 % to 50 % of the signal, largest bin, and number of "
        f"muon-like spikes of traces, from {counts}. {s.pedestal:g} particles of mean noise are "
        f"taken off each bin. A spike is a bin more than {s.significance:g} standard deviations "
        "(counting and detector noise of the simulation) above the cubic through two bins on "
        "either side. Small panels: ratio to data; band: uncertainty of data. The highest 0.5 % of "
        "all values may lie outside. Wasserstein-1 distances to data in standard deviations of "
        f"data: {said}; by chance: of two samples of data. Stands beside the distributions before "
        f"and after refinement of {PAPER}."
    )
