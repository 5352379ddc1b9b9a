"""Products across studies: which way of explaining a network holds, and where."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from cascade.plotting import style
from cascade.plotting.attribution import Scores, read_scores
from cascade.plotting.product import Number, Result
from cascade.plotting.reading import called

TITLES = {
    "share": "relevance on the truth,\nabove random order [σ]",
    "flipping": "pixel flipping,\nabove random order [σ]",
    "randomised": "rank correlation,\nweights shuffled",
}
FULL = 10.0
"""Significance that is drawn darkest."""
FIRM = 3.0
"""Significance below which nothing is claimed."""


@style.styled
def explanations(paths: Mapping[str, Path]) -> Result:
    """Draw tables of ways × studies: significance on the truth, of flipping, and the sanity check.

    Parameters
    ----------
    paths
        File of an explanation by ``study/name``.
    """
    found = {key: read_scores(path) for key, path in paths.items()}
    ways = list(dict.fromkeys(way for scores in found.values() for way in scores))
    figure, panels = style.subplots(1, len(TITLES), style.PAGE, 1.35 + 0.2 * len(ways), sharey=True)
    columns = ("study", "explanation", "network", "way", "quantity", "value", "error", "random",
               "significance", "events")  # fmt: skip
    table: dict[str, list] = {column: [] for column in columns}
    metrics = {}
    for panel, (quantity, title) in zip(panels[0], TITLES.items(), strict=True):
        cells = np.full((len(ways), len(found)), np.nan)
        for column, (key, scores) in enumerate(found.items()):
            for way, each in scores.items():
                measure = each.measured().get(quantity)
                if measure is None:
                    continue
                shown = measure.value if quantity == "randomised" else measure.significance
                cells[ways.index(way), column] = shown
                facts = (*key.split("/"), each.network, way, quantity, measure.value, measure.error,
                         measure.random, measure.significance, measure.events)  # fmt: skip
                for name, fact in zip(columns, facts, strict=True):
                    table[name].append(fact)
                metrics[f"{key}/{way}/{quantity}"] = Number(
                    shown, shown - measure.error, shown + measure.error, "1", measure.events
                ) if quantity == "randomised" else Number(
                    shown, shown - 1, shown + 1, "1", measure.events
                )  # fmt: skip
        _draw(panel, cells, quantity)
        panel.set_title(title, pad=4)
        panel.set_xticks(range(len(found)), _names(found), rotation=40, ha="right")
        panel.set_yticks(range(len(ways)), [called(way, {}) for way in ways])
        panel.tick_params(which="both", length=0)
        panel.minorticks_off()
    return Result(figure, table, _caption(found), metrics)


def _names(found: Mapping[str, Mapping[str, Scores]]) -> list[str]:
    return [
        f"{key.partition('/')[0]}, {called(next(iter(scores.values())).network, {})}"
        for key, scores in found.items()
    ]


def _draw(panel: Axes, cells: np.ndarray, quantity: str) -> None:
    """Draw a table of numbers on a ground that is the darker the better they are."""
    good = 1 - np.abs(cells) if quantity == "randomised" else np.clip(cells / FULL, 0, 1)
    panel.imshow(good, cmap="Greys", vmin=0, vmax=2, aspect="auto")
    for (row, column), value in np.ndenumerate(cells):
        if np.isnan(value):
            text, weight = "–", "normal"
        elif quantity == "randomised":
            text, weight = f"{value:.2f}", "normal"
        else:
            text, weight = f"{value:.1f}" if abs(value) < FULL else f"{value:.0f}", (
                "bold" if value > FIRM else "normal"
            )  # fmt: skip
        panel.text(column, row, text, ha="center", va="center", fontsize=7, weight=weight)


def _caption(found: Mapping[str, Mapping[str, Scores]]) -> str:
    events = max(
        measure.events
        for scores in found.values()
        for each in scores.values()
        for measure in each.measured().values()
    )
    truths = dict.fromkeys(
        f"{key.partition('/')[0]}: {each.evidence}"
        for key, scores in found.items()
        for each in scores.values()
        if each.evidence
    )
    return (
        "Ways of explaining networks, study by study, up to "
        f"{style.plural(events, 'event')} each. Left: by how many standard errors the share of the "
        f"relevance that lies on the truth ({'; '.join(truths)}) exceeds that of a random order; "
        "middle: the same of the area over the curve of pixel flipping; bold above "
        f"{FIRM:g}. Right: rank correlation with the maps of a network of shuffled weights, which "
        "should be small. A dash: the way does not apply to the network, or was not asked for. "
        "Stands beside the ranking of heatmaps in arXiv:1509.06321."
    )
