"""Class activation maps: where on the map of a convolution the evidence is.

A network that ends with a mean over the positions p of its maps A_k and one linear layer gives

    S = Σ_k w_k mean_p A_k(p) + b = mean_p M(p),    M(p) = Σ_k w_k A_k(p) + b,

so M says of each position what it adds (Zhou et al., arXiv:1512.04150); with the bias spread over
all positions its mean is S itself. Any other network with convolutions has Grad-CAM (Selvaraju et
al., arXiv:1610.02391): weights are the mean gradients α_k = mean_p ∂S/∂A_k(p), and what speaks
for S is kept, ReLU(Σ_k α_k A_k). The mean forgets where the network looks, which matters if what
follows is no mean: dense layers on all positions, a smooth maximum over times. HiResCAM (Draelos,
Carin, arXiv:2011.08891) keeps it, ReLU(Σ_k ∂S/∂A_k(p) A_k(p)), and is Grad-CAM behind a mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from cascade.errors import CascadeError
from cascade.introspection.batching import Attribution, batches, in_batches, numbers, with_numbers
from cascade.introspection.explained import Explained, attributable
from cascade.introspection.feature_maps import Layer, layer, layer_gradients, layers
from cascade.introspection.settings import AttributionSettings, LayerSettings
from cascade.layers.edge_convolution import EdgeConvolution
from cascade.layers.hexagonal import HexagonalConv2d
from cascade.layers.hexagonal_groups import GroupConv2d, LiftingConv2d
from cascade.layers.occupied import OccupiedConv
from cascade.layers.ragged import Ragged, cat
from cascade.training.batches import Values

GROUP = (LiftingConv2d, GroupConv2d)
CONVOLUTIONS = (
    nn.Conv1d, nn.Conv2d, nn.Conv3d, HexagonalConv2d, EdgeConvolution, OccupiedConv, *GROUP
)  # fmt: skip
_INTERPOLATION = {1: "linear", 2: "bilinear", 3: "trilinear"}


def cam(
    explained: Explained, inputs: Sequence[Values], settings: AttributionSettings
) -> list[Attribution]:
    """Return the class activation map in the shape of each input, see ``drawn``.

    Raises
    ------
    CascadeError
        The network does not end with a mean over maps and one linear layer.
    """
    return in_batches(
        lambda batch: drawn(_class_activation(explained, batch), batch), inputs, settings.batch
    )


def cam_map(
    explained: Explained, inputs: Sequence[Values], settings: AttributionSettings
) -> Tensor:
    """Return the class activation map as it is, (B, …): its mean is the number explained."""
    parts = [_class_activation(explained, batch) for batch in batches(inputs, settings.batch)]
    return torch.cat(parts)


def grad_cam(
    explained: Explained, inputs: Sequence[Values], settings: LayerSettings
) -> list[Attribution]:
    """Return Grad-CAM of a layer, by default the last convolution, in the shape of each input.

    Raises
    ------
    CascadeError
        The network has no convolution, or no such layer, or its map fits no input.
    """
    return _drawn_by_gradients(explained, inputs, settings, _mean_gradient)


def hires_cam(
    explained: Explained, inputs: Sequence[Values], settings: LayerSettings
) -> list[Attribution]:
    """Return HiResCAM of a layer, by default the last convolution, in the shape of each input.

    Raises
    ------
    CascadeError
        As for ``grad_cam``.
    """
    return _drawn_by_gradients(explained, inputs, settings, lambda gradient: numbers(gradient))


def grad_cam_map(explained: Explained, inputs: Sequence[Values], settings: LayerSettings) -> Values:
    """Return Grad-CAM as it is, on the positions of the layer's map: (B, …), or ragged rows."""
    chosen = _convolution(explained, inputs, settings)
    parts = batches(inputs, settings.batch)
    return cat([_by_gradients(explained, batch, chosen, _mean_gradient) for batch in parts])


def _drawn_by_gradients(
    explained: Explained,
    inputs: Sequence[Values],
    settings: LayerSettings,
    weigh: Callable[[Values], Tensor],
) -> list[Attribution]:
    chosen = _convolution(explained, inputs, settings)
    return in_batches(
        lambda batch: drawn(_by_gradients(explained, batch, chosen, weigh), batch),
        inputs,
        settings.batch,
    )


def drawn(found: Values, inputs: Sequence[Values]) -> list[Attribution]:
    """Return a map interpolated (bi)linearly to the positions of each input.

    The last axes of an input are taken for those of the map; any in front of them are channels,
    which all get the same. A map with one number for each row of a ragged input gives that to the
    whole row. Inputs without such axes, and whole numbers, get None.

    Raises
    ------
    CascadeError
        The map fits no input.
    """
    shares = [_drawn(found, x) if attributable(x) else None for x in inputs]
    if all(share is None for share in shares):
        raise CascadeError(
            f"a map of shape {tuple(numbers(found).shape[1:])} per event lies on no input of the "
            "network; choose another layer, or take the map as it is"
        )
    return shares


