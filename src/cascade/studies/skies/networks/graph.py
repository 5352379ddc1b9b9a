"""Graph networks: every ray compares itself with its neighbours (DGCNN, arXiv:1801.07829).

Applied to skies of cosmic rays by Bister, Erdmann, Glombitza et al. (arXiv:2003.13038). The first
layer's neighbours are the nearest rays on the sphere. In a static graph they stay; in a dynamic one
later layers look for rays that are alike in the features of the layer before. An edge knows both
rays' features and their angular distance, never their directions: these would have to be learned to
mean nothing.
"""

from __future__ import annotations

import warnings

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cascade.layers.edge_convolution import EdgeConvolution
from cascade.layers.neighbours import NearestNeighbours
from cascade.layers.perceptron import perceptron
from cascade.studies.skies.networks.arcs import ArcSearch
from cascade.studies.skies.networks.moments import LocalMoments
from cascade.studies.skies.networks.outputs import Heads
from cascade.studies.skies.networks.rays import feature_count, ray_features, separations
from cascade.studies.skies.settings.networks import GraphSettings

SEPARATIONS = 3


class GraphNetwork(nn.Module):
    """Edge convolutions with shortcuts, then the heads.

    Shapes
    ------
    direction (B, N, 3), energy (B, N) → (B, 1 + N), see ``outputs``.
    """

    def __init__(self, settings: GraphSettings):
        super().__init__()
        self.settings = settings
        width = settings.width
        inputs = feature_count(settings.declination)
        evidence = 0
        reaches = [part.neighbours for part in (settings, settings.moments, settings.arcs) if part]
        self.around = NearestNeighbours(max(reaches))
        if settings.moments:
            self.moments = LocalMoments(settings.moments)
            inputs += self.moments.width
        if settings.arcs:
            self.arcs = ArcSearch(settings.arcs)
            evidence = self.arcs.width
            self.evidence = nn.BatchNorm1d(evidence)
            inputs += evidence
        self.entry = perceptron(inputs, 2 * width, width)
        self.convolutions = nn.ModuleList(
            _edge_convolution(width, settings) for _ in range(settings.layers)
        )
        self.in_features = nn.ModuleList(
            NearestNeighbours(settings.neighbours)
            for _ in range(settings.layers - 1 if settings.dynamic else 0)
        )
        self.heads = Heads(width, evidence)

    def forward(self, direction: Tensor, energy: Tensor) -> Tensor:
        """Return the logits."""
        settings = self.settings
        # a ray is no neighbour of itself, even if there are too few others
        found = self.around(direction)[:, :, : direction.shape[1] - 1]
        rays = [ray_features(direction, energy, settings.declination)]
        if settings.moments:
            rays.append(self.moments(direction, energy, found[..., : settings.moments.neighbours]))
        evidence = None
        if settings.arcs:
            evidence = self.arcs(direction, energy, found[..., : settings.arcs.neighbours])
            rays.append(self.evidence(evidence.flatten(0, 1)).view_as(evidence))
        rays = F.relu(self.entry(torch.cat(rays, dim=-1)))
        rays = self._convolve(rays, direction, found[..., : settings.neighbours])
        return self.heads(rays, evidence)

    def _convolve(self, rays: Tensor, direction: Tensor, neighbours: Tensor) -> Tensor:
        edges = separations(direction, neighbours)
        for layer, convolution in enumerate(self.convolutions):
            if layer and self.settings.dynamic:
                neighbours = self.in_features[layer - 1](rays)
                edges = separations(direction, neighbours)
            rays = rays + F.relu(convolution(rays, neighbours, edges))
        return rays


def _edge_convolution(width: int, settings: GraphSettings) -> nn.Module:
    aggregation = settings.aggregation
    if settings.library == "torch_geometric":
        return GeometricEdgeConvolution(width, width, width, aggregation)
    return EdgeConvolution(width, width, width, aggregation, edge_features=SEPARATIONS)


class GeometricEdgeConvolution(nn.Module):
    """The edge convolution of PyTorch Geometric, with the angular distance in each edge.

    Shapes
    ------
    As those of ``cascade.layers.edge_convolution.EdgeConvolution``.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int, aggregation: str):
        super().__init__()
        with warnings.catch_warnings():
            # imported here as it takes seconds; it uses torch.jit.script, which is deprecated
            warnings.simplefilter("ignore", DeprecationWarning)
            from torch_geometric.nn import EdgeConv

        class EdgeConvWithFeatures(EdgeConv):
            """The same messages, of what the edge itself knows besides."""

            def forward(self, x: Tensor, edge_index: Tensor, edge_attr: Tensor) -> Tensor:
                # propagate_type: (x: PairTensor, edge_attr: Tensor)
                return self.propagate(edge_index, x=(x, x), edge_attr=edge_attr)

            def message(self, x_i: Tensor, x_j: Tensor, edge_attr: Tensor) -> Tensor:
                return self.nn(torch.cat([x_i, x_j - x_i, edge_attr], dim=-1))

        layers = perceptron(2 * inputs + SEPARATIONS, hidden, outputs)
        self.convolution = EdgeConvWithFeatures(layers, aggr=aggregation)

    def forward(self, rays: Tensor, neighbours: Tensor, edges: Tensor) -> Tensor:
        """Return the new features of each ray."""
        out = self.convolution(rays.flatten(0, 1), edge_index(neighbours), edges.flatten(0, 2))
        return out.unflatten(0, rays.shape[:2])


def edge_index(neighbours: Tensor) -> Tensor:
    """Return neighbours (B, N, k) as edges from and to rays numbered through all skies: (2, E)."""
    skies, rays, number = neighbours.shape
    places = torch.arange(skies * rays, device=neighbours.device)
    starts = rays * torch.arange(skies, device=neighbours.device)
    source = (neighbours + starts[:, None, None]).flatten()
    return torch.stack([source, places.repeat_interleave(number)])
