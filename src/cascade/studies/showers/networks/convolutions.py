"""The convolutions of the networks on the array's map, and how what they say is read out.

``channels`` maps of a plain convolution, or ``channels`` filters with a map for each of the G
elements of a group: rows ``(K, channels, G)`` at the K triggered stations, G = 1 for plain ones.
A group's mean is a number that stays when the event is turned, its Fourier mode of order 1 an arrow
that turns along. Plain convolutions know no difference: some of their maps are called arrows.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cascade.layers.hexagonal import HexagonalConv2d, hexagon
from cascade.layers.hexagonal_groups import GroupConv2d, LiftingConv2d, group_pool, group_vector
from cascade.layers.hexagonal_symmetry import SIZES
from cascade.layers.occupied import OccupiedConv, SquareConv2d, neighbours
from cascade.layers.ragged import Ragged
from cascade.studies.showers.networks.lattice import cells, sites
from cascade.studies.showers.settings.networks import (
    CartesianSettings,
    GridSettings,
    HexagonalGroupSettings,
)


class Convolutions(nn.Module):
    """A convolution, then residual units of two (He et al., arXiv:1603.05027), on the array's map.

    Silent stations are empty before and behind every layer.

    Shapes
    ------
    x ``(K, inputs)``, station ``(B, ·)``, ragged with K rows ``-> (K, channels, G)``
    """

    def __init__(self, settings: GridSettings, inputs: int):
        super().__init__()
        self.array = settings.array
        channels, radius = settings.channels, settings.radius
        taps, first, further, self.elements = hexagon(radius), HexagonalConv2d, HexagonalConv2d, 1
        if isinstance(settings, HexagonalGroupSettings):
            first = partial(LiftingConv2d, group=settings.group)
            further = partial(GroupConv2d, group=settings.group)
            self.elements = SIZES[settings.group]
        elif isinstance(settings, CartesianSettings):
            taps, first, further = torch.ones_like(taps), SquareConv2d, SquareConv2d
        square = isinstance(settings, CartesianSettings)
        places = cells(settings.array, "offset" if square else "axial")
        self.register_buffer("cells", places, persistent=False)
        self.register_buffer("taps", taps, persistent=False)
        self.shape = tuple((places.max(dim=0).values + 1).tolist())
        self.first = OccupiedConv(first(inputs, channels, radius), taps)
        self.units = nn.ModuleList(
            nn.ModuleList(OccupiedConv(further(channels, channels, radius), taps) for _ in range(2))
            for _ in range(settings.units)
        )
        for _, last in self.units:  # each unit is the identity at first
            nn.init.zeros_(last.layer.weight)

    def forward(self, x: Tensor, station: Ragged) -> Tensor:
        """Convolve what is known of the stations."""
        places = station.with_values(self.cells[sites(station, self.array)])
        near = neighbours(places, self.shape, self.taps)
        x = self.first(x, near)
        for first, second in self.units:
            x = x + second(F.relu(first(F.relu(x), near)), near)
        return F.relu(x).unflatten(1, (-1, self.elements))


class Arrows(nn.Module):
    """Vectors in the plane (east, north): sums of those that the maps hold.

    Shapes
    ------
    ``(K, channels, G) -> (K, arrows, 2)``
    """

    def __init__(self, channels: int, arrows: int, elements: int):
        super().__init__()
        self.elements = elements
        outputs = arrows if elements > 1 else 2 * arrows
        self.layer = nn.Linear(channels, outputs, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Read the arrows."""
        if self.elements == 1:
            return self.layer(x[:, :, 0]).unflatten(1, (-1, 2))
        return self.layer(group_vector(x).transpose(1, 2)).transpose(1, 2)


def numbers(x: Tensor) -> Tensor:
    """Return what does not turn with the event: ``(K, channels, G) -> (K, channels)``."""
    return group_pool(x)
