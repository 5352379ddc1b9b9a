"""Edge convolution on dense clouds (DGCNN: Wang et al., arXiv:1801.07829, eqs. 7 and 8).

Each point i looks at its neighbours j: x'_i = aggregate_j h(x_i, x_j − x_i, e_ij) with
h = linear → ReLU → linear and, if there are any, features e_ij of the edge itself.

Little of this needs to be done for each edge, and none of it kept. The first linear layer is
(W − V) x_i + V x_j + U e_ij + b, so x is multiplied once a point. A mean or sum goes before the
second linear layer. A maximum has to go after it, but its gradient comes from one edge a point and
channel. What is left for each edge goes through memory that stays in the cache, some points at a
time, and is done again for the gradient.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional as F

AggregationName = Literal["max", "mean", "sum"]

CHUNK = 2**18  # numbers of the hidden layer at a time on the CPU: 1 MB
CHUNK_ELSEWHERE = 2**26


class EdgeConvolution(nn.Module):
    """Edge convolution with two linear layers, ``first`` on (x_i, x_j − x_i, e_ij).

    Always computed in the precision of the weights, under autocast too. It can be differentiated
    once.

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
        self.inputs, self.edge_features = inputs, edge_features
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
        """Return the new features of each point.

        Parameters
        ----------
        x
            Features of the points (B, N, inputs).
        neighbours
            Places within the cloud (B, N, k), as ``NearestNeighbours`` gives them.
        edges
            Features of the edges to them (B, N, k, edge_features). They are copied unless they
            stand in memory from the last axis to the first, that of the points N innermost.
        mask
            True where a point is real (B, N).

        Raises
        ------
        ValueError
            If the edges have more or fewer features than the layer is for.
        """
        with torch.autocast(x.device.type, enabled=False):
            out = self._convolve(x, neighbours, edges)
        return out if mask is None else torch.where(mask[..., None], out, 0.0)

    def _convolve(self, x: Tensor, neighbours: Tensor, edges: Tensor | None) -> Tensor:
        clouds, size, number = neighbours.shape
        given = 0 if edges is None else edges.shape[-1]
        if given != self.edge_features:
            raise ValueError(
                f"{given} features of an edge, where {self.edge_features} are expected"
            )
        own, other, of_edge = self.first.weight.split(
            [self.inputs, self.inputs, self.edge_features], dim=1
        )
        x = x.flatten(0, 1).to(own.dtype)
        here, there = F.linear(x, own - other, self.first.bias), F.linear(x, other)
        starts = size * torch.arange(clouds, device=x.device)
        where = (neighbours + starts[:, None, None]).flatten(0, 1).T.contiguous()
        known = (here, there, where, None, None)
        if edges is not None:
            edges = edges.flatten(0, 1).to(own.dtype).permute(2, 1, 0).contiguous()
            known = (here, there, where, edges, of_edge)
        weight, bias = self.second.weight, self.second.bias
        match self.aggregation:
            case "max":
                out = _LargestOfSecond.apply(*known, weight, bias)
            case "mean":
                out = F.linear(_SumOfHidden.apply(*known), weight / number, bias)
            case "sum":
                out = F.linear(_SumOfHidden.apply(*known), weight, number * bias)
        return out.unflatten(0, (clouds, size))


