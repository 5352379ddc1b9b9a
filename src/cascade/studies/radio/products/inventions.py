"""Whether denoising invents pulses: what is left of pure noise, beside what is left of signals.

A denoised trace claims the signal-to-noise ratio max|denoised| / RMS of the trace's noise. How many
traces of pure noise claim at least x is a rate with binomial limits (Clopper and Pearson), the ends
of its central 95 % interval; without any such trace the upper one is about 3.7 / traces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from cascade.errors import CascadeError
from cascade.evaluation.bootstrap import binomial_interval
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import called
from cascade.studies.radio.metrics import SNR
from cascade.studies.radio.products.reading import Columns, per_trace
from cascade.studies.radio.settings.products import InventedPulsesSettings

LIMITS = 0.95
COLUMNS = ("denoised", "noise_rms", "label", "snr")


@dataclass(frozen=True)
class Claims:
    """Signal-to-noise ratios that a method's denoised traces claim.

    Attributes
    ----------
    noise, signal
        Of traces without a pulse, and of those with a pulse of SNR > 3, (traces,) each.
    """

    method: str
    label: str
    look: int
    noise: np.ndarray
    signal: np.ndarray


@style.styled
def invented_pulses(inputs: Inputs, settings: InventedPulsesSettings) -> Result:
    """Draw how many denoised traces claim more than an SNR: pure noise, and true signals."""
    claims = read_claims(inputs, settings)
    grid = np.unique(np.append(np.linspace(0, settings.largest, settings.points), settings.claimed))
    figure, axes = style.subplots(1, 2, width=style.PAGE, height=3.0, sharex=True)
    left, right = axes[0]
    for one in claims:
        draw_rate(left, one, grid)
        draw_share(right, one, grid)
    frame(left, right, claims, settings)
    style.legend_below(figure, axes, columns=5)
    return Result(
        figure, _table(claims, grid), _caption(claims, settings), _metrics(claims, settings)
    )


def read_claims(inputs: Inputs, settings: InventedPulsesSettings) -> list[Claims]:
    """Return what the methods that denoise claim on all their samples.

    Where some samples are pure noise, the noise of the others is left out.

    Raises
    ------
    CascadeError
        There are no predictions, none of the methods denoises, or there is no trace without a
        pulse, or none with one of SNR > 3.
    """
    methods = list(dict.fromkeys(method for method, _ in inputs.predictions))
    found = []
    for look, method in enumerate(methods):
        paths = [path for (name, _), path in inputs.predictions.items() if name == method]
        if all(denoises(path) for path in paths):
            parts = [per_trace(path, COLUMNS, claimed) for path in paths]
            # samples of nothing else tell of pure noise, if there are any
            pure = [part for part in parts if not part["kind"].any()] or parts
            noise = np.concatenate([part["snr"][part["kind"] == 0] for part in pure])
            signal = np.concatenate([part["snr"][part["kind"] == 2] for part in parts])
            found.append(Claims(method, called(method, settings.labels), look, noise, signal))
    if not found:
        shown = ", ".join(methods) or "no methods are named"
        raise CascadeError(f"invented_pulses: none of the methods predicts denoised: {shown}")
    for one in found:
        for values, what in ((one.noise, "without a pulse"), (one.signal, f"of SNR > {SNR:g}")):
            if len(values) == 0:
                raise CascadeError(
                    f"invented_pulses: the predictions of '{one.method}' hold no traces {what}; "
                    "name a sample that has some"
                )
    return found


def denoises(path: Path) -> bool:
    """Return whether a file of predictions holds denoised traces."""
    with hdf5.opened(path) as file:
        return "denoised" in hdf5.fields(file)


def claimed(columns: Columns) -> Columns:
    """Return the claimed SNRs, and the kinds of traces: 0 noise, 1 faint pulse, 2 SNR > 3."""
    largest = np.abs(columns["denoised"]).max(axis=1).astype(np.float64)
    rms = np.maximum(columns["noise_rms"].astype(np.float64), np.finfo(float).tiny)
    pulse = (columns["label"] != 0).astype(np.int8)
    return {"snr": largest / rms, "kind": pulse * np.where(columns["snr"] > SNR, 2, 1)}


def shares_above(
    values: np.ndarray, grid: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return how many values lie at or above each of a grid, their share and its 95 % limits."""
    number = len(values) - np.searchsorted(np.sort(values), grid, "left")
    return number, number / len(values), *binomial_interval(number, len(values), LIMITS)


def draw_rate(panel: Axes, one: Claims, grid: np.ndarray) -> None:
    """Draw the rate of invented pulses with its limits, as far as there are any."""
    number, rate, low, high = shares_above(one.noise, grid)
    look = style.symbol(one.look)
    some = number > 0
    panel.plot(grid[some], rate[some], color=look["color"], linestyle=look["linestyle"],
               label=one.label, zorder=3)  # fmt: skip
    panel.fill_between(grid[some], np.maximum(low[some], 1e-12), high[some], color=look["color"],
                       alpha=0.18, linewidth=0, zorder=2)  # fmt: skip


