"""What denoising gains, and how well the time of a pulse is found, over the SNR."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from cascade.evaluation.bootstrap import bootstrap_samples
from cascade.evaluation.resolution import bias, containment
from cascade.plotting import style
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied
from cascade.plotting.resolution import draw_curves, draw_ranges
from cascade.studies.radio.metrics import CENTRAL, SNR, noise_reduction
from cascade.studies.radio.products.binning import curve, name_snr, over_snr, snr_edges, table
from cascade.studies.radio.products.reading import (
    SCORED,
    counts,
    found,
    looks,
    per_trace,
    predictions,
)
from cascade.studies.radio.settings.products import SnrSettings

NEAR = 50.0
"""Farther from its true time a pulse is mislocated [ns]."""


def median(values: np.ndarray) -> float | np.ndarray:
    """Return the median, (…, events) → (…); NaN of none."""
    return containment(values, 0.5)


def lower(values: np.ndarray) -> float | np.ndarray:
    """Return the lower end of the central 68 %."""
    return containment(values, (1 - CENTRAL) / 2)


def upper(values: np.ndarray) -> float | np.ndarray:
    """Return the upper end of the central 68 %."""
    return containment(values, (1 + CENTRAL) / 2)


GAINS = {"gain": median, "percentile_16": lower, "percentile_84": upper}


def number(
    statistic: Callable, values: np.ndarray, unit: str, settings: SnrSettings, seed: int
) -> Number:
    """Return a statistic of values with its bootstrap interval."""
    rng = np.random.default_rng(seed)
    return Number(
        *bootstrap_samples(statistic, [values], rng, settings.replicas), unit, len(values)
    )


def known(numbers: Mapping[str, Number]) -> dict[str, Number]:
    """Return the numbers that have some pulse behind them."""
    return {name: one for name, one in numbers.items() if one.events > 0}


@style.styled
def snr_gain(inputs: Inputs, settings: SnrSettings) -> Result:
    """Draw by which factor denoising reduces the noise: median and central 68 %."""
    arrays = ("denoised", "signal", "noise_rms")
    applied = predictions(inputs, settings, "snr_gain", arrays=arrays)
    measured, numbers = {}, {}
    for one in applied:
        chosen = found(one)
        gain = per_trace(one.path, arrays, lambda some: {"gain": noise_reduction(some)})["gain"]
        snr = one.columns["snr"][chosen]
        strong = gain[chosen & (one.columns["snr"] > SNR)]
        numbers[f"{one.key}/snr_gain"] = number(median, strong, "1", settings, inputs.seed)
        measured[one.key] = {
            name: over_snr(gain[chosen], snr, statistic, settings, inputs.seed)
            for name, statistic in GAINS.items()
        }
    figure, axes = style.subplots(width=style.COLUMN, height=3.0)
    panel, edges = axes[0, 0], snr_edges(settings)
    colours = looks(inputs, settings.limit)
    curves = [
        curve(measured[one.key]["gain"], one, colours[one.method, one.sample], settings.limit)
        for one in applied
    ]
    draw_curves(panel, edges, curves)
    ends = [[measured[one.key][name].value for name in list(GAINS)[1:]] for one in applied]
    ranges = [
        replace(drawn, low=low, high=high) for drawn, (low, high) in zip(curves, ends, strict=True)
    ]
    draw_ranges(panel, edges, ranges)
    panel.axhline(1, color="black", linewidth=0.5, zorder=0)
    panel.set_ylabel("noise before / after denoising")
    name_snr([panel], settings.edges)
    style.legend_below(figure, axes)
    return Result(
        figure, table(applied, measured), _gain_caption(applied, settings), known(numbers)
    )


def _gain_caption(applied: Sequence[Applied], settings: SnrSettings) -> str:
    return (
        "By which factor denoising reduces the noise: RMS of trace minus signal over RMS of "
        "denoised trace minus signal. Symbols: median over the pulses that a method detects (cut "
        f"at a false positive rate of 0.2 %), bars: its central 68 % over {settings.replicas} "
        "bootstrap replicas; wide and pale: the central 68 % of the traces. From "
        f"{counts(applied)}; bins with fewer than {settings.min_events} detected pulses are empty. "
        "Faint pulses are left out where they are not detected: a denoised trace of zeros would "
        "have a large factor and no pulse. Stands beside the denoised traces of arXiv:1901.04079."
    )


@style.styled
def peak_time_error(inputs: Inputs, settings: SnrSettings) -> Result:
    """Draw the 68 % containment of the error of the pulse's time, and the share mislocated."""
    applied = predictions(
        inputs, settings, "peak_time_error", (*SCORED, "peak_time"), ("predicted_time",)
    )
    measured, numbers = {}, {}
    for one in applied:
        pulse = one.columns["label"] != 0
        distance, snr = distances(one)[pulse], one.columns["snr"][pulse]
        strong = distance[snr > SNR]
        for name, statistic, values, unit in (
            ("time_error_snr_3", containment, strong, "ns"),
            ("mislocated_snr_3", bias, strong > NEAR, "1"),
        ):
            numbers[f"{one.key}/{name}"] = number(statistic, values, unit, settings, inputs.seed)
        measured[one.key] = {
            "containment_ns": over_snr(distance, snr, containment, settings, inputs.seed),
            "mislocated": over_snr(distance > NEAR, snr, bias, settings, inputs.seed),
        }
    figure, axes = style.subplots(2, 1, width=style.COLUMN, height=4.4, sharex=True)
    colours = looks(inputs, settings.limit)
    for panel, name, factor in zip(
        axes[:, 0], ("containment_ns", "mislocated"), (1, 100), strict=True
    ):
        curves = [
            curve(measured[one.key][name], one, colours[one.method, one.sample], settings.limit,
                  factor)
            for one in applied
        ]  # fmt: skip
        draw_curves(panel, snr_edges(settings), curves)
    positive = any((found["containment_ns"].value > 0).any() for found in measured.values())
    axes[0, 0].set(yscale="log" if positive else "linear", ylabel=r"$|t' - t|$, 68 % [ns]")
    axes[1, 0].set(ylim=(-2, 102), ylabel=f"farther than {NEAR:g} ns [%]")
    name_snr(axes[:, 0], settings.edges)
    style.legend_below(figure, axes)
    return Result(
        figure, table(applied, measured), _time_caption(applied, settings), known(numbers)
    )


def distances(one: Applied) -> np.ndarray:
    """Return how far predicted times lie from the true ones [ns], (traces,)."""
    columns = one.columns
    return np.abs(np.subtract(columns["predicted_time"], columns["peak_time"], dtype=np.float64))


def _time_caption(applied: Sequence[Applied], settings: SnrSettings) -> str:
    return (
        "How far the predicted time of a pulse lies from the true one, the maximum of its Hilbert "
        f"envelope, over the SNR: what 68 % of the pulses stay below (top), and the share farther "
        f"than {NEAR:g} ns (bottom). All pulses count, detected or not. From {counts(applied)}. "
        f"Bars: central 68 % of {settings.replicas} bootstrap replicas; symbols are spread within "
        f"their bin; bins with fewer than {settings.min_events} pulses are empty. Stands beside "
        "the recovered pulses of arXiv:1901.04079."
    )
