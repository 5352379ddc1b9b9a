"""Graphs of a graph network: which neighbours each of its layers finds for every point.

A dynamic graph network (DGCNN, arXiv:1801.07829) looks for neighbours anew in the features that
each layer has learnt; its graphs say what the network has brought close together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cascade.errors import CascadeError
from cascade.events.schema import Field
from cascade.introspection.batching import batches
from cascade.introspection.explained import Explained
from cascade.introspection.settings import AttributionSettings
from cascade.layers.neighbours import NearestNeighbours
from cascade.training.batches import Values

SCHEMA = (
    Field(
        "neighbours",
        "1",
        "places of each point's neighbours, nearest first; its own where there are no more",
        ("graph", "point", "neighbour"),
        dtype="int32",
    ),
)


def neighbours(
    explained: Explained, inputs: Sequence[Values], settings: AttributionSettings
) -> tuple[tuple[Field, ...], dict[str, np.ndarray]]:
    """Return the graphs that a network builds for some events, and the schema of their file.

    Shapes
    ------
    neighbours: (events, graphs, N, k), the graphs in the order in which they are built; one of
    fewer neighbours than the others is filled up with the points themselves

    Raises
    ------
    CascadeError
        The network looks for no neighbours.
    """
    parts = [_graphs(explained, batch) for batch in batches(inputs, settings.batch)]
    graphs = [torch.cat(same) for same in zip(*parts, strict=True)]
    if not graphs:
        raise CascadeError("the network looks for no neighbours, so there is no graph to be shown")
    most = max(graph.shape[-1] for graph in graphs)
    return SCHEMA, {"neighbours": np.stack([_filled(graph, most) for graph in graphs], axis=1)}


def _graphs(explained: Explained, inputs: Sequence[Values]) -> list[Tensor]:
    """Return the graphs of one batch, each (B, N, k), in the order in which they are built."""
    graphs: list[Tensor] = []

    def keep(module: torch.nn.Module, arguments: Any, found: Tensor) -> None:
        graphs.append(found.cpu())

    hooks = [
        module.register_forward_hook(keep)
        for module in explained.network.modules()
        if isinstance(module, NearestNeighbours)
    ]
    try:
        with torch.inference_mode():
            explained.score(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return graphs


def _filled(graph: Tensor, most: int) -> np.ndarray:
    """Give every point as many neighbours as the largest graph has: itself where there are none."""
    own = torch.arange(graph.shape[1])[:, None].expand(*graph.shape[:2], most - graph.shape[2])
    return torch.cat([graph, own], dim=2).numpy()
