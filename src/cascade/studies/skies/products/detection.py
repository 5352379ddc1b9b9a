"""How faint sources may be: true positive rate at a false positive rate of 1 % by fraction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from cascade.plotting import style
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied
from cascade.studies.skies.products.reading import (
    Group,
    counts,
    need_sources,
    percent,
    predictions,
)
from cascade.studies.skies.products.sensitivity import (
    FALSE_POSITIVES,
    METRIC,
    Sensitivity,
    half_found,
    sensitivities,
)
from cascade.studies.skies.settings.products import DetectionSettings

FLOOR, TOP = 0.3, 150.0
"""Ends of the logarithmic axis [%]."""


@style.styled
def tpr_over_fraction(inputs: Inputs, settings: DetectionSettings) -> Result:
    """Draw the true positive rate at 1 % over the signal fraction, linear and logarithmic."""
    applied = predictions(inputs, settings)
    need_sources(applied, "tpr_over_fraction")
    found = sensitivities(applied, settings, inputs.seed)
    groups = list({one.group.key: one.group for one in found}.values())
    figure = style.empty(style.PAGE, 2.9 + 0.17 * (len(groups) + 1))
    upper, lower = figure.subfigures(2, 1, height_ratios=(2.9, 0.17 * (len(groups) + 1)))
    axes = upper.subplots(1, 2, sharex=True)
    every = sorted({one.fraction for one in found})
    for look, group in enumerate(groups):
        mine = [one for one in found if one.group.key == group.key]
        for panel in axes:
            draw_group(panel, mine, style.symbol(look), (look - (len(groups) - 1) / 2) * 0.006)
    frame(axes, every, found)
    write_rates(lower.subplots(), groups, found, every)
    return Result(figure, _table(found), _caption(applied, groups), _metrics(found))


def draw_group(axes: Axes, found: Sequence[Sensitivity], look: dict, shift: float) -> None:
    """Draw one method, its single seeds as small dots."""
    numbers = [one.number for one in found]
    x = 100 * np.array([one.fraction for one in found]) * 10**shift
    value, low, high = (
        100 * np.array([getattr(number, end) for number in numbers])
        for end in ("value", "low", "high")
    )
    axes.errorbar(
        x, value, [value - low, high - value], label=found[0].group.label_with_seeds,
        markersize=3.5, linewidth=0.8, elinewidth=0.8, **look,
    )  # fmt: skip
    for place, one in zip(x, found, strict=True):
        if len(one.rates) > 1:
            seeds = 100 * one.values
            axes.plot(np.full(len(seeds), place * 1.015), seeds, ".", color=look["color"],
                      markersize=2, alpha=0.6)  # fmt: skip


def frame(axes: Sequence[Axes], every: Sequence[float], found: Sequence[Sensitivity]) -> None:
    """Label the axes, draw what chance gives."""
    for panel in axes:
        panel.axhline(100 * FALSE_POSITIVES, color=style.GREY, linestyle=":", linewidth=0.9)
        panel.set(xscale="log", xlabel="signal fraction [%]")
        panel.set_xlim(100 * every[0] / 1.15, 100 * every[-1] * 1.15)
        panel.xaxis.set_major_locator(FixedLocator([100 * fraction for fraction in every]))
        panel.xaxis.set_minor_locator(NullLocator())
        panel.set_xticklabels([percent(fraction) for fraction in every])
    axes[0].set(ylim=(-2, 104), ylabel="true positive rate at 1 % FPR [%]")
    axes[1].set(yscale="log", ylim=(FLOOR, TOP))
    axes[1].set_yticks([1, 10, 100], ["1", "10", "100"])
    style.note(axes[1], "chance", y=0.01 + np.log(1 / FLOOR) / np.log(TOP / FLOOR))


def write_rates(
    axes: Axes, groups: Sequence[Group], found: Sequence[Sensitivity], every: Sequence[float]
) -> None:
    """Write the rates as a table whose rows begin with the methods' lines and symbols."""
    columns = np.linspace(0.42, 1.0, len(every) + 1)
    grey = {"ha": "right", "va": "center", "fontsize": 7}
    heads = [rf"{percent(fraction)} %" for fraction in every]
    for x, head in zip(columns, [*heads, r"$f_{50}$"], strict=True):
        axes.text(x, 0, head, color="0.35", **grey)
    axes.text(0.065, 0, "signal fraction", color="0.35", **(grey | {"ha": "left"}))
    for row, group in enumerate(groups, start=1):
        mine = {one.fraction: one for one in found if one.group.key == group.key}
        axes.plot([0, 0.025, 0.05], [row] * 3, markevery=[1], markersize=3.5, linewidth=0.8,
                  **style.symbol(row - 1))  # fmt: skip
        axes.text(0.065, row, group.label_with_seeds, **(grey | {"ha": "left"}))
        for x, fraction in zip(columns, every, strict=False):
            if fraction in mine:
                axes.text(x, row, rate_text(mine[fraction].number), **grey)
        axes.text(columns[-1], row, half_text(list(mine.values())), **grey)
    axes.set(xlim=(0, 1), ylim=(len(groups) + 0.6, -0.6))
    axes.set_axis_off()


