"""Which channels of a layer a network's answer hangs on.

A score that is linear in the features a of a layer is Σ a ∂S/∂a. So a channel is rated by the mean
over events of the size of its own part of that sum,

    |Σ_x a_k(x) ∂S/∂a_k(x)|.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from cascade.errors import CascadeError
from cascade.introspection.batching import batches
from cascade.introspection.explained import Explained
from cascade.introspection.feature_maps import Layer, layer, layer_gradients
from cascade.introspection.settings import ChannelsSettings
from cascade.layers.ragged import Ragged
from cascade.training.batches import Values


def chosen_channels(
    explained: Explained, inputs: Sequence[Values], settings: ChannelsSettings, size: int
) -> tuple[Layer, list[int]]:
    """Return a layer and its channels: those of a list, or the most important ones.

    Parameters
    ----------
    size
        Events at a time.

    Raises
    ------
    CascadeError
        There is no such layer or channel, or there are fewer channels.
    """
    chosen = layer(explained, inputs, settings.layer)
    there = chosen.shape[chosen.channel_axis - 1] if chosen.shape else 0
    wanted = settings.channels
    if (wanted > there) if isinstance(wanted, int) else (max(wanted, default=-1) >= there):
        raise CascadeError(f"channels: the layer '{chosen.name}' has {there} of them")
    if not isinstance(wanted, int):
        return chosen, list(wanted)
    rated = importance(explained, inputs, chosen, size)
    return chosen, rated.argsort(descending=True, stable=True)[:wanted].tolist()


def importance(explained: Explained, inputs: Sequence[Values], chosen: Layer, size: int) -> Tensor:
    """Return how much the number that is explained hangs on each channel, (C,)."""
    parts = [_contributions(explained, batch, chosen) for batch in batches(inputs, size)]
    return torch.cat(parts).abs().mean(dim=0)


def _contributions(explained: Explained, inputs: list[Values], chosen: Layer) -> Tensor:
    """Return Σ a ∂S/∂a of each channel and event of a batch, (B, C)."""
    features, gradient = layer_gradients(explained, inputs, chosen)
    parts = (features * gradient).movedim(chosen.channel_axis, 1)
    each = chosen.by_event(parts.flatten(2).sum(dim=2) if parts.ndim > 2 else parts, inputs)
    return each.sum() if isinstance(each, Ragged) else each
