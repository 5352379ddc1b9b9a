"""Edge convolution on dense clouds (DGCNN: Wang et al., arXiv:1801.07829, eqs. 7 and 8).

Each point i looks at its neighbours j: x'_i = aggregate_j h(x_i, x_j − x_i, e_ij) with
h = linear → ReLU → linear and, if there are any, features e_ij of the edge itself.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

AggregationName = Literal["max", "mean", "sum"]


class EdgeConvolution(nn.Module):
    """Edge convolution with two linear layers.

    Shapes
    ------
    x (B, N, inputs), neighbours (B, N, k), edges (B, N, k, edge_features) or none,
    mask (B, N), true where a point is real, or none → (B, N, outputs), 0 where no point is real
    """

    def __init__(
        self,
        inputs: int,
        hidden: int,
        outputs: int,
        aggregation: AggregationName = "max",
        edge_features: int = 0,
    ):
        super().__init__()
        self.aggregation: AggregationName = aggregation
        self.first = nn.Linear(2 * inputs + edge_features, hidden)
        self.second = nn.Linear(hidden, outputs)

    def forward(
        self,
        x: Tensor,
        neighbours: Tensor,
        edges: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Return the new features of each point."""
        cloud = torch.arange(len(x), device=x.device)[:, None, None]
        there = x[cloud, neighbours]
        here = x[:, :, None].expand_as(there)
        parts = [here, there - here] if edges is None else [here, there - here, edges]
        said = self.second(F.relu(self.first(torch.cat(parts, dim=-1))))
        match self.aggregation:
            case "max":
                out = said.amax(dim=2)
            case "mean":
                out = said.mean(dim=2)
            case "sum":
                out = said.sum(dim=2)
        return out if mask is None else out * mask[..., None]
