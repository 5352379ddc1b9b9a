"""What the layers of a network say of some events: its feature maps, found by hooks.

A layer is any module that returns one tensor. It goes by the name that it has in the network, such
as ``features.1.0``, or by its place among the layers in the order in which they are used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cascade.errors import CascadeError, nearest
from cascade.introspection.batching import batches
from cascade.introspection.explained import Explained
from cascade.introspection.settings import LayerSettings
from cascade.layers.edge_convolution import EdgeConvolution
from cascade.layers.ragged import Ragged, cat
from cascade.training.batches import Values

CHANNELS_LAST = (nn.Linear, nn.LayerNorm, EdgeConvolution)


@dataclass(frozen=True)
class Layer:
    """A layer of a network.

    Attributes
    ----------
    name, kind
        Its name in the network, and its class.
    module
        The layer itself.
    shape
        Of what it returns: (B, channels, …) of maps, (B, …, features) of dense layers; the first
        axis counts the rows of all events where a layer treats each row alike.
    """

    name: str
    kind: str
    module: nn.Module
    shape: tuple[int, ...]

    @property
    def channel_axis(self) -> int:
        """Axis of the channels: the last one of dense layers and edge convolutions, else 1."""
        return len(self.shape) - 1 if isinstance(self.module, CHANNELS_LAST) else 1


def layers(explained: Explained, inputs: Sequence[Values]) -> list[Layer]:
    """Return the layers of a network but for identities, in the order in which they are used."""
    found: dict[str, Layer] = {}

    def note(name: str, module: nn.Module, output: Any) -> None:
        if isinstance(output, Tensor) and not isinstance(module, nn.Identity):
            found.setdefault(name, Layer(name, type(module).__name__, module, tuple(output.shape)))

    with _hooked(explained.body, note), torch.no_grad():
        explained.score(*inputs)
    return list(found.values())


@contextmanager
def _hooked(network: nn.Module, note: Any) -> Iterator[None]:
    """Call ``note(name, module, output)`` for each module as it is used."""
    hooks = [
        module.register_forward_hook(
            lambda module, arguments, output, name=name: note(name, module, output)
        )
        for name, module in network.named_modules()
        if name
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def layer(explained: Explained, inputs: Sequence[Values], chosen: str | int) -> Layer:
    """Return a layer by its name, or by its place among all layers.

    Raises
    ------
    CascadeError
        There is no such layer, with the nearest name.
    """
    there = layers(explained, [values[:1] for values in inputs])
    if isinstance(chosen, int):
        if not -len(there) <= chosen < len(there):
            raise CascadeError(f"layer: no layer {chosen}; the network has {len(there)} of them")
        return there[chosen]
    named = {each.name: each for each in there}
    if chosen not in named:
        raise CascadeError(f"layer: no layer '{chosen}'; {nearest(chosen, named)}")
    return named[chosen]


@contextmanager
def kept(module: nn.Module) -> Iterator[list[Tensor]]:
    """Keep what a layer returns, in the order of its calls, as part of the graph of gradients."""
    outputs: list[Tensor] = []
    # a copy, since an activation behind the layer may work in place
    hook = module.register_forward_hook(
        lambda module, arguments, output: outputs.append(output.clone())
    )
    try:
        yield outputs
    finally:
        hook.remove()


def feature_maps(explained: Explained, inputs: Sequence[Values], settings: LayerSettings) -> Values:
    """Return what a layer says of events: (B, channels, …), ragged if it says it of each row.

    Of a layer that is used several times this is the last time. By default it is the first layer.

    Raises
    ------
    CascadeError
        There is no such layer, or no event.
    """
    chosen = layer(explained, inputs, 0 if settings.layer is None else settings.layer).module
    parts = []
    for batch in batches(inputs, settings.batch):
        with kept(chosen) as outputs, torch.no_grad():
            explained.score(*batch)
        parts.append(by_event(outputs[-1], batch))
    return cat(parts)


def by_event(output: Tensor, inputs: Sequence[Values]) -> Values:
    """Return what a layer says, as ragged if it has a row for each row of the inputs."""
    if len(output) != len(inputs[0]):
        for values in inputs:
            if isinstance(values, Ragged) and len(values.values) == len(output):
                return values.with_values(output)
    return output
