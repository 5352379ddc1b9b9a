"""Which rays are of a source: the scores of single rays on one sky, and how well they tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from cascade.errors import CascadeError
from cascade.evaluation.bootstrap import bootstrap
from cascade.evaluation.roc import clustered_auc
from cascade.plotting import style
from cascade.plotting.points import draw_series
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import samples
from cascade.plotting.roc import Curve
from cascade.plotting.sky import circle_rays, draw_frame, draw_rays, energy_norm
from cascade.studies.skies.products.maps import Sky, draw_sky, energy_bar, read_sky
from cascade.studies.skies.products.performance import (
    as_curve,
    curve_table,
    draw_curves,
    mean_curve,
)
from cascade.studies.skies.products.reading import (
    Group,
    fractions,
    group_of,
    grouped,
    has_fraction,
    need_fraction,
    percent,
    predictions,
    skies,
)
from cascade.studies.skies.settings.products import RayScoresSettings

COLUMNS = ("signal_fraction", "ray_label")


@style.styled
def ray_scores(inputs: Inputs, settings: RayScoresSettings) -> Result:
    """Draw truth and scores of one sky, ROC curves of rays, and areas over the fraction."""
    sample, path = samples(inputs)[0]
    groups = scoring(inputs, settings, sample)
    shown = groups[0]
    if settings.method is not None:
        shown = group_of(settings.method, groups, "ray_scores: method")
    fraction = shown.members[0].columns["signal_fraction"]
    need_fraction(fraction, settings.fraction, "ray_scores", str(path))
    number = int(np.flatnonzero(has_fraction(fraction, settings.fraction))[0])
    sky = read_sky(path, number)
    _check_same(sky, shown, path)
    grid = np.linspace(0, 1, settings.points + 1)[1:]
    areas = {
        (group.key, one): area(group, one)
        for group in groups
        for one in fractions(group.members[0].columns["signal_fraction"])
    }
    measured = [measure(group, grid, settings, inputs.seed) for group in groups]
    figure = style.empty(style.PAGE, 4.75 + 0.13 * -(-(len(groups) + 1) // 2))
    (left, right), (curves, over) = figure.subplots(2, 2, height_ratios=(1.9, 2.4))
    norm = energy_norm(sky.fields["energy"])
    draw_sky(left, sky, norm)
    energy_bar(figure, np.array([left]), norm)
    label = f"ray score, {shown.label_with_seeds}"
    draw_scores(figure, right, sky, mean_score(shown, number), label)
    circle_rays(right, sky.fields["direction"][sky.signal])
    draw_curves(curves, measured)
    curves.set_ylim(1, 1e4)
    style.note(curves, rf"$f_\mathrm{{sig}}$ = {percent(settings.fraction)} %")
    _draw_areas(over, groups, areas)
    style.legend_below(figure, curves, title="method, area under the curve of rays")
    numbers = {f"{key}/ray_auc_f{percent(one)}": found for (key, one), found in areas.items()}
    caption = _caption(sample, sky, shown, groups, settings)
    return Result(figure, curve_table(groups, measured), caption, numbers)


def scoring(inputs: Inputs, settings: RayScoresSettings, sample: str) -> list[Group]:
    """Return the methods that score rays of the sample.

    Raises
    ------
    CascadeError
        There is none.
    """
    applied = [
        one
        for one in predictions(inputs, settings, COLUMNS, ("ray_score",))
        if one.sample == sample and "ray_score" in one.columns
    ]
    if not applied:
        raise CascadeError(f"ray_scores: none of the methods scores rays of sample '{sample}'")
    return grouped(applied, settings)


def _check_same(sky: Sky, group: Group, path: Path) -> None:
    for one in group.members:
        if not np.array_equal(one.columns["ray_label"][sky.number], sky.signal):
            raise CascadeError(f"{one.path}: is of other skies than {path}")


def mean_score(group: Group, number: int) -> np.ndarray:
    """Return the scores of one sky's rays, means over the seeds, shape (rays,)."""
    return np.mean([one.columns["ray_score"][number] for one in group.members], axis=0)


def pooled(group: Group, fraction: float) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Return scores by seed, labels and skies' numbers of the rays of all skies of a fraction."""
    chosen = has_fraction(group.members[0].columns["signal_fraction"], fraction)
    label = group.members[0].columns["ray_label"][chosen]
    sky = np.broadcast_to(np.arange(len(label))[:, np.newaxis], label.shape)
    scores = [one.columns["ray_score"][chosen].ravel() for one in group.members]
    return scores, label.ravel(), sky.ravel()


