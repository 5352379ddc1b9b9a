"""Jet images: class averages through the preprocessing, correlation of pixels with outputs.

Both stand beside figures of "Jet-Images: Deep Learning Edition" (arXiv:1511.05190).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.images import (
    colour_bar,
    draw_image,
    image_grid,
    intensity_norm,
    name_coordinates,
    signed_norm,
)
from cascade.plotting.product import Inputs, Result
from cascade.plotting.reading import Applied, first, samples
from cascade.studies.jets import images
from cascade.studies.jets.observables import preprocessing
from cascade.studies.jets.products import reading
from cascade.studies.jets.settings import AverageImagesSettings, PixelCorrelationSettings, Selection

STEPS = {
    "raw": "jet axis",
    "translated": "translated",
    "rotated": "rotated",
    "flipped": "flipped",
    "normalised": "normalised",
}

COORDINATES = (r"$\Delta\eta$", r"$\Delta\phi$ [rad]")


class Average:
    """Weighted mean of images with its standard error, added up chunk by chunk."""

    def __init__(self, size: int):
        self.jets = 0
        self.weight = 0.0
        # Σwx, Σw², Σw²x, Σw²x²
        self.sums = [np.zeros((size, size)) for _ in range(4)]

    def add(self, pixels: np.ndarray, weight: np.ndarray) -> None:
        """Add images, shape (jets, size, size), with weights of shape (jets,)."""
        self.jets += len(weight)
        self.weight += weight.sum()
        terms = (weight, weight**2)
        for total, (factor, power) in zip(
            self.sums, ((terms[0], 1), (terms[1], 0), (terms[1], 1), (terms[1], 2)), strict=True
        ):
            total += np.einsum("j,jxy->xy", factor, pixels**power)

    def mean_and_error(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean and its standard error √Σw²(x − mean)² / Σw, NaN without weight."""
        if self.weight == 0:
            return np.full_like(self.sums[0], np.nan), np.full_like(self.sums[0], np.nan)
        mean = self.sums[0] / self.weight
        spread = self.sums[3] - 2 * mean * self.sums[2] + mean**2 * self.sums[1]
        return mean, np.sqrt(np.maximum(spread, 0)) / self.weight


@style.styled
def average_images(inputs: Inputs, settings: AverageImagesSettings) -> Result:
    """Draw the average image of each class before and after each step of the preprocessing."""
    sample, path = samples(inputs)[0]
    selection = reading.selection_of(path)
    averages = _averages(path, selection, settings)
    steps = list(dict.fromkeys(step for _, step in averages))
    height = 2 * 6.5 / len(steps) + 0.9
    figure, axes = style.subplots(
        2, len(steps), width=style.PAGE, height=height, sharex=True, sharey=True
    )
    mean = {key: average.mean_and_error()[0] for key, average in averages.items()}
    for group in ([step for step in steps if step != "normalised"], ["normalised"]):
        drawn = {key: image for key, image in mean.items() if key[1] in group}
        if not drawn:
            continue
        norm = intensity_norm(list(drawn.values()), settings.decades)
        for (label, step), image in drawn.items():
            panel = axes[0 if label else 1, steps.index(step)]
            draw_image(panel, image, selection.image_half_width, norm)
            style.note(panel, f"{reading.CLASSES[label]}, {STEPS[step]}", x=0.05)
        unit = "" if group == ["normalised"] else " [GeV]"
        here = axes[:, [steps.index(step) for step in group]]
        colour_bar(figure, here, norm, rf"mean $p_\mathrm{{T}}$ per pixel{unit}", "bottom")
    name_coordinates(axes, *COORDINATES)
    counts = {label: averages[label, "raw"].jets for label in reading.CLASSES}
    for label, jets in counts.items():
        style.note(axes[0 if label else 1, 0], style.plural(jets, "jet"), x=0.05, y=0.05)
    return Result(
        figure,
        _pixel_table(averages, selection),
        f"Average images of {style.plural(counts[1], 'W jet')} (top) and "
        f"{style.plural(counts[0], 'QCD jet')} (bottom) of sample '{sample}', "
        f"{_windows(selection, settings)}, the W jets weighted to the pT spectrum of the QCD jets. "
        "From left to right: about the jet axis, then after each step of the preprocessing: "
        "translated to the leading subjet, rotated until the subleading subjet points down, "
        "flipped until the right half holds more energy"
        f"{', divided by its L2 norm' if 'normalised' in steps else ''}. Pixels below the colour "
        "scale are white. Stands beside the average images of arXiv:1511.05190.",
    )


def _averages(
    path: Path, selection: Selection, settings: AverageImagesSettings
) -> dict[tuple[int, str], Average]:
    """Average the images by (label, step); the first jets of the file, inside the windows."""
    averages: dict[tuple[int, str], Average] = {}
    names = ("constituents", "label", "weight", "pt", "mass")
    for events in first(path, names, settings.jets):
        kept = np.ones(len(events["label"]), bool)
        for name in ("pt", "mass"):
            low, high = getattr(settings, name) or (-np.inf, np.inf)
            kept &= (events[name] >= low) & (events[name] <= high)
        if not kept.any():
            continue
        steps = preprocessing(events["constituents"][kept], selection)
        if selection.normalise:
            steps["normalised"] = images.normalise(steps["flipped"])
        label, weight = events["label"][kept], events["weight"][kept].astype(np.float64)
        for step, pixels in steps.items():
            for value in reading.CLASSES:
                average = averages.setdefault((value, step), Average(selection.image_size))
                average.add(pixels[label == value], weight[label == value])
    if not averages:
        raise CascadeError(f"{path}: no jet lies in the windows of pT and mass")
    return averages


