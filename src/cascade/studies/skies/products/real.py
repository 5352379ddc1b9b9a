"""A real sky among isotropic ones: how often chance scores as high, and which rays stand out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from scipy.stats import norm

from cascade.errors import CascadeError
from cascade.plotting import style
from cascade.plotting.points import draw_rows, name_rows
from cascade.plotting.product import Inputs, Result
from cascade.plotting.sky import circle_rays
from cascade.studies.skies.products.likeness import Likeness, compare
from cascade.studies.skies.products.maps import Sky, read_sky
from cascade.studies.skies.products.rays import draw_scores, mean_score
from cascade.studies.skies.products.reading import (
    Group,
    group_of,
    grouped,
    predictions,
    skies,
)
from cascade.studies.skies.products.significance import (
    EVIDENCE,
    HINT,
    Ranked,
    p_text,
    rank,
    verdict,
)
from cascade.studies.skies.settings.products import RealSkySettings


@style.styled
def real_sky(inputs: Inputs, settings: RealSkySettings) -> Result:
    """Draw the scores of isotropic skies with the real one's, p-values, and the ray scores."""
    (real, real_path), (isotropic, isotropic_path) = both_samples(inputs)
    groups = [
        grouped(predictions(_only(inputs, sample), settings, ("score",), ("ray_score", "label")),
                settings)
        for sample in (real, isotropic)
    ]  # fmt: skip
    _check(*groups)
    sky = read_sky(real_path, 0)
    likeness = compare(sky, isotropic_path)
    found = [ranked for pair in zip(*groups, strict=True) for ranked in rank(*pair)]
    shown = scoring(groups[0], settings)
    combined = [one for one in found if not one.single]
    rows, columns = style.grid(len(combined))
    height = 0.3 + 1.6 * rows
    below = 0.0 if shown is None and len(found) < 3 else max(2.4, 0.6 + 0.16 * len(found))
    figure = style.empty(style.PAGE, height + max(below, 1.5))
    outer = figure.add_gridspec(2, 1, height_ratios=(height, max(below, 1.5)))
    panels = outer[0].subgridspec(rows, columns).subplots(squeeze=False)
    _draw_histograms(panels, combined, settings.bins)
    if shown is None:
        values = figure.add_subplot(outer[1])
    else:
        lower = outer[1].subgridspec(1, 2, width_ratios=(1.55, 1))
        top = _draw_map(figure.add_subplot(lower[0]), sky, shown, settings)
        values = figure.add_subplot(lower[1])
    _draw_p_values(values, found)
    caption = _caption(real, isotropic, sky, combined, likeness)
    if shown is not None:
        caption += _rays_caption(shown, top)
    numbers = {f"{one.key}/p_value": one.p for one in found}
    return Result(figure, _table(found), caption, numbers | likeness.numbers)


def both_samples(inputs: Inputs) -> list[tuple]:
    """Return name and path of the real and of the isotropic sample: the first two.

    Raises
    ------
    CascadeError
        There are not two, or methods were not applied to both.
    """
    found = list(inputs.samples.items())
    if len(found) != 2:
        raise CascadeError(
            "real_sky: samples: needs two, the real sky and isotropic ones, in this order"
        )
    for sample, _ in found:
        if all(sample != other for _, other in inputs.predictions):
            raise CascadeError(f"real_sky: no predictions on sample '{sample}'; name it in 'on'")
    return found


def _only(inputs: Inputs, sample: str) -> Inputs:
    chosen = {key: path for key, path in inputs.predictions.items() if key[1] == sample}
    return replace(inputs, predictions=chosen)


def _check(real: Sequence[Group], isotropic: Sequence[Group]) -> None:
    """Check that all methods were applied to one real sky, and to skies without sources."""
    methods = [
        [one.method for group in both for one in group.members] for both in (real, isotropic)
    ]
    if methods[0] != methods[1]:
        raise CascadeError("real_sky: all methods must be applied to both samples, in one order")
    for group in real:
        for one in group.members:
            if one.events != 1:
                raise CascadeError(f"{one.path}: holds {skies(one.events)}, not the one real sky")
    for group in isotropic:
        for one in group.members:
            if np.any(one.columns.get("label", 0)):
                raise CascadeError(f"{one.path}: holds skies with sources; only isotropic ones fit")


def scoring(groups: Sequence[Group], settings: RealSkySettings) -> Group | None:
    """Return the method whose ray scores are drawn; None if no method scores rays."""
    able = [group for group in groups if all("ray_score" in one.columns for one in group.members)]
    if settings.method is not None:
        return group_of(settings.method, able, "real_sky: method")
    return able[0] if able else None


