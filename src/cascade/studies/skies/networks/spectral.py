"""A graph network in the spectral domain: Chebyshev convolutions (arXiv:1606.09375).

Filters are polynomials of the graph's Laplacian: they weight the frequencies of what is on the
graph, and need no eigenvectors for it. All links of a ray look alike to such a filter but for their
strength; an edge convolution, in the spatial domain, sees what is at their ends.
"""

from __future__ import annotations

import warnings

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cascade.layers.neighbours import NearestNeighbours
from cascade.studies.skies.networks.graph import edge_index
from cascade.studies.skies.networks.outputs import Heads
from cascade.studies.skies.networks.rays import angles, feature_count, ray_features
from cascade.studies.skies.settings.networks import SpectralSettings


class SpectralNetwork(nn.Module):
    """Chebyshev convolutions on the graph of the nearest rays, then the heads.

    Shapes
    ------
    direction (B, N, 3), energy (B, N) → (B, 1 + N), see ``outputs``.
    """

    def __init__(self, settings: SpectralSettings):
        super().__init__()
        with warnings.catch_warnings():
            # imported here as it takes seconds; it uses torch.jit.script, which is deprecated
            warnings.simplefilter("ignore", DeprecationWarning)
            from torch_geometric.nn import ChebConv

        self.settings = settings
        self.on_sphere = NearestNeighbours(settings.neighbours)
        inputs, width = feature_count(settings.declination), settings.width
        self.convolutions = nn.ModuleList(
            ChebConv(inputs if layer == 0 else width, width, settings.order)
            for layer in range(settings.layers)
        )
        self.heads = Heads(width)

    def forward(self, direction: Tensor, energy: Tensor) -> Tensor:
        """Return the logits."""
        edges, weights = self.links(direction)
        rays = ray_features(direction, energy, self.settings.declination).flatten(0, 1)
        for convolution in self.convolutions:
            new = F.relu(convolution(rays, edges, weights))
            rays = rays + new if rays.shape == new.shape else new
        return self.heads(rays.unflatten(0, direction.shape[:2]))

    def links(self, direction: Tensor) -> tuple[Tensor, Tensor]:
        """Return links between rays, numbered through all skies, and their strengths.

        Links have no direction, as Laplacians ask for: rays are linked if either is among the
        other's nearest.
        """
        from torch_geometric.utils import to_undirected

        neighbours = self.on_sphere(direction)
        angle = angles(direction, neighbours)
        strength = torch.exp(-0.5 * (angle / self.settings.scale) ** 2).flatten()
        return to_undirected(
            edge_index(neighbours), strength, direction.shape[:2].numel(), reduce="max"
        )
