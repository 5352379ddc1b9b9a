"""Feature maps: what the layers of a network make of one jet."""

from __future__ import annotations

import json

import numpy as np

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.images import draw_image, intensity_norm, signed_norm
from cascade.plotting.product import Inputs, Result
from cascade.plotting.reading import called
from cascade.studies.jets.products import reading
from cascade.studies.jets.products.images import COORDINATES
from cascade.studies.jets.settings import FeatureMapsSettings, Selection

HALF_WIDTH = Selection().image_half_width


@style.styled
def feature_maps(inputs: Inputs, settings: FeatureMapsSettings) -> Result:
    """Draw the maps of one layer after another, one explanation each, of the same jet."""
    if not inputs.explanations:
        raise CascadeError("explanations: this product shows feature maps: name at least one")
    layers = {}
    for key, path in inputs.explanations.items():
        columns = hdf5.read(path, ["image", "label", "feature_maps"])
        if settings.jet >= len(columns["image"]):
            raise CascadeError(
                f"feature_maps: jet: {settings.jet} is too large, {path} holds "
                f"{style.plural(len(columns['image']), 'jet')}"
            )
        chosen = json.loads(hdf5.attributes(path).get("settings") or "{}")
        name = chosen.get("ways", {}).get("feature_maps", {}).get("layer")
        layers[key] = (str(key if name is None else name), columns["feature_maps"][settings.jet])
        image, label = columns["image"][settings.jet], int(columns["label"][settings.jet])
        method = str(hdf5.attributes(path).get("method", "network"))
    ranked = {
        key: maps.reshape(len(maps), -1).sum(axis=1).argsort(kind="stable")[::-1]
        for key, (_, maps) in layers.items()
    }
    side = (style.PAGE - 0.6) / (settings.channels + 1.8)
    figure = style.empty(style.PAGE, max(0.1 + len(layers) * (side + 0.2), 1.8))
    left, right = figure.subfigures(1, 2, width_ratios=(2.1, settings.channels))
    panel = left.subplots()
    draw_image(panel, image, HALF_WIDTH, intensity_norm([image], 3.0))
    panel.set_title(f"{reading.CLASSES[label]} jet", fontsize=7)
    panel.set(xlabel=COORDINATES[0], ylabel=COORDINATES[1])
    axes = right.subplots(len(layers), settings.channels, squeeze=False)
    table: dict[str, list] = {name: [] for name in ("layer", "channel", "row", "column", "feature")}
    for row, (key, (name, maps)) in zip(axes, layers.items(), strict=True):
        norm = signed_norm(maps[ranked[key][: settings.channels]])
        for spare in row:
            spare.set_axis_off()
        for panel, channel in zip(row, ranked[key], strict=False):
            panel.set_axis_on()
            panel.set(xticks=[], yticks=[])
            panel.imshow(maps[channel].T, origin="lower", cmap=style.DIVERGING, norm=norm)
            panel.set_title(str(channel), fontsize=6, pad=1.5)
            x, y = np.indices(maps[channel].shape)
            values = (x, y, maps[channel].astype(float))
            for column, found in zip(("row", "column", "feature"), values, strict=True):
                table[column] += found.ravel().tolist()
            table["layer"] += [name] * x.size
            table["channel"] += [int(channel)] * x.size
        shape = " × ".join(map(str, maps.shape[1:]))
        row[0].set_ylabel(f"{name}\n{shape}, ±{norm.vmax:.2g}", fontsize=6.5)
    return Result(
        figure,
        table,
        f"What '{called(method, settings.labels)}' makes of a {reading.CLASSES[label]} jet, number "
        f"{settings.jet} of the explanation: its image (left, white below a thousandth of the "
        f"largest pixel), and of each layer the {settings.channels} channels with the largest sum "
        "over the map, by their numbers; η to the right and φ upwards. Colours go from blue below "
        "0 to orange above, up to the size that stands at the left beside the map's pixels. "
        "Stands beside the feature maps of arXiv:1311.2901.",
    )