def area(group: Group, fraction: float) -> Number:
    """Return the area under the ROC curve of rays, mean over seeds; rays of a sky hang together."""
    scores, label, sky = pooled(group, fraction)
    found, influence = zip(*(clustered_auc(score, label, sky) for score in scores), strict=True)
    value, influence = float(np.mean(found)), np.mean(influence, axis=0)
    number = len(influence)
    error = np.nan
    if number > 1:
        error = float(np.sqrt(np.sum(influence**2) * number / (number - 1)))
    return Number(value, value - error, min(value + error, 1.0), "1", number)


def measure(
    group: Group, grid: np.ndarray, settings: RayScoresSettings, seed: int
) -> tuple[Curve, Number]:
    """Return a method's curve and area for rays; the bootstrap draws whole skies."""
    scores, label, sky = pooled(group, settings.fraction)
    order = np.argsort(scores[0], kind="stable")
    columns = {str(place): score[order] for place, score in enumerate(scores)}
    columns["label"], sky = label[order], sky[order]
    number = int(sky.max()) + 1

    def statistic(drawn: Mapping[str, np.ndarray]) -> np.ndarray:
        weight = np.bincount(drawn["sky"], minlength=number)[sky]
        return mean_curve(columns | {"weight": weight}, len(scores), grid)

    rng = np.random.default_rng(seed)
    bounds = bootstrap(statistic, {"sky": np.arange(number)}, rng, settings.replicas)
    return as_curve(group, grid, bounds, number)


def draw_scores(figure: Figure, axes: Axes, sky: Sky, score: np.ndarray, label: str) -> None:
    """Draw the rays of a sky by score, with a colour bar below."""
    draw_frame(axes)
    norm = Normalize(float(score.min()), float(score.max()))
    draw_rays(axes, sky.fields["direction"], score, norm, 9.0)
    bar = figure.colorbar(
        ScalarMappable(norm, style.FILLED), ax=[axes], location="bottom",
        pad=0.03, aspect=40, fraction=0.05, shrink=0.85,
    )  # fmt: skip
    bar.set_label(label)
    bar.outline.set_linewidth(0.6)


def _draw_areas(
    axes: Axes, groups: Sequence[Group], areas: Mapping[tuple[str, float], Number]
) -> None:
    every = sorted({one for _, one in areas})
    for look, group in enumerate(groups):
        mine = {one: found for (key, one), found in areas.items() if key == group.key}
        value, low, high = (
            np.array([getattr(found, end) for found in mine.values()])
            for end in ("value", "low", "high")
        )
        shift = 10 ** (0.006 * (look - (len(groups) - 1) / 2))
        x = 100 * shift * np.array(list(mine))
        draw_series(axes, x, value, (low, high), **style.symbol(look))
    axes.set(xscale="log", xlabel="signal fraction [%]", ylabel="area under the curve of rays")
    axes.xaxis.set_major_locator(FixedLocator([100 * one for one in every]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([percent(one) for one in every])


def _caption(
    sample: str,
    sky: Sky,
    shown: Group,
    groups: Sequence[Group],
    settings: RayScoresSettings,
) -> str:
    fraction = shown.members[0].columns["signal_fraction"]
    number = int(has_fraction(fraction, settings.fraction).sum())
    seeds = " Of several seeds: means." if any(len(one.members) > 1 for one in groups) else ""
    return (
        f"Top: sky {sky.number} of sample '{sample}', {style.plural(sky.rays, 'ray')} and a "
        f"signal fraction of {percent(settings.fraction)} %, in equatorial coordinates (Hammer "
        "projection, right ascension grows to the left). Left: energies; stars: sources of two "
        f"rays or more. Right: scores of the rays by {shown.label_with_seeds}. Rings in both: the "
        f"{style.plural(int(sky.signal.sum()), 'ray')} of these sources. Bottom left: ROC curves "
        "of rays, those of the sources against all others of the same skies, from "
        f"{skies(number)} of {percent(settings.fraction)} %; bands: central 68 % of "
        f"{settings.replicas} bootstrap replicas of whole skies; dotted: a random choice; grey "
        f"line: a false positive rate of 1 %. Bottom right: areas under such curves.{seeds} Bars: "
        "standard errors, the rays of a sky taken together (Obuchowski, Biometrics 53 (1997) 567). "
        "Behind ±: half the length of a 68 % interval. Stands beside the search for single signal "
        "rays in arXiv:2003.13038."
    )
