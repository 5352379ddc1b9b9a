"""A network that was fooled by an artefact, and what heat maps tell of it.

The place is found in the maps alone: where the fooled network sees relevance and an honest one does
not. Stands beside the horses that were told by a photographer's imprint (Lapuschkin et al.,
arXiv:1902.10178).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from cascade.errors import CascadeError
from cascade.evaluation.attribution import standard_error
from cascade.evaluation.bootstrap import bootstrap
from cascade.plotting import style
from cascade.plotting.images import colour_bar, draw_image, intensity_norm, name_coordinates
from cascade.plotting.points import draw_rows, name_rows
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied, called
from cascade.studies.jets.metrics import auc
from cascade.studies.jets.products import reading
from cascade.studies.jets.products.images import COORDINATES
from cascade.studies.jets.products.relevance_maps import (
    HALF_WIDTH,
    Found,
    Maps,
    bounds,
    locate,
    read_maps,
)
from cascade.studies.jets.settings import ArtefactMapsSettings

LOOKS = ({"color": style.VERMILLION, "marker": "o", "markerfacecolor": style.VERMILLION},
         {"color": "#004A80", "marker": "s", "markerfacecolor": "white"})  # fmt: skip
"""Of the fooled network and of the honest one."""


@style.styled
def artefact(inputs: Inputs, settings: ArtefactMapsSettings) -> Result:
    """Draw mean relevance, its share at the place that stands out, and areas without the mark."""
    if len(inputs.explanations) != 2:
        raise CascadeError(
            "explanations: name two, of the fooled network and of an honest one, on the same jets"
        )
    fooled, honest = (read_maps(path) for path in inputs.explanations.values())
    if not np.array_equal(fooled.columns["image"], honest.columns["image"]):
        raise CascadeError("explanations: both must look at the same jets")
    ways = [way for way in fooled.shares if way in honest.shares]
    if not ways:
        raise CascadeError("explanations: they have no way of explaining in common")
    found = locate(fooled, honest, ways[0], settings.edge)
    applied = reading.predictions(inputs, settings)
    shares = {
        (maps.network, way): _mean(maps.share(way, found.label, found.place))
        for maps in (fooled, honest)
        for way in ways
    }
    areas = {
        (one.method, one.sample): {
            name: _measured(one, statistic, inputs.seed, settings.replicas)
            for name, statistic in (("auc", auc), ("accuracy", accuracy))
        }
        for one in applied
    }
    figure = style.empty(style.PAGE, 3.3)
    left, right = figure.subfigures(1, 2, width_ratios=[len(ways), 1.9])
    _draw_maps(left, (fooled, honest), ways, found, settings.labels)
    panels = right.subplots(2, 1, height_ratios=[len(ways), 3])
    networks = [fooled.network, honest.network]
    _draw_shares(panels[0], shares, networks, ways, settings.labels)
    _draw_areas(panels[1], areas, networks, settings.labels)
    right.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", fontsize=6.5)
    metrics = {f"{network}/{way}/share": number for (network, way), number in shares.items()}
    for (method, sample), numbers in areas.items():
        metrics |= {f"{method}/{sample}/{name}": number for name, number in numbers.items()}
    table = {
        "quantity": list(metrics),
        **{key: [getattr(n, key) for n in metrics.values()] for key in ("value", "low", "high")},
        "events": [number.events for number in metrics.values()],
    }
    caption = _caption(fooled, honest, ways, found, metrics, settings.labels)
    return Result(figure, table, caption, metrics)


def accuracy(predictions: Mapping[str, np.ndarray]) -> float:
    """Return the share of the jets that are on the right side of a score of 0.5, by weight."""
    right = (predictions["score"] > 0.5) == (predictions["label"] == 1)
    return float(np.average(right, weights=predictions["weight"]))


def _mean(values: np.ndarray) -> Number:
    mean, error = float(values.mean()), float(standard_error(values))
    return Number(mean, mean - error, mean + error, "1", len(values))


def _measured(applied: Applied, statistic: Any, seed: int, replicas: int) -> Number:
    rng = np.random.default_rng(seed)
    return Number(*bootstrap(statistic, applied.ordered(), rng, replicas), "1", applied.events)


def _draw_maps(
    figure: Any, both: tuple[Maps, Maps], ways: list[str], found: Found, labels: Mapping[str, str]
) -> None:
    """Draw the mean maps of both networks, one a row, with the place that was found."""
    axes = figure.subplots(2, len(ways), sharex=True, sharey=True, squeeze=False)
    images = [[maps.mean(way, found.label) for way in ways] for maps in both]
    norm = intensity_norm([image for row in images for image in row], 3.0)
    for row, (maps, drawn) in enumerate(zip(both, images, strict=True)):
        for panel, image in zip(axes[row], drawn, strict=True):
            draw_image(panel, image, HALF_WIDTH, norm)
            _draw_place(panel, found.place)
        style.note(axes[row, 0], called(maps.network, labels), x=0.08, y=0.05)
    for panel, way in zip(axes[0], ways, strict=True):
        panel.set_title(called(way, {}), fontsize=7)
    name_coordinates(axes, *COORDINATES)
    label = f"mean share of the relevance of a {reading.CLASSES[found.label]} jet, per pixel"
    colour_bar(figure, axes, norm, label, "bottom")


def _draw_place(axes: Axes, place: np.ndarray) -> None:
    """Draw a frame about the pixels of a place, a pixel away from them."""
    (left, right), (low, high) = bounds(place, margin=1)
    axes.add_patch(Rectangle((left, low), right - left, high - low, fill=False, lw=0.7))


def _draw_shares(
    axes: Axes,
    shares: Mapping[tuple[str, str], Number],
    networks: list[str],
    ways: list[str],
    labels: Mapping[str, str],
) -> None:
    for network, look in zip(networks, LOOKS, strict=True):
        numbers = [shares[network, way] for way in ways]
        value, low, high = (np.array([getattr(n, key) for n in numbers]) for key in _BOUNDS)
        draw_rows(axes, value, (low, high), looks=[look] * len(ways))
        axes.plot([], [], label=called(network, labels), linestyle="none", markersize=3.2, **look)
    name_rows(axes, [called(way, {}) for way in ways])
    axes.axvline(0.5, color="black", lw=0.6, linestyle=(0, (1.2, 1.2)))
    axes.set(xlim=(-0.03, 1.03), xlabel="share in the frame")


_BOUNDS = ("value", "low", "high")


def _draw_areas(
    axes: Axes,
    areas: Mapping[tuple[str, str], Mapping[str, Number]],
    networks: list[str],
    labels: Mapping[str, str],
) -> None:
    samples = list(dict.fromkeys(sample for _, sample in areas))
    for network, look in zip(networks, LOOKS, strict=True):
        numbers = [areas[network, s]["auc"] if (network, s) in areas else None for s in samples]
        value, low, high = (
            np.array([getattr(n, key) if n else np.nan for n in numbers]) for key in _BOUNDS
        )
        draw_rows(axes, value, (low, high), looks=[look] * len(samples))
    name_rows(axes, [called(sample, labels) for sample in samples])
    axes.axvline(0.5, color="black", lw=0.6, linestyle=(0, (1.2, 1.2)))
    axes.set(xlim=(-0.03, 1.03), xlabel="area under the ROC curve")


def _caption(
    fooled: Maps,
    honest: Maps,
    ways: list[str],
    found: Found,
    metrics: Mapping[str, Number],
    labels: Mapping[str, str],
) -> str:
    (left, right), (low, high) = bounds(found.place)
    cls, other = reading.CLASSES[found.label], reading.CLASSES[1 - found.label]
    marked = fooled.columns["label"] == found.label
    there = fooled.columns["image"][:, found.place]
    holds = [float((there[of] > 0).any(axis=1).mean()) for of in (marked, ~marked)]
    planted = fooled.columns.get("evidence")
    verdict = ": an artefact, no physics" if holds[0] > 0.9 and holds[1] < 0.1 else ""
    check = ""
    if planted is not None:
        true = (planted > 0).any(axis=0)
        check = (
            f" Of these pixels {np.count_nonzero(found.place & true)} are among the "
            f"{np.count_nonzero(true)} that the mark was planted into."
        )
    name = called(fooled.network, labels)
    areas = [
        f"{number.value:.3f} on '{called(sample, labels)}'"
        for sample in dict.fromkeys(key.split("/")[1] for key in metrics if key.endswith("/auc"))
        if (number := metrics.get(f"{fooled.network}/{sample}/auc"))
    ]
    shares = ", ".join(
        f"{called(way, {})} {100 * metrics[f'{fooled.network}/{way}/share'].value:.0f} %"
        for way in ways
    )
    return (
        f"Where '{name}' looks, and another network does not. Left: mean share of the absolute "
        f"relevance of {style.plural(int(marked.sum()), f'{cls} jet')} per pixel; top: '{name}', "
        f"bottom: '{called(honest.network, labels)}' on the same jets. Frame: the place where "
        f"{called(ways[0], {})} of the first exceeds that of the second most, found in the maps "
        f"alone: {style.plural(int(found.place.sum()), 'pixel')} at {left:.2f} < Δη < {right:.2f} "
        f"and {low:.2f} < Δφ < {high:.2f}. There is energy in {100 * holds[0]:.0f} % of the {cls} "
        f"jets and in {100 * holds[1]:.0f} % of the {other} jets{verdict}."
        f"{check} Right: share of the absolute relevance in these pixels (dotted: a half) with its "
        f"standard error; '{name}' has {shares}. Below: area under the ROC curve, for '{name}' "
        f"{', '.join(areas)}, with the central 68 % of bootstrap replicas. Stands beside the "
        "imprint found in arXiv:1902.10178."
    )
