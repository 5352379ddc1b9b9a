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
        Of what it returns of one event: (channels, …) of maps, (…, features) of dense layers.
    by_row
        Whether it treats each row of ragged events alike; then the shape is that of one row.
    """

    name: str
    kind: str
    module: nn.Module
    shape: tuple[int, ...]
    by_row: bool

    @property
    def channel_axis(self) -> int:
        """Axis of the channels in a batch: the last of dense layers and edge convolutions, or 1."""
        return len(self.shape) if isinstance(self.module, CHANNELS_LAST) else 1

    def by_event(self, output: Tensor, inputs: Sequence[Values]) -> Values:
        """Return what is known of each event of a batch, or of each row as ragged events."""
        if self.by_row:
            for values in inputs:
                if isinstance(values, Ragged) and len(values.values) == len(output):
                    return values.with_values(output)
        return output


def layers(explained: Explained, inputs: Sequence[Values]) -> list[Layer]:
    """Return the layers of a network but for identities, in the order in which they are used.

    Raises
    ------
    CascadeError
        There are no events to find out with.
    """
    next(batches(inputs, 1))
    few = [values[_telling(inputs)] for values in inputs]
    rows = {len(values.values) for values in few if isinstance(values, Ragged)}
    found: dict[str, Layer] = {}

    def note(name: str, module: nn.Module, output: Any) -> None:
        if isinstance(output, Tensor) and output.ndim and not isinstance(module, nn.Identity):
            shape = tuple(output.shape[1:])
            each = Layer(name, type(module).__name__, module, shape, len(output) in rows)
            found.setdefault(name, each)

    with _hooked(explained.body, note), torch.no_grad():
        explained.score(*few)
    return list(found.values())


def _telling(inputs: Sequence[Values]) -> Tensor:
    """Return three events whose rows are not three, unless each event has one row."""
    for values in inputs:
        if isinstance(values, Ragged):
            most, fewest = values.counts.argmax(), values.counts.argmin()
            return torch.stack([most, most, fewest])
    return torch.zeros(1, dtype=torch.int64, device=inputs[0].device)


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
    there = layers(explained, inputs)
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


def layer_gradients(
    explained: Explained, inputs: Sequence[Values], chosen: Layer
) -> tuple[Tensor, Tensor]:
    """Return what a layer says of one batch, and ∂S/∂ of it, both as the layer returns it.

    Of a layer that is used several times this is the last time.

    Raises
    ------
    CascadeError
        The number that is explained does not depend on the layer.
    """
    leaves: list[Tensor] = []

    def cut(module: nn.Module, arguments: Any, output: Tensor) -> Tensor:
        """Begin the graph of gradients at the layer, whose output is not changed in place."""
        leaves.append(output.detach().requires_grad_())
        return leaves[-1].clone()

    hook = chosen.module.register_forward_hook(cut)
    try:
        score = explained.score(*inputs).sum()
    finally:
        hook.remove()
    if not score.requires_grad:
        raise CascadeError(
            f"layer: the number that is explained does not depend on '{chosen.name}'; name another"
        )
    (gradient,) = torch.autograd.grad(score, leaves[-1], materialize_grads=True)
    return leaves[-1].detach(), gradient


def feature_maps(explained: Explained, inputs: Sequence[Values], settings: LayerSettings) -> Values:
    """Return what a layer says of events: (B, channels, …), ragged if it says it of each row.

    Of a layer that is used several times this is the last time. By default it is the first layer.

    Raises
    ------
    CascadeError
        There is no such layer, or no event.
    """
    chosen = layer(explained, inputs, 0 if settings.layer is None else settings.layer)
    parts = []
    for batch in batches(inputs, settings.batch):
        with kept(chosen.module) as outputs, torch.no_grad():
            explained.score(*batch)
        parts.append(chosen.by_event(outputs[-1], batch))
    return cat(parts)
