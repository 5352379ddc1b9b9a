"""Filters of the first convolution: what a network looks for in the image itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import nn

from cascade.errors import CascadeError
from cascade.events.schema import Field
from cascade.introspection.explained import Explained
from cascade.introspection.settings import AttributionSettings
from cascade.training.batches import Values

SCHEMA = (
    Field("filters", "1", "weights of the first convolution", ("eta", "phi")),
    Field("input", "1", "channel of the input that a filter looks at", dtype="int16"),
)


def first_layer_filters(
    explained: Explained, inputs: Sequence[Values], settings: AttributionSettings
) -> tuple[tuple[Field, ...], dict[str, np.ndarray]]:
    """Return the filters of the first two-dimensional convolution, and the schema of their file.

    Shapes
    ------
    filters: (inputs × channels, height, width), all of the first input channel first
    input: (inputs × channels,)

    Raises
    ------
    CascadeError
        The network has no such layer.
    """
    for layer in explained.network.modules():
        if isinstance(layer, nn.Conv2d):
            weights = layer.weight.detach().cpu().numpy()
            channels, inputs, height, width = weights.shape
            return SCHEMA, {
                "filters": weights.swapaxes(0, 1).reshape(-1, height, width),
                "input": np.repeat(np.arange(inputs), channels),
            }
    raise CascadeError("the network has no convolution, so no filters to be shown")