def draw_share(panel: Axes, one: Claims, grid: np.ndarray) -> None:
    """Draw the share of true signals that claim as much, with its limits."""
    _, share, low, high = shares_above(one.signal, grid)
    look = style.symbol(one.look)
    panel.plot(grid, 100 * share, color=look["color"], linestyle=look["linestyle"], zorder=3)
    panel.fill_between(grid, 100 * low, 100 * high, color=look["color"], alpha=0.18, linewidth=0)


def frame(
    left: Axes, right: Axes, claims: Sequence[Claims], settings: InventedPulsesSettings
) -> None:
    """Label the axes, mark the claimed SNR of the numbers."""
    most = max(len(one.noise) for one in claims)
    left.set(yscale="log", ylim=(0.3 / most, 2), ylabel="share of the pure noise at $x$ or above")
    left.axhline(binomial_interval(0, most, LIMITS)[1], color="0.4", linewidth=0.8,
                 linestyle=(0, (1, 2)), label="upper limit of none", zorder=1)  # fmt: skip
    right.set(ylim=(0, 103), ylabel=f"pulses of SNR > {SNR:g} at $x$ or above [%]")
    for panel in (left, right):
        panel.axvline(settings.claimed, color="0.6", linewidth=0.6, zorder=1)
        panel.set(xlim=(0, settings.largest), xlabel="claimed signal-to-noise ratio $x$")


def _metrics(claims: Sequence[Claims], settings: InventedPulsesSettings) -> dict[str, Number]:
    numbers = {}
    at = np.array([settings.claimed])
    for one in claims:
        passed, rate, low, high = (values.item() for values in shares_above(one.noise, at))
        events = len(one.noise)
        ends = (float(end) for end in binomial_interval(passed, events))
        numbers[f"{one.method}/invented"] = Number(rate, *ends, "1", events)
        numbers[f"{one.method}/invented_lower_95"] = Number(low, low, low, "1", events)
        numbers[f"{one.method}/invented_upper_95"] = Number(high, high, high, "1", events)
        passed, share = (values.item() for values in shares_above(one.signal, at)[:2])
        ends = (float(end) for end in binomial_interval(passed, len(one.signal)))
        numbers[f"{one.method}/kept_snr_3"] = Number(share, *ends, "1", len(one.signal))
    return numbers


def _table(claims: Sequence[Claims], grid: np.ndarray) -> dict[str, list]:
    table: dict[str, list] = {"method": [], "claimed_snr": []}
    for one in claims:
        table["method"] += [one.method] * len(grid)
        table["claimed_snr"] += grid.tolist()
        for kind, values in (("noise", one.noise), ("signal", one.signal)):
            number, share, low, high = shares_above(values, grid)
            columns = {
                f"{kind}_traces": np.full(len(grid), len(values)),
                f"{kind}_above": number,
                f"{kind}_share": share,
                f"{kind}_lower_95": low,
                f"{kind}_upper_95": high,
            }
            for name, column in columns.items():
                table.setdefault(name, []).extend(column.tolist())
    return table


def said(number: int, share: float, low: float, high: float) -> str:
    """Write a rate with its limits.

    Examples
    --------
    >>> said(0, 0.0, 0.0, 3.7e-5)
    'none, the rate is below 3.7e-05'
    >>> said(12, 1.2e-4, 6.2e-5, 2.1e-4)
    '12, a rate of 0.00012 (6.2e-05 to 0.00021)'
    """
    if number == 0:
        return f"none, the rate is below {high:.2g}"
    return f"{number}, a rate of {share:.2g} ({low:.2g} to {high:.2g})"


def _caption(claims: Sequence[Claims], settings: InventedPulsesSettings) -> str:
    at = np.array([settings.claimed])
    rates = "; ".join(
        f"{one.label}: {said(*(values.item() for values in shares_above(one.noise, at)))}, beside "
        f"{100 * shares_above(one.signal, at)[1].item():.1f} % of the pulses"
        for one in claims
    )
    noise, signal = (max(len(getattr(one, kind)) for one in claims) for kind in ("noise", "signal"))
    return (
        "Does denoising invent pulses? Share of the denoised traces whose largest field strength "
        "is at least x times the RMS of the noise in the trace: without a pulse (left, "
        f"{style.plural(noise, 'trace')}), and with a pulse of SNR above {SNR:g} (right, "
        f"{style.plural(signal, 'trace')}). Of the pure noise, at x = {settings.claimed:g} or "
        f"above (grey line) lie, for {rates}. Bands, limits in brackets: ends of the central 95 % "
        "interval (Clopper and Pearson); dotted: its upper end where there is no such trace. "
        "Stands beside the denoised traces of arXiv:1901.04079."
    )
