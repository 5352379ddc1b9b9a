"""Do refined traces keep the energy that they were simulated with? A network of data tells.

A network drawn to the mean has a bias of its own at both ends of the energies, on data as well. So
the bias on refined traces stands beside that on data, and their difference below.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from cascade.errors import CascadeError, known
from cascade.evaluation.resolution import Binned, bias, binned
from cascade.plotting import style
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied, called
from cascade.plotting.resolution import Curve, draw_curves
from cascade.studies.refinement.products.energy import over, sparse
from cascade.studies.refinement.products.reading import (
    LG_ENERGY,
    PAPER,
    counts,
    deviations,
    edges_of,
    predictions,
)
from cascade.studies.refinement.settings.products import LabelKeptSettings

Bins = Mapping[str, Binned]
LARGEST = "label_bias_largest"


@style.styled
def label_kept(inputs: Inputs, settings: LabelKeptSettings) -> Result:
    """Draw the bias of one network on refined traces and on data, and their difference."""
    applied = read(inputs, settings)
    data = applied[settings.data]
    biases = {
        name: over(one, "lg_energy", bias, settings, inputs.seed) for name, one in applied.items()
    }
    beyond = {
        name: difference(one, data, settings, inputs.seed)
        for name, one in applied.items()
        if one is not data
    }
    figure, axes = style.subplots(2, 1, width=style.COLUMN, height=4.2, sharex=True)
    upper, lower = axes[:, 0]
    draw(upper, biases, settings)
    draw(lower, beyond, settings)
    upper.set_ylabel(r"bias $\langle\Delta\rangle$")
    lower.set_ylabel(r"bias $-$ bias on data")
    lower.set_xlabel(f"true {LG_ENERGY}")
    style.legend_below(figure, upper, columns=2)
    numbers = _metrics(biases, beyond, settings)
    caption = _caption(applied, numbers, settings)
    return Result(figure, _table(biases, beyond, settings), caption, numbers)


def read(inputs: Inputs, settings: LabelKeptSettings) -> dict[str, Applied]:
    """Read the predictions of one method on several samples, by sample.

    Raises
    ------
    CascadeError
        They are of several methods, or a sample is missing.
    """
    applied = predictions(inputs, settings)
    methods = list(dict.fromkeys(one.method for one in applied))
    if len(methods) > 1:
        raise CascadeError(
            f"label_kept: one network judges all samples, not {', '.join(methods)}; name one"
        )
    samples = {one.sample: one for one in applied}
    for key in ("sample", "data"):
        known(getattr(settings, key), samples, f"label_kept: {key}", "predictions on sample")
    return samples


def difference(one: Applied, data: Applied, settings: LabelKeptSettings, seed: int) -> Binned:
    """Return by how much the bias on a sample lies above that on data, in bins of true lg E."""
    pairs = [(deviations(some), some.columns["lg_energy"]) for some in (one, data)]
    rng = np.random.default_rng(seed)
    edges = np.array(settings.lg_energy)
    found = binned(apart, pairs, edges, rng, settings.replicas)
    return sparse(found, settings.min_events)


def apart(first: np.ndarray, second: np.ndarray) -> float | np.ndarray:
    """Return the difference of two means, (…, events₁) and (…, events₂) → (…)."""
    return bias(first) - bias(second)


def draw(panel: Axes, found: Bins, settings: LabelKeptSettings) -> None:
    """Draw biases over the energy, with the band that they may lie in."""
    low, high = np.log10([1 - settings.band, 1 + settings.band])
    panel.axhspan(low, high, color="0.9", linewidth=0, zorder=0)
    panel.axhline(0, color="black", linewidth=0.5, zorder=0)
    # refined traces have the same colour wherever they stand with others
    looks = {name: 0 if name == settings.data else 2 + place for place, name in enumerate(found)}
    looks[settings.sample] = 1
    curves = [
        Curve(
            called(name, settings.labels),
            bins.value,
            bins.low,
            bins.high,
            looks[name],
            name == settings.data,
        )
        for name, bins in found.items()
    ]
    draw_curves(panel, np.array(settings.lg_energy), curves)
    bottom, top = panel.get_ylim()
    margin = 0.05 * (top - bottom)
    panel.set_ylim(min(bottom - margin, 1.5 * low), max(top + margin, 1.5 * high))


def percent(difference: np.ndarray) -> np.ndarray:
    """Return differences of lg E as relative differences of the energy [%].

    Examples
    --------
    >>> round(float(percent(np.array(0.0128))), 2)
    2.99
    """
    return 100 * (10**difference - 1)


def largest(found: Binned) -> Number:
    """Return the largest |bias| over the bins with the interval of its bin [% of E]."""
    bias_ = np.nan_to_num(found.value)
    place = int(np.argmax(np.abs(percent(bias_))))
    sign = -1 if bias_[place] < 0 else 1
    bounds = sorted(
        sign * float(percent(bound[place])) for bound in (found.low, found.value, found.high)
    )
    return Number(bounds[1], max(bounds[0], 0.0), bounds[2], "%", int(found.events[place]))


def _metrics(biases: Bins, beyond: Bins, settings: LabelKeptSettings) -> dict[str, Number]:
    """Return the largest biases: of the sample that is asked about, and of all others."""
    numbers = {}
    for name, found in ((LARGEST, biases), (f"{LARGEST}_beyond_data", beyond)):
        for sample, bins in found.items():
            if np.isfinite(bins.value).any():
                key = name if sample == settings.sample else f"{sample}/{name}"
                numbers[key] = largest(bins)
    return numbers


def _table(biases: Bins, beyond: Bins, settings: LabelKeptSettings) -> dict[str, list]:
    names = ("sample", "metric", "lg_energy_low", "lg_energy_high", "events", "value", "low",
             "high")  # fmt: skip
    table: dict[str, list] = {name: [] for name in names}
    for metric, found in (("bias", biases), ("bias_beyond_data", beyond)):
        for sample, bins in found.items():
            number = len(bins.value)
            table["sample"] += [sample] * number
            table["metric"] += [metric] * number
            table["lg_energy_low"] += settings.lg_energy[:-1]
            table["lg_energy_high"] += settings.lg_energy[1:]
            for name in ("events", "value", "low", "high"):
                table[name] += getattr(bins, name).tolist()
    return table


def _caption(
    applied: Mapping[str, Applied], numbers: Mapping[str, Number], settings: LabelKeptSettings
) -> str:
    judge = called(next(iter(applied.values())).method, settings.labels)
    sample, data = (called(name, settings.labels) for name in (settings.sample, settings.data))
    said = [
        f"{printed(numbers[key])} {what}"
        for key, what in (
            (LARGEST, f"on {sample}"),
            (f"{settings.data}/{LARGEST}", f"on {data}"),
            (f"{LARGEST}_beyond_data", "their difference"),
        )
        if key in numbers
    ]
    return (
        f"Is the energy kept? Top: mean of Δ = lg E' − lg E by {judge} over true lg E, from "
        f"{counts(list(applied.values()))}, in {edges_of(settings.lg_energy)}; black line: on "
        f"{data}, where it shows what the network does by itself. Bottom: the same, less the bias "
        f"on {data}. Grey: within {100 * settings.band:g} % in energy. Largest absolute bias of a "
        f"bin: {', '.join(said)}. Bars and band: central 68 % of {settings.replicas} bootstrap "
        f"replicas; bins with fewer than {settings.min_events} events are empty. Stands beside the "
        f"refined traces of {PAPER}."
    )


def printed(number: Number) -> str:
    """Write a percentage with its interval.

    Examples
    --------
    >>> printed(Number(2.04, 1.5, 2.6, "%", 100))
    '2.0 % (1.5 to 2.6 %)'
    """
    return f"{number.value:.1f} % ({number.low:.1f} to {number.high:.1f} %)"
