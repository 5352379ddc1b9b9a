"""Predicted over true energy on data: trained on original, and trained on refined simulation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.ticker import MultipleLocator

from cascade.evaluation.resolution import bias, resolution
from cascade.plotting import style
from cascade.plotting.correlation import count_norm, draw_counts
from cascade.plotting.correlation import counts as count
from cascade.plotting.images import colour_bar
from cascade.plotting.product import Inputs, Result
from cascade.plotting.reading import Applied
from cascade.studies.refinement.products.energy import STATISTICS, overall
from cascade.studies.refinement.products.reading import (
    LG_ENERGY,
    PAPER,
    counts,
    deviations,
    listed,
    on_one_sample,
)
from cascade.studies.refinement.settings.products import SideBySideSettings


@style.styled
def side_by_side(inputs: Inputs, settings: SideBySideSettings) -> Result:
    """Draw predicted over true lg E, one panel a method, with one scale of colours."""
    applied = on_one_sample(inputs, settings, "side_by_side", 2)
    edges = bins_of(applied, settings)
    histograms = {
        one.key: count(one.columns["lg_energy"], one.columns["predicted_lg_energy"], edges)
        for one in applied
    }
    rows, columns = style.grid(len(applied), 3)
    side = (style.PAGE - 0.9) / columns
    figure, axes = style.subplots(
        rows, columns, width=style.PAGE, height=rows * side + 0.35, sharey=True, sharex=True,
        layout="compressed",
    )  # fmt: skip
    norm = count_norm(list(histograms.values()))
    for panel, one in zip(axes.flat, applied, strict=False):
        draw_counts(panel, histograms[one.key], edges, norm)
        style.note(panel, f"{one.label}\n{printed(deviations(one))}", x=0.04)
        panel.set_xlabel(f"true {LG_ENERGY}")
    for panel in axes[:, 0]:
        panel.set_ylabel(f"predicted {LG_ENERGY}")
    for axis in (axes[0, 0].xaxis, axes[0, 0].yaxis):  # all panels share them
        axis.set_major_locator(MultipleLocator(0.5))
    for spare in axes.flat[len(applied) :]:
        spare.set_axis_off()
    colour_bar(figure, axes, norm, "events per bin", colours=style.FILLED)
    numbers = {
        f"{one.key}/lg_energy_{name}": overall(one, statistic, settings.replicas, inputs.seed)
        for one in applied
        for name, statistic in STATISTICS.items()
    }
    return Result(figure, _table(histograms, edges), _caption(applied), numbers)


def bins_of(applied: Sequence[Applied], settings: SideBySideSettings) -> np.ndarray:
    """Return the edges of the bins along either axis."""
    if settings.range:
        return np.linspace(*settings.range, settings.bins + 1)
    true = np.concatenate([one.columns["lg_energy"] for one in applied])
    predicted = np.concatenate([one.columns["predicted_lg_energy"] for one in applied])
    low, high = np.quantile(predicted, [0.001, 0.999])
    low, high = min(low, true.min()), max(high, true.max())
    return np.linspace(np.floor(10 * low) / 10, np.ceil(10 * high) / 10, settings.bins + 1)


def printed(difference: np.ndarray) -> str:
    r"""Write mean and standard deviation of deviations, in two lines.

    Examples
    --------
    >>> printed(np.array([-0.1, 0.1, -1e-9]))
    'bias 0.000\nwidth 0.100'
    """
    mean = round(float(bias(difference)), 3) + 0.0  # no negative zero
    sign = "+" if mean > 0 else ""
    return f"bias {sign}{mean:.3f}\nwidth {resolution(difference):.3f}".replace("-", "−")


def _table(histograms: Mapping[str, np.ndarray], edges: np.ndarray) -> dict[str, list]:
    """Return the filled bins, by their middles."""
    table: dict[str, list] = {name: [] for name in ("method", "true", "predicted", "events")}
    centres = (edges[1:] + edges[:-1]) / 2
    for key, histogram in histograms.items():
        true, predicted = np.nonzero(histogram)
        table["method"] += [key] * len(true)
        table["true"] += centres[true].tolist()
        table["predicted"] += centres[predicted].tolist()
        table["events"] += histogram[true, predicted].astype(int).tolist()
    return table


def _caption(applied: Sequence[Applied]) -> str:
    labels = listed([one.label for one in applied])
    return (
        f"Predicted over true lg E on data, events per bin, from {counts(applied)}, all distances "
        f"and angles together: {labels}. Dashed: perfect prediction. Printed: mean (bias) and "
        "standard deviation (width) of lg E' − lg E of all events, also of those outside the "
        f"frame. Stands beside the energies before and after refinement of {PAPER}."
    )
