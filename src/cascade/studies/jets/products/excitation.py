"""What excites a network: images made to excite it, and patches of jets that do.

After Simonyan et al. (arXiv:1312.6034) and Zeiler and Fergus (arXiv:1311.2901).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize

from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.images import colour_bar, draw_image, intensity_norm, name_coordinates
from cascade.plotting.product import Inputs, Result
from cascade.plotting.reading import called, explanation
from cascade.studies.jets.evidence import pixel_centres
from cascade.studies.jets.products.images import COORDINATES
from cascade.studies.jets.settings import MaximisedSettings, PatchesSettings, Selection

HALF_WIDTH = Selection().image_half_width
SIGNED = Normalize(-1, 1)
_FACTS = ("feature", "channel", "event", "activation")


def layer_names(path: Path, way: str) -> list[str]:
    """Return the layers of an explanation by channels, in the order of its settings."""
    settings = json.loads(hdf5.attributes(path).get("settings") or "{}")
    features = settings.get("ways", {}).get(way, {}).get("features", [])
    return [str(each["layer"]) for each in features]


@style.styled
def maximised(inputs: Inputs, settings: MaximisedSettings) -> Result:
    """Draw images that make the logit large and small, and such that excite channels."""
    method, path = explanation(inputs)
    names = ("feature", "channel", "sign", "start", "climb", "image")
    rows = hdf5.read(path, names)
    layers = layer_names(path, "maximisation")
    groups = _groups(rows, min(settings.starts, int(rows["start"].max()) + 1))
    columns = max(len(places) for places in groups.values())
    side = (style.PAGE - 1.2) / columns
    figure, axes = style.subplots(
        len(groups), columns, width=style.PAGE, height=len(groups) * (side + 0.14) + 0.4,
        layout="compressed", sharex=True, sharey=True,
    )  # fmt: skip
    norm = intensity_norm([np.ones(1)], settings.decades)
    for row, places in zip(axes, groups.values(), strict=True):
        for panel in row[len(places) :]:
            panel.set_axis_off()
        for panel, place in zip(row, places, strict=False):
            image = rows["image"][place]
            draw_image(panel, image / (image.max() or 1.0), HALF_WIDTH, norm)
            panel.tick_params(labelsize=6)
            panel.set_title(_aim(rows, place), fontsize=6.5, pad=2)
    name_coordinates(axes, *COORDINATES)
    for row, feature in zip(axes, groups, strict=True):
        name = layers[feature] if feature >= 0 else "output"
        row[0].set_ylabel(f"{name}\n{COORDINATES[1]}", fontsize=7.5)
    colour_bar(figure, axes, norm, r"$p_\mathrm{T}$ per pixel / its maximum")
    drawn = [place for places in groups.values() for place in places]
    table: dict[str, list] = {name: [] for name in (*names[:4], "reached", "eta", "phi", "pt")}
    eta, phi = pixel_centres(rows["image"].shape[1], HALF_WIDTH)
    for place in drawn:
        facts = [int(rows[name][place]) for name in names[:4]]
        for name, fact in zip(table, (*facts, float(rows["climb"][place, -1])), strict=False):
            table[name] += [fact] * eta.size
        for name, values in (("eta", eta), ("phi", phi), ("pt", rows["image"][place])):
            table[name] += values.ravel().astype(float).tolist()
    return Result(figure, table, _maximised_caption(called(method, settings.labels), rows, layers))


def _groups(rows: Mapping[str, np.ndarray], starts: int) -> dict[int, np.ndarray]:
    """Return the places of the rows to be drawn, by feature."""
    few = rows["start"] < starts
    return {
        int(feature): np.flatnonzero(few & (rows["feature"] == feature))
        for feature in dict.fromkeys(rows["feature"].tolist())
    }


def _aim(rows: Mapping[str, np.ndarray], place: int) -> str:
    """Say what an image excites, and how far."""
    reached = f"{rows['climb'][place, -1]:.1f}".replace("-", "−")
    if rows["feature"][place] >= 0:
        return f"channel {rows['channel'][place]}: {reached}"
    size = "large" if rows["sign"][place] > 0 else "small"
    return f"{size} logit: {reached}"


def _maximised_caption(network: str, rows: Mapping[str, np.ndarray], layers: list[str]) -> str:
    steps = rows["climb"].shape[1] - 1
    starts = int(rows["start"].max()) + 1
    below = " Below: images that excite channels of the layers named at the left." if layers else ""
    return (
        f"Images that excite '{network}' most, found in {steps} steps uphill from noise, no pixel "
        "below 0, each divided by its largest pixel. Top: images that make the logit large or "
        f"small, which the network takes for the purest W or QCD jets.{below} Above each image "
        "stands what it excites, and the value that this reaches. Columns are several starts. No "
        f"jet is shown: of the file's first {starts} only the size of the pixels was used. "
        "Stands beside the class models of arXiv:1312.6034."
    )


@style.styled
def deconvnet_patches(inputs: Inputs, settings: PatchesSettings) -> Result:
    """Draw what excites channels most: projections back to the image beside the patches."""
    method, path = explanation(inputs)
    rows = hdf5.read(path)
    layers = layer_names(path, "deconvnet")
    blocks = _blocks(rows)
    columns = max(len(channels) for channels in blocks.values())
    side = (style.PAGE - 0.8) / (2 * columns)
    figure, axes = style.subplots(
        len(blocks), 2 * columns, width=style.PAGE, height=len(blocks) * (side + 0.2) + 0.85,
        layout="compressed",
    )  # fmt: skip
    energy = intensity_norm(rows["image"], settings.decades)
    for panel in axes.flat:
        panel.set_axis_off()
    for row, (feature, channels) in zip(axes, blocks.items(), strict=True):
        for pair, (channel, places) in zip(row.reshape(-1, 2), channels.items(), strict=False):
            patterns, patches = _cut_out(rows, places)
            patterns /= np.nanmax(np.abs(patterns)) or 1.0
            _draw_mosaic(pair[0], patterns, SIGNED)
            _draw_mosaic(pair[1], patches, energy)
            pair[0].set_title(f"{layers[feature]}, {channel}", fontsize=6.5, loc="left", pad=2)
    colour_bar(figure, axes[:, :columns], SIGNED, "projection / its largest size", "bottom")
    colour_bar(figure, axes[:, columns:], energy, r"$p_\mathrm{T}$ per pixel [GeV]", "bottom")
    table: dict[str, list] = {name: [] for name in (*_FACTS, "eta", "phi", "pt", "projection")}
    eta, phi = pixel_centres(rows["image"].shape[1], HALF_WIDTH)
    for place in range(len(rows["event"])):
        seen = rows["image_reach"][place] > 0
        for name in _FACTS:
            table[name] += [rows[name][place].item()] * int(seen.sum())
        found = (eta, phi, rows["image"][place], rows["image_pattern"][place])
        for name, values in zip(("eta", "phi", "pt", "projection"), found, strict=True):
            table[name] += values[seen].astype(float).tolist()
    most = max(len(places) for channels in blocks.values() for places in channels.values())
    searched = style.plural(json.loads(hdf5.attributes(path)["settings"])["events"], "jet")
    return Result(
        figure,
        table,
        f"What excites channels of '{called(method, settings.labels)}' most: of each channel, by "
        f"its layer and number, the {most} jets whose largest feature is highest among the first "
        f"{searched} that are explained, the highest at the top left. Right: the patch of the "
        "image that the feature can depend on, η to the right and φ upwards. Left: what a "
        "DeconvNet projects back from it, divided by the largest size in the channel; orange is "
        "energy that excites the feature, blue energy that would subdue it. It differs from jet to "
        "jet only by which pixels held the maxima and how bright they are: hardly at all where "
        "poolings are averages. Channels are those on which the logit hangs most, unless the "
        "settings name them. Stands beside the patches of "
        "arXiv:1311.2901.",
    )


def _blocks(rows: Mapping[str, np.ndarray]) -> dict[int, dict[int, np.ndarray]]:
    """Return the places of the rows, by feature and channel."""
    found: dict[int, dict[int, np.ndarray]] = {}
    for feature, channel in zip(rows["feature"].tolist(), rows["channel"].tolist(), strict=True):
        same = (rows["feature"] == feature) & (rows["channel"] == channel)
        found.setdefault(feature, {}).setdefault(channel, np.flatnonzero(same))
    return found


def _cut_out(rows: Mapping[str, np.ndarray], places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return projections and images in the receptive fields, (patches, size, size).

    A field that the edge of the image cuts off keeps its size; NaN lies beyond the edge.
    """
    boxes = [_box(rows["image_reach"][place]) for place in places]
    size = max(high - low for box in boxes for low, high in box)
    found = []
    for name in ("image_pattern", "image"):
        patches = np.full((len(places), size, size), np.nan)
        for patch, place, box in zip(patches, places, boxes, strict=True):
            # cut off at the lower edge, it lies at the upper end of the patch
            shifts = [size - (high - low) if low == 0 else 0 for low, high in box]
            (x, to_x), (y, to_y) = box
            patch[shifts[0] : shifts[0] + to_x - x, shifts[1] : shifts[1] + to_y - y] = rows[name][
                place, x:to_x, y:to_y
            ]
        found.append(patches)
    return found[0], found[1]


def _box(field: np.ndarray) -> list[tuple[int, int]]:
    """Return the first pixel of a receptive field, and the one behind it, along both axes."""
    ends = []
    for axis in (1, 0):
        there = np.flatnonzero(field.any(axis=axis))
        ends.append((int(there[0]), int(there[-1]) + 1))
    return ends


def _draw_mosaic(axes: Axes, patches: np.ndarray, norm: Normalize) -> None:
    """Draw patches in rows, the first at the top left, with a pixel between them."""
    number, size, _ = patches.shape
    columns = int(np.ceil(np.sqrt(number)))
    step = size + 1
    rows = -(-number // columns)
    canvas = np.full((columns * step - 1, rows * step - 1), np.nan)
    for place, patch in enumerate(patches):
        x, y = place % columns * step, (rows - 1 - place // columns) * step
        canvas[x : x + size, y : y + size] = patch
    colours = style.DIVERGING if (norm.vmin or 0) < 0 else style.INTENSITY
    colours = colours.with_extremes(bad="0.8")
    axes.imshow(
        np.ma.masked_invalid(canvas).T, origin="lower", cmap=colours, norm=norm,
        interpolation="nearest",
    )  # fmt: skip
