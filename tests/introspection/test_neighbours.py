"""Graphs are those that the network's layers found, in the order in which they were built."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from cascade.errors import CascadeError
from cascade.introspection.neighbours import neighbours
from cascade.introspection.settings import AttributionSettings
from cascade.layers.neighbours import NearestNeighbours
from introspection.networks import explained


class TwoGraphs(nn.Module):
    """Looks for neighbours along x, then along y."""

    def __init__(self, first=2, second=2):
        super().__init__()
        # declared in another order than they are used
        self.second, self.first = NearestNeighbours(second), NearestNeighbours(first)

    def forward(self, points):
        near = self.first(points[..., :1])
        return (near + self.second(points[..., 1:])[..., :1]).float().sum((1, 2))


def found(network, events, batch=2):
    """Return the graphs of three events, two at a time."""
    looked = explained(network, "points")
    settings = AttributionSettings(batch=batch)
    return neighbours(looked, looked.inputs(events), settings)


def slow(values, number):
    """Return the nearest along one axis, shape (events, N, number)."""
    found = np.empty((*values.shape, number), int)
    for event, row in enumerate(values):
        for place, value in enumerate(row):
            others = [other for other in range(len(row)) if other != place]
            found[event, place] = sorted(others, key=lambda other: abs(row[other] - value))[:number]
    return found


@pytest.fixture
def events():
    return {"points": np.random.default_rng(1).random((3, 10, 2)).astype(np.float32)}


def test_graphs_stand_in_the_order_of_their_use(events):
    schema, arrays = found(TwoGraphs(), events)
    assert [field.name for field in schema] == ["neighbours"]
    assert arrays["neighbours"].shape == (3, 2, 10, 2)
    for graph in (0, 1):
        expected = slow(events["points"][..., graph].astype(float), 2)
        np.testing.assert_array_equal(arrays["neighbours"][:, graph], expected)


def test_a_smaller_graph_is_filled_up_with_the_points_themselves(events):
    graphs = found(TwoGraphs(1, 3), events)[1]["neighbours"]
    own = np.broadcast_to(np.arange(10)[:, None], (3, 10, 2))
    np.testing.assert_array_equal(graphs[:, 0, :, 1:], own)
    assert (graphs[:, 1] != np.arange(10)[:, None]).all()


def test_the_network_is_left_as_it_was(events):
    network = TwoGraphs()
    found(network, events)
    assert not any(module._forward_hooks for module in network.modules())


def test_a_network_without_graphs_is_refused(events):
    class Sum(nn.Module):
        def forward(self, points):
            return torch.sum(points, (1, 2))

    with pytest.raises(CascadeError, match="looks for no neighbours"):
        found(Sum(), events)
