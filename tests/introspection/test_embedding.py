"""Nodes are those of the layer, pooled by event; events of a kind stand together in the plane."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from cascade.errors import CascadeError
from cascade.introspection.embedding import embedding, nodes
from cascade.introspection.settings import EmbeddingSettings
from introspection.networks import cloud, convolutional, explained


def test_by_default_it_is_what_enters_the_last_dense_layer():
    network, inputs = convolutional(head="mean")
    found = nodes(network, inputs, EmbeddingSettings(batch=2))
    torch.testing.assert_close(found, network.body[:8](inputs[0]))


def test_maps_are_pooled_over_their_positions():
    network, inputs = convolutional()
    found = nodes(network, inputs, EmbeddingSettings(layer="4"))
    torch.testing.assert_close(found, network.body[:5](inputs[0]).mean((2, 3)))


def test_rows_are_pooled_over_each_event():
    network, inputs = cloud()
    rows = torch.cat([inputs[1].values, torch.sin(inputs[2].values)[:, None]], 1)
    wanted = inputs[1].with_values(network.body.row(rows)).mean()
    torch.testing.assert_close(nodes(network, inputs, EmbeddingSettings(layer="row")), wanted)


def test_points_are_pooled_and_features_stay():
    torch.manual_seed(0)
    points = torch.randn(3, 7, 2)
    network = nn.Sequential(nn.Linear(2, 5), nn.Flatten(), nn.Linear(35, 1), nn.Flatten(0))
    found = nodes(explained(network), [points], EmbeddingSettings(layer="0"))
    torch.testing.assert_close(found, network[0](points).mean(1))


def test_kinds_of_events_stand_apart_and_a_seed_is_a_picture():
    torch.manual_seed(0)
    kind = torch.arange(60) % 2
    events = torch.randn(60, 4) + 12 * kind[:, None]
    network = explained(nn.Sequential(nn.Linear(4, 1), nn.Flatten(0)))
    chosen = EmbeddingSettings(perplexity=10, seed=3)
    plane = embedding(network, [events], chosen)
    assert plane.shape == (60, 2)
    np.testing.assert_array_equal(plane, embedding(network, [events], chosen))
    distance = np.linalg.norm(plane[:, None] - plane, axis=-1) + np.diag([np.inf] * 60)
    assert (kind[distance.argmin(1)] == kind).all()


def test_too_few_events_are_a_users_mistake():
    network, inputs = convolutional()
    with pytest.raises(CascadeError, match="not below the number of events, 5"):
        embedding(network, inputs, EmbeddingSettings())


def test_a_network_without_dense_layer_needs_a_name():
    known = explained(nn.Conv1d(1, 1, 3), number=lambda output: output.sum((1, 2)))
    with pytest.raises(CascadeError, match="no dense layer"):
        nodes(known, [torch.randn(2, 1, 9)], EmbeddingSettings())
