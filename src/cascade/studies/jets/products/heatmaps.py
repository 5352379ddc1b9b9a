"""Relevance by several ways, in single jets and in the mean over a class.

The heat maps stand beside those of Samek et al. (arXiv:1509.06321) and Simonyan et al.
(arXiv:1312.6034), the mean beside the average jet images of arXiv:1511.05190.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, SymLogNorm
from matplotlib.patches import Circle

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.introspection.held import attributions_in
from cascade.plotting import style
from cascade.plotting.images import colour_bar, draw_image, intensity_norm, name_coordinates
from cascade.plotting.product import Inputs, Result
from cascade.plotting.reading import called, explanation
from cascade.studies.jets.evidence import RADIUS, pixel_centres, subjet_axes
from cascade.studies.jets.products import reading
from cascade.studies.jets.products.images import COORDINATES, Average
from cascade.studies.jets.settings import AverageRelevanceSettings, HeatmapsSettings, Selection

HALF_WIDTH = Selection().image_half_width
SIGNED = SymLogNorm(0.03, linscale=0.5, vmin=-1, vmax=1)
"""Scale of relevance that was divided by its largest size: linear about 0, then logarithmic."""
TICKS = (-1, -0.3, -0.1, -0.03, 0, 0.03, 0.1, 0.3, 1)
VIEW = ((-0.85, 0.85), (-1.15, 0.55))
"""Part of the image that is drawn: most of all jets' energy lies in it."""


@style.styled
def heatmaps(inputs: Inputs, settings: HeatmapsSettings) -> Result:
    """Draw a few jets of each class, and the relevance of their pixels by each way."""
    method, path = explanation(inputs)
    ways = attributions_in(path, settings.ways)
    columns = hdf5.read(path, ["image", "label", "delta_r", "explained", *ways])
    wanted = {1: settings.w, 0: settings.qcd}
    jets = [
        _place(path, columns["label"], label, number)
        for label, numbers in wanted.items()
        for number in numbers
    ]
    if not jets:
        raise CascadeError("heatmaps: w, qcd: name at least one jet")
    figure, axes = _panels(len(jets), ways, settings.labels)
    norm = intensity_norm(columns["image"][jets], settings.decades)
    circles = subjet_axes(columns["delta_r"][jets].astype(np.float64))
    for row, jet, subjets in zip(axes, jets, circles, strict=True):
        draw_image(row[0], columns["image"][jet], HALF_WIDTH, norm)
        cls = reading.CLASSES[int(columns["label"][jet])]
        logit = f"{columns['explained'][jet]:.1f}".replace("-", "−")
        style.note(row[0], f"{cls}, logit {logit}", x=0.05)
        for panel, way in zip(row[1:], ways, strict=True):
            draw_image(panel, scaled(columns[way][jet]), HALF_WIDTH, SIGNED)
        for panel in row:
            _draw_subjets(panel, subjets)
    _finish(figure, axes, norm, r"$p_\mathrm{T}$ per pixel [GeV]", "relevance / its largest size")
    table: dict[str, list] = {"jet": [], "label": [], **_no_pixels()}
    table |= {name: [] for name in ("image", *ways)}
    for jet in jets:
        values = {name: columns[name][jet] for name in ("image", *ways)}
        _add_pixels(table, values, jet=jet, label=int(columns["label"][jet]))
    return Result(
        figure,
        table,
        f"{_jets_of(wanted)}, and what '{called(method, settings.labels)}' finds relevant in them "
        f"for its logit: {_listed(ways)}. Each map is divided by its largest size; the colour "
        "scale is linear up to 0.03, then logarithmic. Orange pixels speak for a W, blue ones "
        "against it (saliency, sensitivity and the maps by Grad-CAM and HiResCAM have no negative "
        f"side). The circles of radius {RADIUS:g} stand about the axes of the two leading subjets, "
        "solid and dashed. Stands "
        "beside the heat maps of arXiv:1509.06321.",
    )


@style.styled
def average_relevance(inputs: Inputs, settings: AverageRelevanceSettings) -> Result:
    """Draw the average image of each class, and the mean relevance of its pixels by each way."""
    method, path = explanation(inputs)
    ways = attributions_in(path, settings.ways)
    columns = hdf5.read(path, ["image", "label", "weight", "delta_r", *ways])
    averages = _averages(columns, ("image", *ways))
    counts = {label: averages[label, "image"].jets for label in reading.CLASSES}
    for label, jets in counts.items():
        if not jets:
            raise CascadeError(f"{path}: holds no {reading.CLASSES[label]} jet")
    mean = {key: average.mean_and_error()[0] for key, average in averages.items()}
    figure, axes = _panels(2, ways, settings.labels)
    norm = intensity_norm([mean[label, "image"] for label in counts], settings.decades)
    for row, (label, jets) in zip(axes, counts.items(), strict=True):
        draw_image(row[0], mean[label, "image"], HALF_WIDTH, norm)
        style.note(row[0], style.plural(jets, f"{reading.CLASSES[label]} jet"), x=0.05)
        for panel, way in zip(row[1:], ways, strict=True):
            largest = max(np.abs(mean[other, way]).max() for other in counts)
            draw_image(panel, mean[label, way] / (largest or 1), HALF_WIDTH, SIGNED)
        for panel in row:
            _draw_typical(panel, columns, label)
    _finish(figure, axes, norm, r"mean $p_\mathrm{T}$ per pixel [GeV]",
            "mean relevance / its largest size")  # fmt: skip
    table: dict[str, list] = {"label": [], "shown": [], **_no_pixels(), "mean": [], "error": []}
    for (label, name), average in averages.items():
        value, error = average.mean_and_error()
        _add_pixels(table, {"mean": value, "error": error}, label=label, shown=name)
    return Result(
        figure,
        table,
        f"Average image of {style.plural(counts[1], 'W jet')} (top) and "
        f"{style.plural(counts[0], 'QCD jet')} (bottom), and beside it the mean relevance for the "
        f"logit of '{called(method, settings.labels)}', the W jets weighted to the pT spectrum of "
        f"the QCD jets: {_listed(ways)}. Each way has one scale for both classes, its largest size "
        "in either, linear up to 0.03, then logarithmic; orange speaks for a W, blue against it "
        "(saliency, sensitivity and the maps by Grad-CAM and HiResCAM have no negative side). The "
        "circles of radius "
        f"{RADIUS:g} stand about the leading subjet and where the subleading one is in the median; "
        "the bar holds the central 68 % of its distances. Stands beside the average images of "
        "arXiv:1511.05190.",
    )