class _Hidden:
    """The hidden layer of all edges, max(0, a_i + b_j + U e_ij), some points at a time.

    On the CPU some points are few enough for what is made of their edges to stay in the cache.

    Edges stand as (k, n), the neighbours' number first: numbers of the n points at hand are then
    added to all their edges, and edges are summed up, in long runs through memory.

    Shapes
    ------
    here a (P, H), there b (P, H), where (k, P) rows of b, edges (D, k, P), weight U (H, D)
    """

    def __init__(
        self, here: Tensor, there: Tensor, where: Tensor, edges: Tensor | None, weight: Tensor
    ):
        self.here, self.there, self.where = here, there, where
        self.edges, self.weight = edges, weight
        chunk = CHUNK if here.device.type == "cpu" else CHUNK_ELSEWHERE
        self.step = max(1, chunk // (len(where) * here.shape[1]))
        self.memory = self.room(here.shape[1])

    def room(self, width: int) -> Tensor:
        """Return memory for so many numbers an edge."""
        points = min(self.step, len(self.here))
        return self.here.new_empty(len(self.where) * points, width)

    def chunks(self) -> Iterator[slice]:
        """Go through the points."""
        for start in range(0, len(self.here), self.step):
            yield slice(start, min(start + self.step, len(self.here)))

    def ends(self, points: slice) -> Tensor:
        """Return the neighbours of some points (k · n)."""
        return self.where[:, points].reshape(-1)

    def features(self, points: slice) -> Tensor:
        """Return the features of the edges of some points (k · n, D)."""
        return self.edges[:, :, points].flatten(1).T

    def __call__(self, points: slice) -> Tensor:
        """Return the hidden layer of the edges of some points (k, n, H), until the next call."""
        ends = self.ends(points)
        edges = torch.index_select(self.there, 0, ends, out=self.memory[: len(ends)])
        if self.edges is not None:
            edges.addmm_(self.features(points), self.weight.T)
        return edges.unflatten(0, (len(self.where), -1)).add_(self.here[points]).relu_()


class _Gradients:
    """Gradients of what the hidden layer was computed from, summed up chunk by chunk."""

    def __init__(self, hidden: _Hidden, wanted: tuple[bool, ...]):
        self.hidden = hidden
        self.here = torch.empty_like(hidden.here)
        self.there = torch.zeros_like(hidden.there)
        self.edges = torch.empty_like(hidden.edges) if wanted[3] else None
        # few features by many: the product with their number first takes a fifth of the time
        self.weight = hidden.weight.new_zeros(hidden.weight.T.shape) if wanted[4] else None

    def add(self, points: slice, gradient: Tensor) -> None:
        """Take in the gradient of some points' edges before the ReLU (k, n, H)."""
        torch.sum(gradient, dim=0, out=self.here[points])
        flat = gradient.flatten(0, 1)
        self.there.index_add_(0, self.hidden.ends(points), flat)
        if self.edges is not None:
            self.edges[:, :, points] = (gradient @ self.hidden.weight).permute(2, 0, 1)
        if self.weight is not None:
            self.weight.addmm_(self.hidden.features(points).T, flat)

    def all(self) -> tuple[Tensor | None, ...]:
        """Return the gradients in the order of the inputs."""
        weight = None if self.weight is None else self.weight.T
        return self.here, self.there, None, self.edges, weight


def _only_once() -> None:
    """Raise in a backward pass that is to be differentiated itself."""
    if torch.is_grad_enabled():
        raise RuntimeError("EdgeConvolution has no second derivative: use create_graph=False")


class _SumOfHidden(Function):
    """Sum of the hidden layer over the edges of each point: (P, H)."""

    @staticmethod
    def forward(ctx: Any, *known: Tensor | None) -> Tensor:
        ctx.save_for_backward(*known)
        hidden = _Hidden(*known)
        total = torch.empty_like(hidden.here)
        for points in hidden.chunks():
            torch.sum(hidden(points), dim=0, out=total[points])
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        _only_once()
        hidden = _Hidden(*ctx.saved_tensors)
        gradients = _Gradients(hidden, ctx.needs_input_grad)
        for points in hidden.chunks():
            # of what a ReLU gives, the sign is its derivative
            gradients.add(points, hidden(points).sign_().mul_(gradient[points]))
        return gradients.all()


class _LargestOfSecond(Function):
    """Largest over the edges of each point of weight · hidden layer + bias: (P, C)."""

    @staticmethod
    def forward(ctx: Any, *known: Tensor | None) -> Tensor:
        *known, weight, bias = known
        hidden = _Hidden(*known)
        memory = hidden.room(len(weight))
        number = len(hidden.where)
        numbers = torch.arange(number, device=weight.device, dtype=weight.dtype)[:, None, None]
        largest = weight.new_empty(len(hidden.here), len(weight))
        winner = torch.empty_like(largest, dtype=torch.int32)
        for points in hidden.chunks():
            edges = hidden(points).flatten(0, 1)
            said = torch.mm(edges, weight.T, out=memory[: len(edges)]).unflatten(0, (number, -1))
            torch.amax(said, dim=0, out=largest[points])
            # as argmax, of the last one where several are largest, but in vector instructions
            winner[points] = said.eq_(largest[points]).mul_(numbers).amax(dim=0)
        ctx.save_for_backward(*known, weight, winner)
        return largest.add_(bias)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        _only_once()
        *known, weight, winner = ctx.saved_tensors
        hidden = _Hidden(*known)
        gradients = _Gradients(hidden, ctx.needs_input_grad)
        above, below = (hidden.room(width) for width in weight.shape)
        of_weight = torch.zeros_like(weight)
        for points in hidden.chunks():
            edges = hidden(points)
            won = above[: edges.shape[:2].numel()].zero_()
            won.view(*edges.shape[:2], -1).scatter_(
                0, winner[points].long()[None], gradient[points][None]
            )
            of_weight.addmm_(won.T, edges.flatten(0, 1))
            back = torch.mm(won, weight, out=below[: len(won)]).view_as(edges)
            gradients.add(points, edges.sign_().mul_(back))
        return *gradients.all(), of_weight, gradient.sum(dim=0)