def _windows(selection: Selection, settings: AverageImagesSettings) -> str:
    pt, mass = settings.pt or selection.pt, settings.mass or selection.mass
    return f"{pt[0]:g} < pT < {pt[1]:g} GeV and {mass[0]:g} < m < {mass[1]:g} GeV"


def _pixel_table(averages: dict[tuple[int, str], Average], selection: Selection) -> dict[str, list]:
    edge = selection.image_half_width * (1 - 1 / selection.image_size)
    centres = np.linspace(-edge, edge, selection.image_size)
    eta, phi = (axis.ravel() for axis in np.meshgrid(centres, centres, indexing="ij"))
    table = {column: [] for column in ("label", "step", "eta", "phi", "mean", "error")}
    for (label, step), average in averages.items():
        mean, error = average.mean_and_error()
        table["label"] += [label] * mean.size
        table["step"] += [step] * mean.size
        for column, values in (("eta", eta), ("phi", phi), ("mean", mean), ("error", error)):
            table[column] += values.ravel().tolist()
    return table


@style.styled
def pixel_correlation(inputs: Inputs, settings: PixelCorrelationSettings) -> Result:
    """Draw the Pearson correlation of each pixel with the output of each method."""
    everything = reading.predictions(inputs, settings)
    maps = {}
    for sample in dict.fromkeys(applied.sample for applied in everything):
        if sample not in inputs.samples:
            raise CascadeError(f"pixel_correlation: name sample '{sample}' among its samples too")
        of_sample = [applied for applied in everything if applied.sample == sample]
        found = correlations(inputs.samples[sample], of_sample, settings.jets)
        maps.update({applied.key: image for applied, image in zip(of_sample, found, strict=True)})
    half_width = reading.selection_of(inputs.samples[everything[0].sample]).image_half_width
    figure, axes = image_grid(len(maps))
    norm = signed_norm(list(maps.values()))
    for panel, applied in zip(axes.flat, everything, strict=False):
        draw_image(panel, maps[applied.key], half_width, norm)
        style.note(panel, applied.label, x=0.05)
    jets = min(*(applied.events for applied in everything), settings.jets)
    style.note(axes[0, 0], style.plural(jets, "jet"), x=0.05, y=0.05)
    colour_bar(figure, axes, norm, "correlation")
    name_coordinates(axes, *COORDINATES, len(maps))
    return Result(figure, _correlation_table(maps, half_width), _correlation_caption(jets))


def correlations(path: Path, applied: list[Applied], jets: int) -> np.ndarray:
    """Return the weighted Pearson correlation of pixels and scores, shape (methods, size, size).

    NaN where a pixel never changes. The sums are added up chunk by chunk.

    Raises
    ------
    CascadeError
        The predictions are not those of the sample's jets.
    """
    for one in applied:
        if one.events != hdf5.count(path):
            raise CascadeError(f"{one.path}: its {one.events} jets are not those of {path}")
    scores = np.stack([one.columns["score"] for one in applied]).astype(np.float64)
    scores -= scores.mean(axis=1, keepdims=True)  # keeps the differences of sums below exact
    start, sums = 0, None
    for events in first(path, ("image", "label", "weight"), jets):
        here = slice(start, start + len(events["label"]))
        start = here.stop
        for one in applied:
            if not np.array_equal(one.columns["label"][here], events["label"]):
                raise CascadeError(f"{one.path}: its labels are not those of {path}")
        x = events["image"].astype(np.float64)
        size, x = x.shape[1], x.reshape(len(x), -1)
        w, s = events["weight"].astype(np.float64), scores[:, here]
        terms = (w.sum(), w @ x, w @ x**2, s @ w, s**2 @ w, (s * w) @ x)
        sums = terms if sums is None else [a + b for a, b in zip(sums, terms, strict=True)]
    total, x, xx, s, ss, sx = sums
    x, xx, s, ss, sx = (value / total for value in (x, xx, s, ss, sx))
    variance_x, variance_s = xx - x**2, (ss - s**2)[:, None]
    constant = variance_x <= 1e-12 * xx
    with np.errstate(divide="ignore", invalid="ignore"):
        result = (sx - s[:, None] * x) / np.sqrt(variance_x * variance_s)
    result[:, constant] = np.nan
    return np.where(np.isfinite(result), result, np.nan).reshape(-1, size, size)


def _correlation_table(maps: dict[str, np.ndarray], half_width: float) -> dict[str, list]:
    table = {column: [] for column in ("method", "eta", "phi", "correlation")}
    for key, image in maps.items():
        edge = half_width * (1 - 1 / len(image))
        centres = np.linspace(-edge, edge, len(image))
        eta, phi = (axis.ravel() for axis in np.meshgrid(centres, centres, indexing="ij"))
        table["method"] += [key] * image.size
        for column, values in (("eta", eta), ("phi", phi), ("correlation", image)):
            table[column] += values.ravel().tolist()
    return table


def _correlation_caption(jets: int) -> str:
    return (
        "Pearson correlation of the transverse energy in each pixel of the preprocessed image "
        f"with the output of each method, from {style.plural(jets, 'jet')} of both classes, the W "
        "jets weighted to the pT spectrum of the QCD jets; positive where energy speaks for a W. "
        f"The statistical error of a vanishing correlation is about {1 / np.sqrt(jets):.2g}. "
        "Hatched pixels are empty in all jets. Stands beside the correlation maps of "
        "arXiv:1511.05190."
    )
