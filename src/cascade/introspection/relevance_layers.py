"""Layers written out for relevance propagation, as the sums of products that they are.

An edge convolution brings its own backward pass, which hides what it computes. A normalisation is
linear once the deviation that it divides by is held fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from inspect import signature

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cascade.errors import CascadeError
from cascade.introspection.relevance_operations import Call
from cascade.layers.edge_convolution import EdgeConvolution


@contextmanager
def spelled_out(network: nn.Module) -> Iterator[None]:
    """Let a network's edge convolutions be computed edge by edge."""
    layers = [layer for layer in network.modules() if isinstance(layer, EdgeConvolution)]
    for layer in layers:
        layer._convolve = partial(edge_by_edge, layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer._convolve


def edge_by_edge(
    layer: EdgeConvolution, x: Tensor, neighbours: Tensor, edges: Tensor | None
) -> Tensor:
    """Return the new features of each point: both linear layers on all edges, then aggregation.

    Shapes
    ------
    x (B, N, inputs), neighbours (B, N, k), edges (B, N, k, edge_features) or none
    → (B, N, outputs)
    """
    clouds = torch.arange(len(x), device=x.device)[:, None, None]
    there = x[clouds, neighbours]  # (B, N, k, inputs)
    here = x[:, :, None].expand_as(there)
    known = [here, there - here, *([] if edges is None else [edges])]
    said = layer.second(F.relu(layer.first(torch.cat(known, dim=-1))))
    match layer.aggregation:
        case "max":
            return said.amax(dim=2)
        case "mean":
            return said.mean(dim=2)
        case "sum":
            return said.sum(dim=2)


def _batch_norm(call: Call) -> Callable[..., Tensor]:
    """Linear, with the statistics of the training."""
    args, kwargs = call.arguments
    if args[5] if len(args) > 5 else kwargs.get("training", False):
        raise CascadeError("a batch normalisation in training mixes events: call eval() first")
    return call.operation()


def _layer_norm(call: Call) -> Callable[..., Tensor]:
    """Linear, with the deviation that it divides by: the mean is taken away by all."""
    args, kwargs = call.arguments
    given = signature(F.layer_norm).bind(*args, **kwargs)
    given.apply_defaults()
    shape, weight, bias, least = tuple(given.arguments.values())[1:5]
    over = tuple(range(-len(shape), 0))

    def operation(x: Tensor, gamma: float = 0.0) -> Tensor:
        variance = x.detach().var(over, unbiased=False, keepdim=True)
        out = (x - x.mean(over, keepdim=True)) / torch.sqrt(variance + least)
        out = out if weight is None else out * weight
        return out if bias is None else out + bias

    return operation


NORMALISATIONS = {"batch_norm": _batch_norm, "layer_norm": _layer_norm}
"""``(call) -> operation`` by the name of a normalisation."""