def rate_text(number: Number) -> str:
    """Write a rate with half the length of its interval [%].

    Examples
    --------
    >>> rate_text(Number(0.4321, 0.4111, 0.4511, "1", 500))
    '43.2 ± 2.0'
    """
    return f"{100 * number.value:.1f} ± {50 * (number.high - number.low):.1f}"


def half_text(found: Sequence[Sensitivity]) -> str:
    """Write the signal fraction from which on half of the skies are found."""
    half = half_of(found)
    if np.isnan(half):
        return f"> {percent(found[-1].fraction)} %"
    below = half == found[0].fraction
    return f"{'< ' if below else ''}{100 * half:.1f} %"


def half_of(found: Sequence[Sensitivity]) -> float:
    """Return the signal fraction from which on half of the skies are found; NaN if never."""
    x, y = np.array([(one.fraction, one.number.value) for one in found]).T
    return half_found(x, y)


def _metrics(found: Sequence[Sensitivity]) -> dict[str, Number]:
    numbers = {}
    for one in found:
        name = f"f{percent(one.fraction)}"
        numbers[f"{one.group.key}/{METRIC}_{name}"] = one.number
        numbers[f"{one.group.key}/auc_{name}"] = one.area
    return numbers


def _table(found: Sequence[Sensitivity]) -> dict[str, list]:
    """Return a row for each seed, and one for the mean where there are several."""
    names = ("method", "sample", "signal_fraction", "seeds", "tpr", "low", "high", "spread",
             "skies", "isotropic_skies")  # fmt: skip
    table: dict[str, list] = {name: [] for name in names}

    def add(*row: object) -> None:
        for name, value in zip(names, row, strict=True):
            table[name].append(value)

    for one in found:
        for member, rate in zip(one.group.members, one.rates, strict=True):
            add(member.key, member.sample, one.fraction, 1, rate.value, rate.low, rate.high,
                np.nan, rate.skies, rate.isotropic)  # fmt: skip
        if len(one.rates) > 1:
            mean, rate, sample = one.number, one.rates[0], one.group.members[0].sample
            add(one.group.key, sample, one.fraction, len(one.rates), mean.value, mean.low,
                mean.high, one.spread, rate.skies, rate.isotropic)  # fmt: skip
    return table


def _caption(applied: Sequence[Applied], groups: Sequence[Group]) -> str:
    several = any(len(group.members) > 1 for group in groups)
    seeds = (
        " Where there are several seeds: their mean, with its standard error over the seeds added "
        "in quadrature, and the single seeds as small dots beside it."
        if several
        else ""
    )
    return (
        "Share of the skies with sources that pass a cut which 1 % of the isotropic skies pass, "
        f"over the signal fraction, linear and logarithmic, from {counts(applied)}. Bars: 68 % "
        "intervals, of the counted skies (binomial, Clopper and Pearson) and of the cut, which is "
        f"known from the same split's isotropic skies only, together.{seeds} Dotted: chance. "
        "Table: the same rates [%], ± half the length of their intervals, and the signal "
        "fraction f50 from which on half of the skies are found. The axis is logarithmic in the "
        "fraction, and symbols stand slightly beside each other where they would hide one "
        "another. Stands beside the sensitivity in arXiv:2003.13038, given there for densities "
        "of sources."
    )