def _draw_histograms(panels: np.ndarray, found: Sequence[Ranked], bins: int) -> None:
    """Draw the isotropic skies' scores and a line at the real one's, a panel each method."""
    for panel, one in zip(panels.flat, found, strict=False):
        edges = np.histogram_bin_edges(np.append(one.isotropic, one.real), bins)
        contents = np.histogram(one.isotropic, edges)[0]
        panel.stairs(contents, edges, fill=True, color="0.8")
        panel.stairs(contents, edges, color="0.4", linewidth=0.6)
        panel.axvline(one.real, **style.SIGNAL)
        panel.set(xlabel=f"score, {one.label}", ylim=(0, 1.4 * contents.max()))
        style.note(panel, f"p = {p_text(one.p.value)}")
        panel.locator_params(nbins=5)
    for spare in panels.flat[len(found) :]:
        spare.set_axis_off()
    for panel in panels[:, 0]:
        panel.set_ylabel("isotropic skies")


def _draw_map(axes: Axes, sky: Sky, group: Group, settings: RealSkySettings) -> np.ndarray:
    """Draw the ray scores, rings around the highest; return the places of these."""
    score = mean_score(group, 0)
    draw_scores(axes.figure, axes, sky, score, f"ray score, {group.label_with_seeds}")
    top = np.argsort(-score, kind="stable")[: settings.circled]
    circle_rays(axes, sky.fields["direction"][top])
    return top


def _draw_p_values(axes: Axes, found: Sequence[Ranked]) -> None:
    """Draw all p-values in rows, the single seeds below their mean."""
    value, low, high = (
        np.array([getattr(one.p, end) for one in found]) for end in ("value", "low", "high")
    )
    least = min(1 / (1 + len(one.isotropic)) for one in found)
    looks = [
        {"color": "0.5" if one.single else "black", "marker": "o",
         "markerfacecolor": "white" if one.single else "black"}
        for one in found
    ]  # fmt: skip
    draw_rows(axes, value, (np.maximum(low, least / 2), high), looks=looks)
    for p in (HINT, EVIDENCE):
        axes.axvline(p, color=style.VERMILLION, linewidth=0.7, linestyle=":")
    axes.yaxis.tick_right()
    name_rows(axes, [one.label for one in found])
    axes.set(xscale="log", xlim=(min(least / 2, EVIDENCE / 2), 1.3), xlabel="p-value")


def _table(found: Sequence[Ranked]) -> dict[str, list]:
    return {
        "method": [one.key for one in found],
        "seeds": [one.seeds for one in found],
        "score": [one.real for one in found],
        "isotropic_mean": [float(one.isotropic.mean()) for one in found],
        "isotropic_deviation": [float(one.isotropic.std()) for one in found],
        "higher": [one.higher for one in found],
        "isotropic_skies": [len(one.isotropic) for one in found],
        "p_value": [one.p.value for one in found],
        "low": [one.p.low for one in found],
        "high": [one.p.high for one in found],
        "standard_deviations": [float(norm.isf(one.p.value)) for one in found],
    }


def _caption(
    real: str, isotropic: str, sky: Sky, found: Sequence[Ranked], likeness: Likeness
) -> str:
    number = max(len(one.isotropic) for one in found)
    listed = "; ".join(
        f"{one.label}: {one.higher} score as high or higher, p = {p_text(one.p.value)} "
        f"({p_text(one.p.low)} to {p_text(one.p.high)})"
        for one in found
    )
    several = any(one.seeds > 1 for one in found)
    seeds = (
        " The score of a method with several seeds is the mean over them (probabilities as their "
        "logit); the p-values of the single seeds (open) stand below that of the mean."
        if several
        else ""
    )
    return (
        f"The sky of sample '{real}' ({style.plural(sky.rays, 'ray')}) among {skies(number)} of "
        f"sample '{isotropic}', simulated without sources and with equally many rays. Top: "
        f"scores of the isotropic skies (grey) and of the real one (line). {listed}. Rows: "
        "p-values with the binomial 68 % interval of so many isotropic skies; dotted: 5 %, and "
        f"three standard deviations.{seeds} {verdict(found)} A p-value says how often an "
        "isotropic sky scores like the real one, not how probable isotropy is. Trained methods "
        "look for the signal of one toy simulation; sources or fields of another kind may go "
        "unseen. The p-values are not corrected for the choice among methods, nor for that of "
        f"the number of rays. {likeness.text} Stands beside the searches of ApJ 935 (2022) 170."
    )


def _rays_caption(group: Group, top: np.ndarray) -> str:
    return (
        f" Map: scores of the real rays by {group.label_with_seeds}, equatorial coordinates "
        "(Hammer projection, right ascension grows to the left); rings: the "
        f"{style.plural(len(top), 'ray')} of highest score. Some rays have the highest scores in "
        "any sky: as long as the sky itself is not significant they are no candidates for signal "
        "rays, and in an isotropic sky a ray score is no probability."
    )