def scaled(image: np.ndarray) -> np.ndarray:
    """Return a map divided by its largest size; one without relevance stays as it is."""
    return image / (np.abs(image).max() or 1.0)


def _place(path: Path, labels: np.ndarray, label: int, number: int) -> int:
    """Return where the jet of a class with a running number stands in the file."""
    of_class = np.flatnonzero(labels == label)
    if number >= len(of_class):
        cls = reading.CLASSES[label]
        raise CascadeError(
            f"heatmaps: {cls.lower()}: {number} is too large, {path} holds "
            f"{style.plural(len(of_class), f'{cls} jet')}"
        )
    return int(of_class[number])


def _averages(columns: Mapping[str, Any], names: Sequence[str]) -> dict[tuple[int, str], Average]:
    averages = {}
    for label in reading.CLASSES:
        chosen = columns["label"] == label
        weight = columns["weight"][chosen].astype(np.float64)
        for name in names:
            averages[label, name] = Average(columns["image"].shape[1])
            averages[label, name].add(columns[name][chosen].astype(np.float64), weight)
    return averages


def _panels(rows: int, ways: Sequence[str], labels: Mapping[str, str]) -> tuple[Any, np.ndarray]:
    """Return a figure with a column for the image and one for each way, named above."""
    columns = 1 + len(ways)
    side = (style.PAGE - 0.5) / columns
    figure, axes = style.subplots(
        rows, columns, width=style.PAGE, height=rows * side + 1.0, layout="compressed",
        sharex=True, sharey=True,
    )  # fmt: skip
    for panel, way in zip(axes[0], ("image", *ways), strict=True):
        panel.set_title(called(way, labels), fontsize=7)
    return figure, axes


def _finish(figure: Any, axes: np.ndarray, norm: Normalize, energy: str, relevance: str) -> None:
    for panel in axes.flat:
        panel.set(xlim=VIEW[0], ylim=VIEW[1])
        panel.tick_params(labelsize=6)
    name_coordinates(axes, *COORDINATES)
    colour_bar(figure, axes[:, :1], norm, energy, "bottom")
    colour_bar(figure, axes[:, 1:], SIGNED, relevance, "bottom")
    figure.axes[-1].set_xticks(TICKS, [f"{tick:g}".replace("-", "−") for tick in TICKS])
    figure.axes[-1].minorticks_off()


def _draw_subjets(axes: Axes, subjets: np.ndarray) -> None:
    for centre, dashes in zip(subjets, ("-", (0, (3, 1.5))), strict=True):
        if not np.isnan(centre).any():
            axes.add_patch(
                Circle(centre, RADIUS, fill=False, color="black", lw=0.6, linestyle=dashes)
            )


def _draw_typical(axes: Axes, columns: Mapping[str, Any], label: int) -> None:
    """Draw where the subjets of a class are, and the spread of their distance."""
    there = columns["delta_r"][(columns["label"] == label) & (columns["delta_r"] > 0)]
    if not len(there):
        return
    low, median, high = np.quantile(there, [0.16, 0.5, 0.84])
    _draw_subjets(axes, subjet_axes(np.array([median]))[0])
    # beside the subjet, so that it hides no pixel
    axes.errorbar(-0.55, -median, [[high - median], [median - low]], color="black", lw=0.6,
                  capsize=1.5, capthick=0.6)  # fmt: skip


def _no_pixels() -> dict[str, list]:
    return {"eta": [], "phi": []}


def _add_pixels(table: dict[str, list], values: Mapping[str, np.ndarray], **facts: Any) -> None:
    """Add a row to a table for each pixel of some images."""
    eta, phi = pixel_centres(len(next(iter(values.values()))), HALF_WIDTH)
    for name, image in {"eta": eta, "phi": phi, **values}.items():
        table[name] += image.ravel().astype(float).tolist()
    for name, fact in facts.items():
        table[name] += [fact] * eta.size


def _jets_of(numbers: Mapping[int, Sequence[int]]) -> str:
    named = (
        style.plural(len(of), f"{reading.CLASSES[label]} jet") for label, of in numbers.items()
    )
    return " and ".join(named)


def _listed(ways: Sequence[str]) -> str:
    return ", ".join(called(way, {}) for way in ways)
