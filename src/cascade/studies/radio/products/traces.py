"""Single traces as measured, as they truly are, and denoised, with their amplitude spectra."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from scipy import fft

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.product import Inputs, Result
from cascade.plotting.reading import Applied, samples
from cascade.studies.radio.products.reading import predictions, the_method
from cascade.studies.radio.settings.products import ExampleTracesSettings

RATE = 180.0
"""Sampling rate of a file that does not say its own [MHz]."""
MEASURED = {"color": "0.6", "linewidth": 0.6}
TRUE = {"color": "black", "linewidth": 0.9}
DENOISED = {"color": style.VERMILLION, "linewidth": 1.0, "linestyle": (0, (4, 1.2))}


@dataclass(frozen=True)
class Example:
    """One trace.

    Attributes
    ----------
    snr
        0 without a pulse.
    peak_time
        Of the pulse [ns].
    measured, true, denoised
        Field strengths (samples,) [µV/m].
    """

    number: int
    snr: float
    peak_time: float
    measured: np.ndarray
    true: np.ndarray
    denoised: np.ndarray


@style.styled
def example_traces(inputs: Inputs, settings: ExampleTracesSettings) -> Result:
    """Draw single traces: over time, close by, and their spectra."""
    sample, path = samples(inputs)[0]
    applied = [
        one
        for one in predictions(inputs, settings, "example_traces", ("label", "snr"),
                               arrays=("denoised",))
        if one.sample == sample
    ]  # fmt: skip
    if not applied:
        raise CascadeError(f"example_traces: none of the predictions is of sample '{sample}'")
    shown = the_method(settings.method, applied, "example_traces: method")
    numbers = settings.traces or choose(path, settings)
    examples = [read_example(path, shown, number) for number in numbers]
    rate = settings.rate or rate_of(path)
    figure = style.empty(style.PAGE, 0.55 + 1.25 * len(examples))
    axes = figure.subplots(len(examples), 3, squeeze=False, width_ratios=(1.5, 1, 1))
    for row, example in zip(axes, examples, strict=True):
        draw_trace(row[0], example, rate)
        draw_close(row[1], example, rate, settings.window)
        draw_spectra(row[2], example, rate)
    frame(axes, occupied(examples, rate))
    style.legend_below(figure, axes[0, 0], columns=3)
    return Result(figure, _table(examples, rate), _caption(sample, shown, examples, settings), {})


def choose(path: Path, settings: ExampleTracesSettings) -> list[int]:
    """Return the numbers of the traces next to the wanted SNRs, and of one without a pulse.

    Raises
    ------
    CascadeError
        There are too few pulses, or no trace without one.
    """
    truth = hdf5.read(path, ("label", "snr"))
    pulses, noise = np.flatnonzero(truth["label"] != 0), np.flatnonzero(truth["label"] == 0)
    if len(pulses) < len(settings.snr) or (settings.noise and len(noise) == 0):
        raise CascadeError(
            f"example_traces: {path} holds {style.plural(len(pulses), 'pulse')} and "
            f"{style.plural(len(noise), 'trace')} without one; shorten 'snr', leave out 'noise', "
            "or set 'traces'"
        )
    chosen: list[int] = []
    for snr in settings.snr:
        distance = np.abs(np.log(truth["snr"][pulses] / snr))
        distance[np.isin(pulses, chosen)] = np.inf
        chosen.append(int(pulses[np.argmin(distance)]))
    return chosen + ([typical_noise(path, noise)] if settings.noise else [])


def typical_noise(path: Path, noise: np.ndarray) -> int:
    """Return the trace without a pulse whose interference is the median of all that have some.

    Without interference, or if the file does not know it, it is the first one.
    """
    with hdf5.opened(path) as file:
        if "interference" not in file:
            return int(noise[0])
    power = np.concatenate(
        [
            np.mean(chunk["interference"] ** 2, axis=1)
            for chunk in hdf5.chunks(path, ("interference",), 2048)
        ]
    )
    lit = noise[power[noise] > 0]
    if len(lit) == 0:
        return int(noise[0])
    return int(lit[np.argsort(power[lit], kind="stable")[len(lit) // 2]])


def read_example(path: Path, shown: Applied, number: int) -> Example:
    """Read one trace and what a method makes of it.

    Raises
    ------
    CascadeError
        There is no such trace, or the predictions are of others.
    """
    events = hdf5.count(path)
    if number >= events:
        raise CascadeError(
            f"example_traces: traces: {number} is too large, {path} holds "
            f"{style.plural(events, 'trace')}"
        )
    names = ("trace", "signal", "label", "snr", "peak_time")
    event = {name: values[0] for name, values in hdf5.read(path, names, number, number + 1).items()}
    same = shown.events == events and shown.columns["snr"][number] == event["snr"]
    if not same:
        raise CascadeError(f"{shown.path}: is of other traces than {path}")
    denoised = hdf5.read(shown.path, ("denoised",), number, number + 1)["denoised"][0]
    snr = float(event["snr"]) if event["label"] else 0.0
    return Example(
        number, snr, float(event["peak_time"]), event["trace"], event["signal"], denoised
    )


def rate_of(path: Path) -> float:
    """Return the sampling rate of simulated traces [MHz] from their file, or the usual one."""
    settings = json.loads(hdf5.attributes(path).get("settings") or "{}")
    return float(settings.get("sampling", {}).get("rate", RATE))


def spectrum(trace: np.ndarray, rate: float) -> np.ndarray:
    """Return the amplitude spectrum |∫ E exp(−2πift) dt| of a trace [µV/m], in µV/m/MHz."""
    return np.abs(fft.rfft(trace.astype(np.float64))) / rate


def draw_trace(panel: Axes, example: Example, rate: float) -> None:
    """Draw the whole trace over time."""
    time = np.arange(len(example.measured)) / rate
    panel.plot(time, example.measured, label="measured", **MEASURED)
    if example.snr:
        panel.plot(time, example.true, label="true", **TRUE)
    panel.plot(time, example.denoised, label="denoised", **DENOISED)
    top = 1.4 * float(np.abs(example.measured).max())
    panel.set(xlim=(0, time[-1]), ylim=(-top, top))
    text = f"SNR {example.snr:.1f}" if example.snr else "no pulse"
    style.note(panel, text, x=0.98)


def draw_close(panel: Axes, example: Example, rate: float, window: float) -> None:
    """Draw true and denoised pulse alone; without a pulse, where the denoised trace is largest."""
    time = np.arange(len(example.measured)) / rate
    middle = example.peak_time / 1e3 if example.snr else time[np.argmax(np.abs(example.denoised))]
    start = min(max(middle - window / 2, 0.0), max(time[-1] - window, 0.0))
    panel.plot(time, example.true, **TRUE)
    panel.plot(time, example.denoised, **DENOISED)
    largest = max(np.abs(example.true).max(), np.abs(example.denoised).max())
    # a flat line must look flat
    top = max(1.25 * float(largest), 0.25 * float(np.abs(example.measured).max()))
    panel.set(xlim=(start, start + window), ylim=(-top, top))


def draw_spectra(panel: Axes, example: Example, rate: float) -> None:
    """Draw the amplitude spectra."""
    frequency = fft.rfftfreq(len(example.measured), 1 / rate)
    measured = spectrum(example.measured, rate)
    panel.plot(frequency, measured, **MEASURED)
    if example.snr:
        panel.plot(frequency, spectrum(example.true, rate), **TRUE)
    panel.plot(frequency, spectrum(example.denoised, rate), **DENOISED)
    top = 2 * float(measured.max())
    panel.set(yscale="log", ylim=(top / 2000, top))


def occupied(examples: Sequence[Example], rate: float) -> tuple[float, float]:
    """Return the frequencies between which nearly all power of the traces lies, and some more."""
    power = np.sum([spectrum(one.measured, rate) ** 2 for one in examples], axis=0)
    frequency = fft.rfftfreq(len(examples[0].measured), 1 / rate)
    share = np.cumsum(power) / power.sum()
    low, high = frequency[np.searchsorted(share, [0.002, 0.998])]
    return max(low - 6, 0.0), min(high + 6, rate / 2)


def frame(axes: np.ndarray, band: tuple[float, float]) -> None:
    """Label the axes; all spectra show one band [MHz]."""
    for panel in axes[:, 0]:
        panel.set_ylabel("field [µV/m]")
    for panel in axes[:, 2]:
        panel.set_ylabel("amplitude\n[µV/m/MHz]")
        panel.set_xlim(*band)
    for panels, label in zip(
        axes.T, ("time [µs]", "time [µs], true and denoised", "frequency [MHz]"), strict=True
    ):
        panels[-1].set_xlabel(label)
    for panel in axes[:-1].flat:
        if panel not in axes[:, 1]:  # each close-up has times of its own
            panel.tick_params(labelbottom=False)


def _table(examples: Sequence[Example], rate: float) -> dict[str, list]:
    table: dict[str, list] = {
        name: [] for name in ("trace", "snr", "time_us", "measured", "true", "denoised")
    }
    for one in examples:
        number = len(one.measured)
        table["trace"] += [one.number] * number
        table["snr"] += [one.snr] * number
        table["time_us"] += (np.arange(number) / rate).tolist()
        for name in ("measured", "true", "denoised"):
            table[name] += getattr(one, name).astype(float).tolist()
    return table


def _caption(
    sample: str, shown: Applied, examples: Sequence[Example], settings: ExampleTracesSettings
) -> str:
    chosen = (
        "as the settings say"
        if settings.traces
        else "the traces next to these SNRs"
        + (", and the trace without a pulse with the median interference" if settings.noise else "")
    )
    numbers = "; ".join(
        f"trace {one.number}: {f'SNR {one.snr:.2f}' if one.snr else 'no pulse'}" for one in examples
    )
    return (
        f"{style.plural(len(examples), 'trace')} of sample '{sample}' ({numbers}), chosen by "
        f"number alone: {chosen}. Left: field strength as measured (grey), the true pulse (black), "
        f"and what {shown.label} takes for it (dashed). Middle: true and denoised pulse close by, "
        f"{settings.window:g} µs about the true time; without a pulse about the largest value that "
        "is left. Right: amplitude spectra; narrow peaks are interference. Stands beside the "
        "example traces and spectra of arXiv:1901.04079."
    )
