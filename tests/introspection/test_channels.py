"""Channels are rated by what they add to the score of a network that is linear in them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cascade.errors import CascadeError
from cascade.introspection.channels import chosen_channels, importance
from cascade.introspection.feature_maps import layer
from cascade.introspection.settings import ChannelsSettings
from introspection.networks import cloud, convolutional, explained


def choose(network, inputs, size=2, **settings):
    chosen, channels = chosen_channels(network, inputs, ChannelsSettings(**settings), size)
    return chosen.name, channels


def test_a_channel_counts_by_its_part_of_the_score():
    network, inputs = convolutional(head="mean")
    maps = network.body[:6](inputs[0])  # behind them there are a mean and a linear layer
    wanted = (maps.mean((2, 3)) * network.body[8].weight[0]).abs().mean(0)
    found = importance(network, inputs, layer(network, inputs, "5"), size=2)
    torch.testing.assert_close(found, wanted)
    order = wanted.argsort(descending=True).tolist()
    assert choose(network, inputs, layer="5") == ("5", order[:3])
    assert choose(network, inputs, layer=5, channels=4) == ("5", order)


def test_channels_may_be_named():
    network, inputs = convolutional()
    assert choose(network, inputs, layer="4", channels=(3, 1)) == ("4", [3, 1])


def test_rows_of_an_event_are_added_up():
    network, inputs = cloud()
    network.body.event = nn.Linear(4, 1)
    rows = []
    hook = network.body.row.register_forward_hook(lambda *call: rows.append(call[2]))
    # the layer's features go through a tanh; one channel that nothing hangs on has no part
    network.body.event.weight.data[0, 2] = 0.0
    found = importance(network, inputs, layer(network, inputs, "row"), size=3)
    hook.remove()
    assert found.shape == (4,)
    assert found[2] == 0
    assert (found[[0, 1, 3]] > 0).all()


def test_dense_layers_have_channels_too():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 1), nn.Flatten(0))
    known, x = explained(network), torch.randn(7, 3)
    found = importance(known, [x], layer(known, [x], "0"), size=64)
    torch.testing.assert_close(found, (network[0](x) * network[1].weight[0]).abs().mean(0))


@pytest.mark.parametrize("channels", [5, (0, 4)])
def test_channels_that_are_not_there_are_named(channels):
    network, inputs = convolutional()
    with pytest.raises(CascadeError, match="the layer '4' has 4"):
        choose(network, inputs, layer="4", channels=channels)
