"""Graphs of a graph network: which neighbours each of its layers finds for every point.

A dynamic graph network (DGCNN, arXiv:1801.07829) looks for neighbours anew in the features that
each layer has learnt; its graphs say what the network has brought close together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cascade.errors import CascadeError
from cascade.events.schema import Field
from cascade.layers.neighbours import NearestNeighbours
from cascade.training.batches import tensor
from cascade.training.scaling import Scaled

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
    network: Scaled, events: Mapping[str, Any]
) -> tuple[tuple[Field, ...], dict[str, np.ndarray]]:
    """Return the graphs that a network builds for some events, and the schema of their file.

    Parameters
    ----------
    events
        The network's input fields, dense, shape (events, N, …).

    Shapes
    ------
    neighbours: (events, graphs, N, k), the graphs in the order in which they are built; one of
    fewer neighbours than the others is filled up with the points themselves

    Raises
    ------
    CascadeError
        The network looks for no neighbours.
    """
    graphs: list[Tensor] = []

    def keep(module: torch.nn.Module, arguments: Any, found: Tensor) -> None:
        graphs.append(found.cpu())

    hooks = [
        module.register_forward_hook(keep)
        for module in network.modules()
        if isinstance(module, NearestNeighbours)
    ]
    try:
        with torch.inference_mode():
            network(*(tensor(events[name]) for name in network.inputs))
    finally:
        for hook in hooks:
            hook.remove()
    if not graphs:
        raise CascadeError("the network looks for no neighbours, so there is no graph to be shown")
    most = max(graph.shape[-1] for graph in graphs)
    return SCHEMA, {"neighbours": np.stack([_filled(graph, most) for graph in graphs], axis=1)}


def _filled(graph: Tensor, most: int) -> np.ndarray:
    """Give every point as many neighbours as the largest graph has: itself where there are none."""
    own = torch.arange(graph.shape[1])[:, None].expand(*graph.shape[:2], most - graph.shape[2])
    return torch.cat([graph, own], dim=2).numpy()
