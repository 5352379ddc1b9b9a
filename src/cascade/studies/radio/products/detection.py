"""How faint pulses may be: true positive rate at a false positive rate of 0.2 % over the SNR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from cascade.plotting import style
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied, check_same
from cascade.plotting.resolution import Curve, draw_curves
from cascade.studies.radio.metrics import SNR
from cascade.studies.radio.products.binning import bin_of, name_snr, named, snr_edges
from cascade.studies.radio.products.rates import (
    Differences,
    Lead,
    Rate,
    ahead_of_best,
    differences,
    rate,
    rates,
    replicas_of_rates,
    values_of,
)
from cascade.studies.radio.products.reading import (
    black_line,
    counts,
    looks,
    noise_scores,
    predictions,
    the_method,
)
from cascade.studies.radio.settings.products import DetectionSettings

METRIC = "tpr_fpr_2e-3_snr_3"
FAINT = 4.0
"""Up to this signal-to-noise ratio pulses are faint, yet more than half of them can be found."""
ENDS = ("value", "low", "high")


@style.styled
def tpr_over_snr(inputs: Inputs, settings: DetectionSettings) -> Result:
    """Draw the true positive rate at 0.2 % over the SNR, and its distance to the limit."""
    applied = predictions(inputs, settings, "tpr_over_snr")
    check_same(applied, ("label", "snr"), "traces")
    bins = bin_of(applied[0].columns["snr"], settings.edges)
    number = len(settings.edges) - 1
    found = {one.key: rates(one, bins, number) for one in applied}
    drawn = replicas_of_rates(applied, bins, number, settings.replicas, inputs.seed)
    replicas = dict(zip(found, drawn, strict=True))
    limit = next((one for one in applied if one.method == settings.limit), None)
    others = [one for one in applied if one is not limit]
    mine = the_method(settings.method, others or applied, "tpr_over_snr: method", -1)
    rivals = rivals_of(mine, others, settings)
    ahead = differences(mine, applied, found, replicas)
    away = differences(limit, applied, found, replicas) if limit else None
    figure = style.empty(style.PAGE if len(applied) > 4 else style.COLUMN, 4.4 if limit else 3.0)
    panels = np.ravel(
        figure.subplots(2, 1, sharex=True, height_ratios=(1.7, 1)) if limit else figure.subplots()
    )
    colours = looks(inputs, settings.limit)
    draw_rates(panels[0], applied, found, colours, settings)
    if away:
        draw_distances(panels[1], others, found, away, colours, settings)
    name_snr(panels, settings.edges)
    style.legend_below(figure, panels[0], columns=4 if len(applied) > 4 else 2)
    best = ahead_of_best(rivals, ahead, found)
    return Result(
        figure,
        _table(applied, found, away, ahead, settings),
        _caption(applied, limit, mine, rivals, best, settings),
        _metrics(applied, found, mine, best, settings),
    )


def rivals_of(
    mine: Applied, others: Sequence[Applied], settings: DetectionSettings
) -> list[Applied]:
    """Return the methods that one is compared with.

    Raises
    ------
    CascadeError
        The settings name one that is not among them.
    """
    if settings.rivals:
        return [the_method(name, others, "tpr_over_snr: rivals") for name in settings.rivals]
    return [one for one in others if one is not mine]


def draw_rates(
    panel: Axes,
    applied: Sequence[Applied],
    found: Mapping[str, Sequence[Rate]],
    colours: Mapping[tuple[str, str], int],
    settings: DetectionSettings,
) -> None:
    """Draw the rates [%] of all methods."""
    curves = []
    for one in applied:
        measured, look = found[one.key], colours[one.method, one.sample]
        enough = [rate.pulses >= settings.min_events for rate in measured]
        bounds = (np.where(enough, 100 * values_of(measured, end), np.nan) for end in ENDS)
        curves.append(Curve(one.label, *bounds, look, one.method == settings.limit))
    draw_curves(panel, snr_edges(settings), curves)
    panel.set(ylim=(-2, 104), ylabel="true positive rate\nat 0.2 % FPR [%]")


def draw_distances(
    panel: Axes,
    others: Sequence[Applied],
    found: Mapping[str, Sequence[Rate]],
    away: Differences,
    colours: Mapping[tuple[str, str], int],
    settings: DetectionSettings,
) -> None:
    """Draw by how much each method's rate lies above that of the limit [percentage points]."""
    curves = []
    for one in others:
        enough = [rate.pulses >= settings.min_events for rate in found[one.key]]
        value = np.where(enough, -100 * away.value[one.key], np.nan)
        error = 100 * away.error[one.key]
        look = colours[one.method, one.sample]
        curves.append(Curve(one.label, value, value - error, value + error, look))
    draw_curves(panel, snr_edges(settings), curves)
    panel.axhline(0, color="black", linewidth=1.1, zorder=1)
    panel.set_ylabel("rate − limit\n[percentage points]")


