"""Translation test: which networks' maps move along with a jet, and whose score stays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cascade.errors import CascadeError
from cascade.evaluation.attribution import standard_error
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import called
from cascade.plotting.settings import FigureSettings
from cascade.studies.jets.metrics import auc

WHOLE = 0.999
"""Jets that lose more than the rest of their energy beyond the edge are left out."""


@dataclass(frozen=True)
class Shifted:
    """What shifts do to a network, for the jets that stay inside the image.

    Attributes
    ----------
    layers
        Names of the layers.
    moved, stayed
        How far the maps are from having moved along, and from having stayed, (jets, layers,
        shifts).
    change
        |S(shifted) − S| over the standard deviation of S among the jets, (jets, shifts).
    auc
        Area under the ROC curve after each shift, (shifts,).
    jets
        How many there are in the file, those left out included.
    """

    network: str
    layers: list[str]
    moved: np.ndarray
    stayed: np.ndarray
    change: np.ndarray
    auc: np.ndarray
    jets: int


def read_shifted(path: Path) -> Shifted:
    """Read a translation test.

    Raises
    ------
    CascadeError
        The file holds none, or hardly a jet stays inside the image.
    """
    names = ["shifted_score", "shifted_kept", "moved", "stayed", "label", "weight"]
    columns = hdf5.read(path, names, study="jets")
    facts = hdf5.attributes(path)
    layers = json.loads(facts["settings"])["ways"].get("translation", {}).get("layers", [0])
    inside = columns["shifted_kept"].min(axis=1) > WHOLE
    if inside.sum() < 2:
        raise CascadeError(f"{path}: hardly a jet stays inside the image; make shifts smaller")
    score = columns["shifted_score"][inside].astype(np.float64)
    label, weight = columns["label"][inside], columns["weight"][inside]
    spread = score[:, 0].std() or 1.0
    areas = [auc({"score": each, "label": label, "weight": weight}) for each in score.T]
    return Shifted(
        str(facts.get("method", path.stem)),
        [str(layer) for layer in layers],
        columns["moved"][inside],
        columns["stayed"][inside],
        np.abs(score - score[:, :1]) / spread,
        np.array(areas),
        len(inside),
    )


@style.styled
def translation(inputs: Inputs, settings: FigureSettings) -> Result:
    """Draw errors of the maps and the change of the score over the shift, network by network."""
    if not inputs.explanations:
        raise CascadeError("explanations: name at least one, made by the way 'translation'")
    networks = [read_shifted(path) for path in inputs.explanations.values()]
    shifts = {found.moved.shape[-1] for found in networks}
    if len(shifts) > 1:
        raise CascadeError("explanations: all networks must be shifted equally far")
    figure = style.empty(style.PAGE, 2.75)
    left, right = figure.subfigures(1, 2, width_ratios=[len(networks), 1.25])
    panels = left.subplots(1, len(networks), sharey=True, squeeze=False)[0]
    for panel, found in zip(panels, networks, strict=True):
        _draw_maps(panel, found)
        panel.set_title(called(found.network, settings.labels), fontsize=7)
        panel.set_xlabel("shift [pixels]")
    panels[0].set_ylabel("error of the maps")
    panels[0].set_ylim(bottom=-0.05)
    handles, labels = max(
        (p.get_legend_handles_labels() for p in panels), key=lambda both: len(both[0])
    )
    left.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=6.5)
    panel = right.subplots()
    for index, found in enumerate(networks):
        x = np.arange(found.change.shape[1])
        error = [standard_error(each) for each in found.change.T]
        # other colours than the stages have
        look = {**style.symbol(index + 3), "markersize": 3.2, "elinewidth": 0.7}
        name = called(found.network, settings.labels)
        panel.errorbar(x, found.change.mean(axis=0), error, label=name, **look)
    panel.set(xlabel="shift [pixels]", ylabel="change of the logit / its spread")
    panel.set_ylim(bottom=-0.03)
    right.legend(*panel.get_legend_handles_labels(), loc="outside lower center", fontsize=6.5)
    return Result(figure, _table(networks), _caption(networks, settings.labels), _metrics(networks))


def _draw_maps(panel: Axes, found: Shifted) -> None:
    panel.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    x = np.arange(found.moved.shape[-1])
    for layer in range(found.moved.shape[1]):
        colour = style.symbol(layer)["color"]
        look = {"color": colour, "marker": style.symbol(layer)["marker"], "markersize": 3.2}
        panel.plot(x, found.moved[:, layer].mean(axis=0), label=f"stage {layer + 1}, moved along",
                   **look)  # fmt: skip
        panel.plot(x, found.stayed[:, layer].mean(axis=0), linestyle=(0, (1.2, 1.2)), lw=0.8,
                   label=f"stage {layer + 1}, stayed", **look | {"marker": ""})  # fmt: skip


def _table(networks: list[Shifted]) -> dict[str, list]:
    table: dict[str, list] = {
        key: [] for key in ("network", "quantity", "layer", "shift", "mean", "error")
    }
    for found in networks:
        rows = [("change", "", found.change)]
        for place, layer in enumerate(found.layers):
            rows += [
                ("moved", layer, found.moved[:, place]),
                ("stayed", layer, found.stayed[:, place]),
            ]
        for quantity, layer, values in rows:
            for shift, each in enumerate(values.T):
                row = (found.network, quantity, layer, shift, float(each.mean()),
                       float(standard_error(each)))  # fmt: skip
                for column, value in zip(table.values(), row, strict=True):
                    column.append(value)
        for shift, area in enumerate(found.auc):
            row = (found.network, "auc", "", shift, float(area), float("nan"))
            for column, value in zip(table.values(), row, strict=True):
                column.append(value)
    return table


def _metrics(networks: list[Shifted]) -> dict[str, Number]:
    """Return what the largest shift does to each network."""
    metrics = {}
    for found in networks:
        last = {"change": found.change[:, -1], "moved": found.moved[:, -1, -1],
                "stayed": found.stayed[:, -1, -1]}  # fmt: skip
        for name, each in last.items():
            mean, error = float(each.mean()), float(standard_error(each))
            metrics[f"{found.network}/{name}"] = Number(
                mean, mean - error, mean + error, "1", len(each)
            )
    return metrics


def _caption(networks: list[Shifted], labels: Mapping[str, str]) -> str:
    largest = networks[0].moved.shape[-1] - 1
    each = "; ".join(
        f"'{called(found.network, labels)}' (stages: {', '.join(found.layers)}): shifted by one "
        f"pixel and by {largest} the logit changes by {found.change[:, 1].mean():.2g} and "
        f"{found.change[:, -1].mean():.2g} of its spread, the area under the ROC curve goes from "
        f"{found.auc[0]:.3f} to {found.auc[-1]:.3f}"
        for found in networks
    )
    first = networks[0]
    return (
        f"Networks on images that are shifted by up to {largest} pixels, for the "
        f"{style.plural(len(first.moved), 'jet')} of {style.plural(first.jets, 'jet')} that keep "
        f"{100 * WHOLE:.1f} % of their energy inside the image. Left: how far the maps g behind "
        "each stage (those of an empty image subtracted) are from having moved along, "
        "‖g(T x) − T′g(x)‖ / ‖g(x)‖ with T′ the shift by the nearest whole number of their own "
        "pixels (solid: 0 if equivariant), and from having stayed, ‖g(T x) − g(x)‖ / ‖g(x)‖ "
        "(dotted: 0 if invariant); means over the jets. Right: mean size of the logit's change in "
        f"units of the logit's standard deviation among the jets, with its standard error. {each}. "
        "Maps that lie near the edge feel their padding. Stands beside the tests of "
        "arXiv:1805.12177 and arXiv:1904.11486."
    )
