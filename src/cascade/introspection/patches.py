"""What excites a channel most: events, the patterns in them, and what the feature looks at.

The patches of Zeiler and Fergus (arXiv:1311.2901) are the receptive fields of the features: what of
the input these can depend on, whatever the weights are. That is where the gradient of the same
network is above 0 whose weights are all 1, which takes the mean for the maximum and has no ReLU: no
two ways through it cancel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from cascade.errors import CascadeError
from cascade.introspection.batching import Attribution, batches, numbers, with_numbers
from cascade.introspection.deconvnet import (
    CONVOLUTIONS,
    MAXIMA,
    RECTIFIERS,
    Deconvolution,
    chosen_layer,
    deconvnet,
    largest,
    way_back,
)
from cascade.introspection.explained import Explained, attributable
from cascade.introspection.feature_maps import Layer, kept
from cascade.introspection.settings import DeconvNetSettings
from cascade.training.batches import Values


class _Reach(Deconvolution):
    """The network with all weights 1: no gradient is negative, so no two of them cancel."""

    def applied(self, name: str, function: Callable, args: Any, kwargs: Any) -> Any:
        """Return what a function gives whose gradient is above 0 wherever it looks."""
        if name in CONVOLUTIONS:
            x, weight, _, *rest = (*args, None)[: max(len(args), 3)]
            return function(x, torch.ones_like(weight), None, *rest, **_without_bias(kwargs))
        if name in RECTIFIERS or name == "batch_norm":
            return args[0]
        if name in MAXIMA:
            return _mean_over_window(name, *args, **kwargs)
        if name == "linear":
            return F.linear(args[0], torch.ones_like(args[1]))
        return function(*args, **kwargs)


def _without_bias(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in kwargs.items() if key != "bias"}


def _mean_over_window(
    name: str,
    x: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    """Return the mean where there would be the maximum: it looks at all of the window."""
    if dilation not in (1, (1,), (1, 1)):
        raise CascadeError("the receptive field of a dilated pooling is not worked out")
    mean = {"max_pool1d": F.avg_pool1d, "max_pool2d": F.avg_pool2d}[name]
    return mean(x, kernel_size, stride or None, padding, ceil_mode)


@dataclass(frozen=True)
class Excited:
    """The events that excite a channel most, the most excited first.

    Attributes
    ----------
    events
        Their places among the inputs, (count,).
    activations
        The largest feature of the channel in each, (count,).
    places
        Where on the map it is, (count, axes of the map).
    fields
        Its receptive field in each input, (count, …), true for what the feature looks at.
    projections
        Its pattern, as ``deconvnet`` returns it.
    """

    events: Tensor
    activations: Tensor
    places: Tensor
    fields: list[Attribution]
    projections: list[Attribution]


def most_excited(
    explained: Explained, inputs: Sequence[Values], settings: DeconvNetSettings
) -> Excited:
    """Return the events that excite a channel most, with patterns and receptive fields.

    Raises
    ------
    CascadeError
        As ``deconvnet`` does.
    """
    chosen = chosen_layer(explained, inputs, settings)
    maps = torch.cat([_maps(explained, batch, chosen)[:, settings.channel]
                      for batch in batches(inputs, settings.batch)])  # fmt: skip
    activations = maps.flatten(1).amax(dim=1)
    events = activations.argsort(descending=True, stable=True)[: settings.count]
    best = [values[events] for values in inputs]
    flat = largest(maps[events])[:, 0]
    places = torch.stack(torch.unravel_index(flat, maps.shape[1:]), dim=1)
    return Excited(
        events,
        activations[events],
        places,
        receptive_field(explained, best, chosen, places),
        deconvnet(explained, best, settings),
    )


def _maps(explained: Explained, inputs: list[Values], chosen: Layer) -> Tensor:
    with kept(chosen.module) as outputs, torch.no_grad():
        explained.score(*inputs)
    return outputs[-1].movedim(chosen.channel_axis, 1)


def receptive_field(
    explained: Explained, inputs: Sequence[Values], chosen: Layer, places: Tensor
) -> list[Attribution]:
    """Return what of each input a feature can depend on, whatever the weights are.

    Parameters
    ----------
    places
        Where on the layer's map the feature is in each event, (B, axes of the map).

    Returns
    -------
    Boolean masks in the shape of each input.
    """
    ones = [with_numbers(x, torch.ones_like(numbers(x))) if attributable(x) else x for x in inputs]

    def start(maps: Tensor) -> Tensor:
        back = torch.zeros_like(maps)
        events = torch.arange(len(maps), device=maps.device)
        back[(events, slice(None), *places.unbind(dim=1))] = 1.0
        return back

    found = way_back(explained, ones, chosen, _Reach(), start)
    return [None if x is None else with_numbers(x, numbers(x) > 0) for x in found]
