"""The gap between networks trained on simulation and on data, and how much of it is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from cascade.errors import CascadeError
from cascade.plotting import style
from cascade.plotting.points import draw_rows, name_rows
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied, called
from cascade.plotting.resolution import Curve, draw_curves, limit_resolution
from cascade.studies.refinement.products.closing import OVERALL, Measured, grouped, measure
from cascade.studies.refinement.products.reading import (
    DISTANCE,
    PAPER,
    counts,
    edges_of,
    on_one_sample,
)
from cascade.studies.refinement.settings.products import GapClosedSettings

CLOSED = ("gap_closed_bias", "gap_closed_resolution", "gap_closed_resolution_all_events")
FRAME = (-1.0, 2.0)
"""The axis of what is closed ends here at the latest; an arrow stands for what lies beyond."""


@style.styled
def gap_closed(inputs: Inputs, settings: GapClosedSettings) -> Result:
    """Draw the closed shares of the gaps in bias and width, and both over distance."""
    applied = on_one_sample(inputs, settings, "gap_closed", 3)
    groups = grouped(applied, settings)
    found = measure(groups, settings, inputs.seed)
    candidates = [name for name in groups if name not in (settings.simulation, settings.reference)]
    if not candidates:
        raise CascadeError("gap_closed: needs a method beside those on simulation and on data")
    order = dict.fromkeys((settings.simulation, settings.method, *candidates))
    looks = {name: place for place, name in enumerate(order)} | {settings.reference: 0}
    figure = style.empty(style.PAGE, 2.9 + 0.22 * len(candidates))
    axes = figure.subplots(2, 2, height_ratios=(0.45 + 0.22 * len(candidates), 1.9))
    names = [labelled(name, groups, settings) for name in candidates]
    for panel, column, goal in zip(axes[0], CLOSED, settings.goals, strict=False):
        draw_closed(panel, found, candidates, column, goal, looks)
        name_rows(panel, names if panel is axes[0, 0] else [""] * len(names))
    axes[0, 0].set_xlabel("share of the bias gap that is closed")
    axes[0, 1].set_xlabel("share of the width gap that is closed")
    for panel, column in zip(axes[1], ("bias_rms", "resolution"), strict=True):
        draw_over_distance(panel, found, column, looks, settings)
        panel.set_xlabel(DISTANCE)
    axes[1, 0].set_ylabel(r"RMS bias of lg $E$")
    axes[1, 1].set_ylabel(r"width of $\Delta$ in a bin")
    style.legend_below(figure, axes[1], columns=3)
    numbers = _metrics(found, candidates, settings)
    caption = _caption(applied, found, candidates, settings)
    return Result(figure, _table(found, settings), caption, numbers)


def labelled(
    group: str, groups: Mapping[str, Sequence[Applied]], settings: GapClosedSettings
) -> str:
    """Return what a group is called, with the number of its seeds where there are several."""
    seeds = len(groups[group])
    label = called(group, settings.labels)
    return label if seeds == 1 else f"{label} ({seeds} seeds)"


def draw_closed(
    panel: Axes,
    found: Measured,
    candidates: Sequence[str],
    column: str,
    goal: float,
    looks: Mapping[str, int],
) -> None:
    """Draw one closed share of each candidate, its seeds below, and lines at 0, 1 and the goal."""
    value, low, high = np.array([found.number(name, column) for name in candidates]).T
    symbols = [style.symbol(looks[name]) for name in candidates]
    draw_rows(panel, value, (low, high), looks=symbols)
    for row, name in enumerate(candidates):
        seeds = found.seeds(name, column)
        if len(seeds) > 1:
            place = np.full(len(seeds), row + 0.25)
            panel.plot(seeds, place, ".", color=symbols[row]["color"], markersize=3)
    for x, line in ((0, "-"), (1, "-"), (goal, ":")):
        panel.axvline(x, color="0.3", linewidth=0.7, linestyle=line, zorder=1)
    ends = np.concatenate([low, high, *(found.seeds(name, column) for name in candidates)])
    ends = ends[np.isfinite(ends)]
    margin = 0.08
    left = max(min(ends.min(initial=0) - margin, -margin), FRAME[0])
    right = min(max(ends.max(initial=1) + margin, 1 + margin), FRAME[1])
    panel.set_xlim(left, right)
    for row, (share, symbol) in enumerate(zip(value, symbols, strict=True)):
        if share < left or share > right:
            text, side = (f"◂ {share:.2g}", "left") if share < left else (f"{share:.2g} ▸", "right")
            x = left + 0.03 * (right - left) if side == "left" else right - 0.03 * (right - left)
            panel.text(x, row, text, ha=side, va="center", fontsize=7, color=symbol["color"])


def draw_over_distance(
    panel: Axes,
    found: Measured,
    column: str,
    looks: Mapping[str, int],
    settings: GapClosedSettings,
) -> None:
    """Draw RMS bias or width of all groups over distance."""
    curves = [
        Curve(
            called(name, settings.labels),
            *found.over_distance(name, column),
            looks[name],
            name == settings.reference,
        )
        for name in found.groups
    ]
    draw_curves(panel, np.array(settings.distance), curves)
    limit_resolution(panel)


def _metrics(
    found: Measured, candidates: Sequence[str], settings: GapClosedSettings
) -> dict[str, Number]:
    """Return the closed shares, and the gaps that they are shares of."""
    wanted = {f"{name}/{column}": (name, column) for name in candidates for column in CLOSED}
    for name in candidates:
        if len(found.groups[name]) > 1:
            wanted |= {
                f"{seed}/{column}": (seed, column)
                for seed in found.groups[name]
                for column in CLOSED
            }
    wanted |= {column: (settings.method, column) for column in CLOSED}
    wanted |= {column: (settings.simulation, column) for column in OVERALL[:3]}
    numbers = {key: Number(*found.number(*place), "1", found.events)
               for key, place in wanted.items()}  # fmt: skip
    return {key: number for key, number in numbers.items() if np.isfinite(number.value)}


def _table(found: Measured, settings: GapClosedSettings) -> dict[str, list]:
    names = ("method", "seeds", "metric", "distance_low", "distance_high", "value", "low", "high",
             "spread")  # fmt: skip
    table: dict[str, list] = {name: [] for name in names}

    def add(name: str, metric: str, bounds: Sequence[float], **more: float) -> None:
        row = {"method": name, "seeds": len(found.groups.get(name, [name])), "metric": metric}
        row |= dict(zip(("value", "low", "high"), map(float, bounds), strict=True)) | more
        for column in names:
            table[column].append(row.get(column, float("nan")))

    singles = [name for name in found.names if name not in found.groups]
    for name in (*found.groups, *singles):
        for metric in OVERALL:
            seeds = found.seeds(name, metric) if name in found.groups else []
            spread = float(np.std(seeds, ddof=1)) if len(seeds) > 1 else float("nan")
            add(name, metric, found.number(name, metric), spread=spread)
        for metric in ("bias_rms", "resolution"):
            bins = zip(
                *found.over_distance(name, metric), settings.distance, settings.distance[1:],
                strict=False,
            )  # fmt: skip
            for *bounds, low, high in bins:
                add(name, metric, bounds, distance_low=low, distance_high=high)
    return table


def _caption(
    applied: Sequence[Applied],
    found: Measured,
    candidates: Sequence[str],
    settings: GapClosedSettings,
) -> str:
    said = []
    for name in candidates:
        parts = []
        for column, what in zip(CLOSED, ("bias", "width", "width of all events"), strict=True):
            value, low, high = found.number(name, column)
            if np.isfinite(value):
                parts.append(f"{what} {100 * value:.0f} % ({100 * low:.0f} to {100 * high:.0f} %)")
        said.append(f"{called(name, settings.labels)}: {', '.join(parts) or 'no gap to close'}")
    low, high = (
        called(name, settings.labels) for name in (settings.simulation, settings.reference)
    )
    gaps = [found.number(settings.simulation, column)[0] for column in OVERALL[:2]]
    inside = f"{found.events:,}".replace(",", "\u2009")
    seeds = any(len(members) > 1 for members in found.groups.values())
    dots = (
        " Of several seeds: the mean, with the single seeds as dots below; references of several "
        "seeds are averaged." if seeds else ""
    )  # fmt: skip
    return (
        f"How much of the gap between the networks '{low}' (0) and '{high}' (1) others close on "
        "data, from "
        f"{inside} of {counts(applied)}, in {edges_of(settings.lg_energy)} in true lg E and "
        f"{edges_of(settings.distance, 'm')} in distance, those with fewer than "
        f"{settings.min_events} events left out. Bias: root mean square over the bins of the "
        f"difference to the bias of the network trained on data (gap {gaps[0]:.4f} in lg E). "
        "Width: root mean square over the bins of the standard deviation of Δ = lg E' − lg E in a "
        f"bin (gap {gaps[1]:.4f}). {'; '.join(said)}. Dotted: the goals, "
        f"{100 * settings.goals[0]:g} % and {100 * settings.goals[1]:g} %. Bottom: root mean "
        "square of the bias, and width, over the bins in energy, over distance; black: "
        f"{high}.{dots} Bars and bands: central 68 % of "
        f"{settings.replicas} bootstrap replicas, the same events for all, moved so that their "
        "median is the value. Stands beside the energy reconstruction before and after refinement "
        f"of {PAPER}."
    )