def _metrics(
    applied: Sequence[Applied],
    found: Mapping[str, Sequence[Rate]],
    mine: Applied,
    best: Sequence[Lead],
    settings: DetectionSettings,
) -> dict[str, Number]:
    numbers = {}
    for one in applied:
        score, snr = one.columns["score"], one.columns["snr"]
        noise, pulse = noise_scores(one), one.columns["label"] != 0
        for name, chosen in (
            (METRIC, snr > SNR),
            (f"{METRIC}_{FAINT:g}", (snr > SNR) & (snr <= FAINT)),
        ):
            measured = rate(noise, score[pulse & chosen])
            if measured.pulses:
                numbers[f"{one.key}/{name}"] = measured.number
    bins = zip(named(settings.edges), best, found[mine.key], strict=False)
    for name, lead, measured in bins:
        if measured.pulses >= settings.min_events:
            low, high = lead.value - lead.error, lead.value + lead.error
            numbers[f"{mine.key}/ahead_{name}"] = Number(
                lead.value, low, high, "1", measured.pulses
            )
    return numbers


def _table(
    applied: Sequence[Applied],
    found: Mapping[str, Sequence[Rate]],
    away: Differences | None,
    ahead: Differences,
    settings: DetectionSettings,
) -> dict[str, list]:
    table: dict[str, list] = {
        name: []
        for name in ("method", "sample", "snr_low", "snr_high", "pulses", "noise", "tpr", "low",
                     "high", "below_limit", "below_limit_error", "behind", "behind_error")
    }  # fmt: skip
    undefined = np.full(len(settings.edges) - 1, np.nan)
    for one in applied:
        measured = found[one.key]
        bins = len(measured)
        columns = {
            "method": [one.method] * bins,
            "sample": [one.sample] * bins,
            "snr_low": settings.edges[:-1],
            "snr_high": settings.edges[1:],
            "pulses": [rate.pulses for rate in measured],
            "noise": [rate.noise for rate in measured],
            "tpr": values_of(measured),
            "low": values_of(measured, "low"),
            "high": values_of(measured, "high"),
            "below_limit": away.value[one.key] if away else undefined,
            "below_limit_error": away.error[one.key] if away else undefined,
            "behind": ahead.value[one.key],
            "behind_error": ahead.error[one.key],
        }
        for name, values in columns.items():
            table[name] += np.asarray(values).tolist()
    return table


def verdict(
    mine: Applied, rivals: Sequence[Applied], best: Sequence[Lead], edges: Sequence[float]
) -> str:
    """Say in words where one method finds more pulses than the best of its rivals."""
    if not rivals:
        return ""
    defined = [
        (low, high, lead)
        for low, high, lead in zip(edges[:-1], edges[1:], best, strict=True)
        if np.isfinite(lead.value)
    ]
    more = [f"{low:g}–{high:g}" for low, high, lead in defined if lead.value > lead.error]
    less = [f"{low:g}–{high:g}" for low, high, lead in defined if lead.value < -lead.error]
    others = ", ".join(one.label for one in rivals)
    return (
        f" Against the best of the others ({others}) in each of {len(defined)} bins, {mine.label} "
        "finds more pulses, by more than the error of that difference, at SNR "
        f"{', '.join(more) or '(none)'}, and fewer at {', '.join(less) or '(none)'}."
    )


def _caption(
    applied: Sequence[Applied],
    limit: Applied | None,
    mine: Applied,
    rivals: Sequence[Applied],
    best: Sequence[Lead],
    settings: DetectionSettings,
) -> str:
    below = (
        " Bottom: rates minus that limit; bars: standard deviation of the difference over "
        f"{settings.replicas} bootstrap replicas of the traces, the same for all methods."
        if limit
        else ""
    )
    return (
        "Share of the pulses that score above a cut which 0.2 % of the traces without a pulse "
        f"pass, in bins of the SNR, from {counts(applied)}. Bars: 68 % intervals, of the counted "
        "pulses (binomial, Clopper and Pearson) and of the cut, which is known from the same "
        f"file's pure noise only, together; symbols are spread within their bin."
        f"{black_line(applied, settings.limit)}{below}"
        f"{verdict(mine, rivals, best, settings.edges)} Bins with fewer than "
        f"{settings.min_events} pulses are empty. Stands beside the efficiency over the SNR in "
        "arXiv:1901.04079."
    )
