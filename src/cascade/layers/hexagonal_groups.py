"""Convolutions equivariant under rotations by 60° and mirrors: the groups p6 and p6m.

After Hoogeboom et al., HexaConv, arXiv:1803.02108, and Cohen and Welling, arXiv:1602.07576. Besides
translations, p6 has the 6 rotations of the hexagonal lattice, p6m also their products with a
mirror, 12 elements in all. With w the weights, x the maps and g, h elements of the group,

    lifting:   y[g](p) = Σ_t w(g⁻¹ t) x(p + t)
    group:     y[g](p) = Σ_h Σ_t w[g⁻¹ h](g⁻¹ t) x[h](p + t):

the filter is turned and, behind the lifting, its maps change places. If the input is turned by u,
then y[g](p) becomes y[u⁻¹g](u⁻¹ p): every feature turns with the event instead of changing.

Maps of a group are ``(B, C, G, R, W)``; ``hexagonal_symmetry`` says how they are stored and
numbers the elements. The symmetry is exact on hexagonal arrays, R = W odd and
``mask=hexagon(R // 2)`` given to all layers; on others it is broken at the edge.

Pooling and normalisation are those of ``hexagonal_pooling`` and ``hexagonal_normalisation``.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cascade.layers.activations import ActivationName, initialise
from cascade.layers.hexagonal import convolve, hexagon, keep_cells, sublattice
from cascade.layers.hexagonal_symmetry import GroupName, elements, quotients, sources


def _taps(group: GroupName, radius: int) -> Tensor:
    """Return the number of the tap at g⁻¹ t for the places t of the square kernel, −1 for none."""
    inside = hexagon(radius).flatten()
    number = torch.where(inside, inside.cumsum(0) - 1, -1)
    source = sources(group, radius)
    return torch.where(source < 0, -1, number[source.clamp(min=0)])


class _ToGroup(nn.Module):
    """Convolution whose kernel is gathered from weights ``(O, I, H · taps)`` for each element g.

    ``places``, (G, H, (2k + 1)²), says which weight stands there, −1 for none; H is the number of
    elements that the input's maps have.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        places: Tensor,
        stride: int,
        bias: bool,
        mask: Tensor | None,
        before: ActivationName | Literal["linear"],
    ) -> None:
        super().__init__()
        self.stride = stride
        self.elements, self.inputs, self.side = *places.shape[:2], round(places.shape[2] ** 0.5)
        weights = int(places.max()) + 1
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, weights))
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None
        # the last weight is a zero that the kernel adds
        places = torch.where(places < 0, weights, places).flatten()
        self.register_buffer("places", places, persistent=False)
        kept = None if mask is None else sublattice(mask, stride)
        self.register_buffer("mask", kept, persistent=False)
        initialise(self, before)

    def kernel(self) -> Tensor:
        """Return the square kernels of all elements, (O · G, I · H, 2k + 1, 2k + 1)."""
        O, I, _ = self.weight.shape  # noqa: E741
        G, H, K = self.elements, self.inputs, self.side
        gathered = F.pad(self.weight, (0, 1)).index_select(2, self.places)
        return gathered.view(O, I, G, H, K, K).transpose(1, 2).reshape(O * G, I * H, K, K)

    def convolve(self, x: Tensor) -> Tensor:
        """Return the maps of the group from maps (B, I · H, R, W)."""
        bias = None if self.bias is None else self.bias.repeat_interleave(self.elements)
        maps = keep_cells(convolve(x, self.kernel(), bias, self.stride), self.mask)
        return maps.unflatten(1, (-1, self.elements))

    def extra_repr(self) -> str:
        O, I, _ = self.weight.shape  # noqa: E741
        return f"{I}, {O}, radius={self.side // 2}, stride={self.stride}, elements={self.elements}"


class LiftingConv2d(_ToGroup):
    """First layer: from plain maps to maps of the group, one filter in all orientations.

    Parameters
    ----------
    in_channels, out_channels
        Channels; ``out_channels`` counts filters, each with G maps.
    radius
        Steps from the middle of the kernel to its edge.
    group
        ``p6``: rotations; ``p6m``: rotations and mirrors.
    stride, bias, mask, before
        As for ``HexagonalConv2d``.

    Shapes
    ------
    ``(B, in_channels, R, W) -> (B, out_channels, G, R, W)``; ``weight`` is
    ``(out_channels, in_channels, 3k(k + 1) + 1)``
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        radius: int,
        group: GroupName = "p6",
        *,
        stride: int = 1,
        bias: bool = True,
        mask: Tensor | None = None,
        before: ActivationName | Literal["linear"] = "relu",
    ) -> None:
        places = _taps(group, radius)[:, None]
        super().__init__(in_channels, out_channels, places, stride, bias, mask, before)

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps of the group."""
        return self.convolve(x)


class GroupConv2d(_ToGroup):
    """Further layers: from maps of the group to maps of the group.

    Parameters
    ----------
    in_channels, out_channels, radius, group, stride, bias, mask, before
        As for ``LiftingConv2d``; radius 0 mixes channels and elements only.

    Shapes
    ------
    ``(B, in_channels, G, R, W) -> (B, out_channels, G, R, W)``; ``weight`` is
    ``(out_channels, in_channels, G · (3k(k + 1) + 1))``
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        radius: int,
        group: GroupName = "p6",
        *,
        stride: int = 1,
        bias: bool = True,
        mask: Tensor | None = None,
        before: ActivationName | Literal["linear"] = "relu",
    ) -> None:
        taps = _taps(group, radius)[:, None]
        places = torch.where(taps < 0, -1, quotients(group)[..., None] * (taps.max() + 1) + taps)
        super().__init__(in_channels, out_channels, places, stride, bias, mask, before)

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps of the group."""
        return self.convolve(x.flatten(1, 2))


def group_pool(x: Tensor, name: Literal["mean", "max"] = "mean") -> Tensor:
    """Return what does not turn with the event: ``(B, C, G, …) -> (B, C, …)``."""
    return x.mean(2) if name == "mean" else x.amax(2)


def group_vector(x: Tensor) -> Tensor:
    """Return what turns with the event like an arrow: one vector (x, y) for each channel.

    The sum over the elements of value · g e, with e along x: the Fourier mode of order 1 of the
    group's axis. If the event is rotated or mirrored, so is the vector. Sums of such vectors over
    channels, with any weights and no bias, and products with what ``group_pool`` gives keep this:
    from them a network makes a direction or a position.

    Shapes
    ------
    ``(B, C, G) -> (B, C, 2)``; maps are first averaged over their cells, see ``mean_over_cells``.
    """
    group = "p6m" if x.shape[-1] == 12 else "p6"
    q, r = elements(group)[:, :, 0].to(x).unbind(-1)
    arrows = torch.stack([q + r / 2, r * (math.sqrt(3) / 2)], dim=-1)
    return x @ arrows
