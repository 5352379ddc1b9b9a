"""Layers are found by name, by place, or named as the nearest; their maps are what they return."""

from __future__ import annotations

import pytest
import torch

from cascade.errors import CascadeError
from cascade.introspection.feature_maps import feature_maps, layers
from cascade.introspection.settings import LayerSettings
from introspection.networks import cloud, convolutional


def test_layers_stand_in_the_order_of_their_use():
    network, inputs = convolutional()
    found = layers(network, inputs)
    assert [each.name for each in found] == list("01234567")
    assert (found[4].kind, found[4].shape, found[4].channel_axis) == ("Conv2d", (4, 6, 6), 1)
    assert found[7].channel_axis == 1


def test_maps_are_what_the_layer_returns():
    network, inputs = convolutional()
    wanted = network.body[:5](inputs[0])
    for chosen in ("4", 4, -4):
        found = feature_maps(network, inputs, LayerSettings(layer=chosen, batch=2))
        torch.testing.assert_close(found, wanted)


def test_an_activation_in_place_does_not_change_them():
    network, inputs = convolutional()
    network.body[5].inplace = True
    maps = feature_maps(network, inputs, LayerSettings(layer="4"))
    assert (maps < 0).any()


def test_rows_stay_with_their_events():
    network, inputs = cloud()
    found = feature_maps(network, inputs, LayerSettings(layer="row", batch=2))
    assert found.counts.tolist() == [3, 0, 5, 1]
    rows = torch.cat([inputs[1].values, torch.sin(inputs[2].values)[:, None]], 1)
    torch.testing.assert_close(found.values, network.body.row(rows))


@pytest.mark.parametrize("counts", [(1, 1, 1), (2, 0), (0, 1, 2), (3, 1)])
def test_rows_are_told_from_events_where_there_are_as_many(counts):
    network, inputs = cloud(counts)
    for size in (1, 64):
        found = feature_maps(network, inputs, LayerSettings(layer="row", batch=size))
        assert found.counts.tolist() == list(counts)
    if set(counts) != {1}:
        found = feature_maps(network, inputs, LayerSettings(layer="event", batch=1))
        assert found.shape == (len(counts), 1)


def test_a_missing_layer_names_the_nearest():
    network, inputs = cloud()
    with pytest.raises(CascadeError, match="did you mean 'event'"):
        feature_maps(network, inputs, LayerSettings(layer="evnt"))
    with pytest.raises(CascadeError, match="no layer 7; the network has 3"):
        feature_maps(network, inputs, LayerSettings(layer=7))


def test_no_hooks_are_left():
    network, inputs = convolutional()
    feature_maps(network, inputs, LayerSettings(layer="4"))
    assert not any(module._forward_hooks for module in network.body.modules())
