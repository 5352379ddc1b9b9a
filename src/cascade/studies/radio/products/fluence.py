"""How well methods measure the energy fluence of pulses that they detect, over the SNR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cascade.evaluation.bootstrap import bootstrap_samples
from cascade.evaluation.resolution import Binned, bias
from cascade.plotting import style
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied
from cascade.plotting.resolution import draw_curves
from cascade.studies.radio.metrics import SNR, half_width
from cascade.studies.radio.products.binning import curve, name_snr, over_snr, snr_edges, table
from cascade.studies.radio.products.reading import SCORED, counts, found, looks, predictions
from cascade.studies.radio.settings.products import SnrSettings

MOST = 0.8
"""Share of the detected pulses, those of highest SNR, that is judged as a whole."""
BIAS, WIDTH = 0.05, 0.2
"""What is asked for: the largest bias, and the largest half-width of the central 68 %."""
FRAME = 30.0
"""Ends of the axis of the bias, and half of the end of that of the width [%]."""
UNBIASED = 4.0
"""Above this signal-to-noise ratio the bias is judged."""


@style.styled
def fluence_ratio(inputs: Inputs, settings: SnrSettings) -> Result:
    """Draw mean and width of predicted over true fluence, detected pulses alone."""
    applied = predictions(
        inputs, settings, "fluence_ratio", (*SCORED, "fluence"), ("predicted_fluence",)
    )
    measured = {one.key: measure(one, settings, inputs.seed) for one in applied}
    whole = {one.key: strongest(one, settings, inputs.seed) for one in applied}
    figure, axes = style.subplots(2, 1, width=style.COLUMN, height=4.4, sharex=True)
    colours = looks(inputs, settings.limit)
    for panel, name in zip(axes[:, 0], ("bias", "half_width"), strict=True):
        curves = [
            curve(
                measured[one.key][name], one, colours[one.method, one.sample], settings.limit, 100
            )
            for one in applied
        ]
        draw_curves(panel, snr_edges(settings), curves)
    frame(axes[:, 0], settings)
    style.legend_below(figure, axes)
    return Result(
        figure,
        table(applied, measured),
        _caption(applied, whole, settings),
        {
            f"{one.key}/{name}": number
            for one in applied
            for name, number in (numbers(one, measured[one.key]) | whole[one.key]).items()
        },
    )


def measure(one: Applied, settings: SnrSettings, seed: int) -> dict[str, Binned]:
    """Return bias and half-width of f′/f over the SNR, of the detected pulses."""
    chosen = found(one)
    ratio = ratios(one)[chosen]
    snr = one.columns["snr"][chosen]
    return {
        "bias": over_snr(ratio - 1, snr, bias, settings, seed),
        "half_width": over_snr(ratio, snr, half_width, settings, seed),
    }


def ratios(one: Applied) -> np.ndarray:
    """Return predicted over true fluence, (traces,); NaN without a pulse."""
    true = one.columns["fluence"].astype(np.float64)
    return one.columns["predicted_fluence"] / np.where(true > 0, true, np.nan)


def numbers(one: Applied, measured: Mapping[str, Binned]) -> dict[str, Number]:
    """Return what is asked for: the share of pulses measured well, and the largest bias.

    The share is of the detected pulses in bins above SNR 3 whose half-width is at most 20 %; its
    interval is that of the same share with all half-widths at the ends of theirs.
    """
    width, offset = measured["half_width"], measured["bias"]
    events = np.where(width.edges[:-1] >= SNR, width.events, 0)
    numbers = {}
    if events.sum():
        share, low, high = (
            float(events[bound <= WIDTH].sum() / events.sum())
            for bound in (width.value, width.high, width.low)
        )
        numbers["fluence_share_within_20"] = Number(share, low, high, "1", int(events.sum()))
    judged = (offset.edges[:-1] >= UNBIASED) & np.isfinite(offset.value)
    if judged.any():
        worst = int(np.argmax(np.where(judged, np.abs(offset.value), -1)))
        ends = np.abs([offset.low[worst], offset.high[worst]])
        crosses = offset.low[worst] < 0 < offset.high[worst]
        numbers["fluence_largest_bias"] = Number(
            float(np.abs(offset.value[worst])),
            0.0 if crosses else float(ends.min()),
            float(ends.max()),
            "1",
            int(offset.events[worst]),
        )
    return numbers


def strongest(one: Applied, settings: SnrSettings, seed: int) -> dict[str, Number]:
    """Return the half-width over the strongest 80 % of the detected pulses of SNR > 3."""
    snr = one.columns["snr"]
    chosen = found(one) & (snr > SNR)
    if not chosen.any():
        return {}
    judged = chosen & (snr >= np.quantile(snr[chosen], 1 - MOST))
    sample = ratios(one)[judged]
    bounds = bootstrap_samples(half_width, [sample], np.random.default_rng(seed), settings.replicas)
    return {"fluence_half_width_80": Number(*bounds, "1", len(sample))}


def frame(panels: Sequence, settings: SnrSettings) -> None:
    """Label the axes; draw what is asked for."""
    upper, lower = panels
    upper.axhspan(-100 * BIAS, 100 * BIAS, color="0.9", linewidth=0, zorder=0)
    upper.axhline(0, color="black", linewidth=0.5, zorder=0)
    low, high = upper.get_ylim()
    upper.set_ylim(max(low, -FRAME), min(high, FRAME))
    upper.set_ylabel(r"mean of $f'/f - 1$ [%]")
    lower.axhline(100 * WIDTH, color="0.5", linewidth=0.8, linestyle="--", zorder=0)
    lower.set_ylabel(r"half-width of $f'/f$, 68 % [%]")
    lower.set_ylim(0, min(lower.get_ylim()[1], 2 * FRAME))
    name_snr(panels, settings.edges)


def _caption(
    applied: Sequence[Applied], whole: Mapping[str, Mapping[str, Number]], settings: SnrSettings
) -> str:
    strong = [
        (np.count_nonzero(found(one) & (one.columns["snr"] > SNR)),
         np.count_nonzero((one.columns["label"] != 0) & (one.columns["snr"] > SNR)))
        for one in applied
    ]  # fmt: skip
    shares = ", ".join(
        f"{one.label} {number} ({100 * number / max(total, 1):.0f} %)"
        for one, (number, total) in zip(applied, strong, strict=True)
    )
    total = strong[0][1]
    widths = ", ".join(
        f"{one.label} {100 * number.value:.1f} %"
        for one in applied
        for number in whole[one.key].values()
    )
    return (
        "Predicted over true energy fluence of the pulses that a method detects (score above the "
        "cut that 0.2 % of the traces without a pulse pass), over the SNR: its mean, less one "
        "(top), and half of its central 68 % (bottom). Band: ± 5 %; dashed: 20 %. From "
        f"{counts(applied)}; detected of the {style.plural(total, 'pulse')} of SNR above {SNR:g}: "
        f"{shares}. Half-width over the 80 % of them with the highest SNR: {widths}. Bars: central "
        f"68 % of {settings.replicas} bootstrap replicas; symbols are spread within their bin; "
        f"bins with fewer than {settings.min_events} detected pulses are empty, and what lies "
        "beyond the frame is in the table. A method that is trained or calibrated to predict "
        "fluences was so on other splits. "
        "Stands beside the energy fluence from denoised traces in arXiv:1901.04079."
    )