def _drawn(found: Values, x: Values) -> Attribution:
    known, values = numbers(found), numbers(x)
    axes = known.ndim - 1
    if len(known) != len(values) or isinstance(found, Ragged) != isinstance(x, Ragged):
        return None
    if axes == 0:
        each = known.reshape(-1, *[1] * (values.ndim - 1))
        return with_numbers(x, each.expand_as(values).contiguous())
    size = values.shape[values.ndim - axes :]
    # shorter axes than the map's are no positions: the coordinates of a point, a few features
    if values.ndim <= axes or any(a < b for a, b in zip(size, known.shape[1:], strict=True)):
        return None
    fine = F.interpolate(known[:, None], size, mode=_INTERPOLATION[axes], align_corners=False)
    fine = fine[:, 0].reshape(len(values), *[1] * (values.ndim - 1 - axes), *size)
    return with_numbers(x, fine.expand_as(values).contiguous())


class _Record(TorchFunctionMode):
    """Keeps all maps (B, C, …) that a network makes, and what enters and leaves linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.maps: list[Tensor] = []
        self.linear: list[tuple[Tensor, Tensor, Tensor | None, Tensor]] = []

    def __torch_function__(
        self, function: Callable, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        if isinstance(result, Tensor) and result.is_floating_point():
            if function is F.linear:
                x, weight, *bias = (*args, *(kwargs or {}).values())
                self.linear.append((x, weight, bias[0] if bias else None, result))
            elif result.ndim > 2 and math.prod(result.shape[2:]) > 1:
                self.maps.append(result)
        return result


def _class_activation(explained: Explained, inputs: list[Values]) -> Tensor:
    """Return the class activation map of one batch: (B, …)."""
    with _Record() as seen, torch.no_grad():
        score = explained.score(*inputs)
    refused = CascadeError(
        "the network does not end with a mean over maps and one linear layer, so it has no class "
        "activation map; Grad-CAM (grad_cam) asks for convolutions alone"
    )
    if not seen.linear or seen.linear[-1][0].ndim != 2:
        raise refused
    means, weight, bias, output = seen.linear[-1]
    column = next((k for k in range(output.shape[1]) if torch.equal(output[:, k], score)), None)
    maps = next((each for each in seen.maps if _is_mean(means, each)), None)
    if column is None or maps is None:
        raise refused
    offset = 0.0 if bias is None else bias[column]
    return torch.einsum("k,bk...->b...", weight[column], maps) + offset


def _is_mean(means: Tensor, maps: Tensor) -> bool:
    """Return whether (B, C) numbers are the means of maps (B, C, …)."""
    if maps.shape[:2] != means.shape:
        return False
    scale = float(maps.abs().max())
    return torch.allclose(maps.flatten(2).mean(dim=2), means, rtol=1e-4, atol=1e-6 * scale)


def _convolution(explained: Explained, inputs: Sequence[Values], settings: LayerSettings) -> Layer:
    """Return the layer that the settings name, by default the convolution that is used last."""
    if settings.layer is not None:
        return layer(explained, inputs, settings.layer)
    there = layers(explained, inputs)
    convolutions = [each for each in there if isinstance(each.module, CONVOLUTIONS)]
    if not convolutions:
        raise CascadeError("the network has no convolution, so there is no map for Grad-CAM")
    return convolutions[-1]


def _by_gradients(
    explained: Explained, inputs: list[Values], chosen: Layer, weigh: Callable[[Values], Tensor]
) -> Values:
    """Return the map of one batch whose weights come from the gradients (B or K, C, …)."""
    maps, gradient = layer_gradients(explained, inputs, chosen)
    maps, gradient = (x.detach().movedim(chosen.channel_axis, 1) for x in (maps, gradient))
    if isinstance(chosen.module, GROUP):  # its elements are no positions, but further channels
        maps, gradient = maps.flatten(1, 2), gradient.flatten(1, 2)
    weight = weigh(chosen.by_event(gradient, inputs))
    return chosen.by_event(F.relu((weight * maps).sum(dim=1)), inputs)


def _mean_gradient(gradient: Values) -> Tensor:
    """Return the mean over the positions of an event, of all its rows, one for each position."""
    values = numbers(gradient)
    mean = (
        values.mean(dim=tuple(range(2, values.ndim)), keepdim=True) if values.ndim > 2 else values
    )
    if isinstance(gradient, Ragged):
        mean = gradient.with_values(mean).mean()[gradient.index()]
    return mean
