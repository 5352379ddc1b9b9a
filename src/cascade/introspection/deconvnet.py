"""DeconvNet: which pattern of the input excites one feature (Zeiler, Fergus, arXiv:1311.2901).

Of a layer's maps one feature is kept, the largest of a channel, all others are set to zero. It goes
back to the input layer by layer: maxima are put where they came from (the switches), negative
numbers are cut off at each ReLU, convolutions are transposed. But for the ReLU this is what
gradients do, so it is worked out as a gradient whose ReLU rectifies what comes back. What stands in
front of the first convolution (views of an image) is differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.overrides import TorchFunctionMode

from cascade.errors import CascadeError
from cascade.introspection.batching import Attribution, in_batches, numbers, with_numbers
from cascade.introspection.explained import Explained, attributable
from cascade.introspection.feature_maps import Layer, layer
from cascade.introspection.settings import DeconvNetSettings
from cascade.layers.ragged import Ragged
from cascade.training.batches import Values

CONVOLUTIONS = {"conv1d", "conv2d"}
RECTIFIERS = {"relu", "relu_"}
MAXIMA = {"max_pool1d", "max_pool2d"}
LINEAR = {
    "linear", "batch_norm", "dropout", "dropout1d", "dropout2d", "avg_pool1d", "avg_pool2d",
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "mean", "sum", "add", "__add__", "__radd__",
    "add_", "__iadd__",
}  # fmt: skip
MOVES = {
    "cat", "stack", "clone", "contiguous", "view", "reshape", "flatten", "unflatten", "squeeze",
    "unsqueeze", "permute", "transpose", "movedim", "pad", "__getitem__", "unbind", "to",
    "requires_grad_",
}  # fmt: skip


class _Reached(Exception):  # noqa: N818 - no mistake: the rest of the network is not needed
    """The layer has been worked out."""


class _Rectified(Function):
    """ReLU that rectifies what comes back, whatever went through it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient.clamp(min=0)


class Deconvolution(TorchFunctionMode):
    """Replaces the ReLU, and refuses what a DeconvNet has no way back through."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = False

    def __torch_function__(
        self, function: Callable, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        name, kwargs = getattr(function, "__name__", ""), kwargs or {}
        self.begun |= name in CONVOLUTIONS
        if not self.begun:
            return function(*args, **kwargs)
        result = self.applied(name, function, args, kwargs)
        carries = isinstance(result, Tensor) and result.requires_grad
        if carries and name not in CONVOLUTIONS | RECTIFIERS | MAXIMA | LINEAR | MOVES:
            raise CascadeError(
                f"a DeconvNet has no way back through torch's '{name}': it is for networks of "
                "convolutions, ReLU, pooling and batch normalisation"
            )
        return result

    def applied(self, name: str, function: Callable, args: Any, kwargs: Any) -> Any:
        """Return what a function gives."""
        if name in RECTIFIERS:
            return _Rectified.apply(args[0])
        return function(*args, **kwargs)


def way_back(
    explained: Explained,
    inputs: Sequence[Values],
    chosen: Layer,
    mode: Deconvolution,
    start: Callable[[Tensor], Tensor],
) -> list[Attribution]:
    """Return what comes back to the inputs of one batch from a start at the layer (B, C, …)."""
    leaves = [
        with_numbers(x, numbers(x).detach().requires_grad_()) if attributable(x) else x
        for x in inputs
    ]
    reached: list[Tensor] = []

    def stop(module: Any, arguments: Any, output: Tensor) -> None:
        reached.append(output)
        raise _Reached

    hook = chosen.module.register_forward_hook(stop)
    try:
        with mode:
            explained.score(*leaves)
    except _Reached:
        pass
    finally:
        hook.remove()
    maps = reached[0].movedim(chosen.channel_axis, 1)
    found = iter(
        torch.autograd.grad(
            maps,
            [numbers(x) for x in leaves if attributable(x)],
            start(maps.detach()),
            materialize_grads=True,
        )
    )
    return [with_numbers(x, next(found)) if attributable(x) else None for x in inputs]


def deconvnet(
    explained: Explained, inputs: Sequence[Values], settings: DeconvNetSettings
) -> list[Attribution]:
    """Return the pattern that excites each event's largest feature, in the shape of each input.

    Raises
    ------
    CascadeError
        There is no such layer or channel, or the network has parts with no way back.
    """
    chosen = chosen_layer(explained, inputs, settings)

    def start(maps: Tensor) -> Tensor:
        place = largest(maps[:, settings.channel])
        kept = torch.zeros_like(maps[:, settings.channel]).flatten(1)
        kept.scatter_(1, place, maps[:, settings.channel].flatten(1).gather(1, place))
        back = torch.zeros_like(maps)
        back[:, settings.channel] = kept.view_as(back[:, settings.channel])
        return back

    return in_batches(
        lambda batch: way_back(explained, batch, chosen, Deconvolution(), start),
        inputs,
        settings.batch,
    )


def chosen_layer(
    explained: Explained, inputs: Sequence[Values], settings: DeconvNetSettings
) -> Layer:
    """Return the layer that the settings name, once a DeconvNet can be made of it.

    Raises
    ------
    CascadeError
        The events are ragged, or there is no such layer or channel.
    """
    if any(isinstance(x, Ragged) for x in inputs):
        raise CascadeError("a DeconvNet is for networks on images and traces, not on ragged events")
    chosen = layer(explained, inputs, settings.layer)
    channels = chosen.shape[chosen.channel_axis - 1]
    if settings.channel >= channels:
        raise CascadeError(f"channel: {settings.channel} is too large; the layer has {channels}")
    return chosen


def largest(maps: Tensor) -> Tensor:
    """Return where maps (B, …) are largest, as numbers of the flat map: (B, 1)."""
    return maps.flatten(1).argmax(dim=1, keepdim=True)
