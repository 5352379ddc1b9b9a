"""Randomised weights are the same numbers elsewhere; maps that mean something do not survive."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from cascade.introspection.batching import scores
from cascade.introspection.gradients import saliency
from cascade.introspection.randomisation import randomised, randomised_explained
from cascade.introspection.scores import rank_correlation
from cascade.introspection.settings import AttributionSettings
from introspection.networks import convolutional, explained, linear


def test_parameters_keep_their_numbers_and_the_network_its_weights():
    network, _ = convolutional()
    before = {name: values.clone() for name, values in network.body.state_dict().items()}
    copied = randomised(network.network, seed=1)
    for name, values in copied.named_parameters():
        torch.testing.assert_close(values.flatten().sort()[0], before[name].flatten().sort()[0])
        assert values.numel() == 1 or name[0] == "1" or not torch.equal(values, before[name])
    for name, values in network.body.state_dict().items():
        assert torch.equal(values, before[name])


def test_layers_are_randomised_from_the_top():
    network, _ = convolutional()
    for layers, changed in ((0, ""), (1, "7"), (2, "74"), (4, "7410")):
        copied = randomised(network.network, seed=1, layers=layers)
        for name, values in copied.named_parameters():
            same = torch.equal(values, network.network.get_parameter(name))
            assert same == (name[0] not in changed) or values.numel() == 1 or name[0] == "1"


def test_a_seed_is_a_network():
    network, _ = convolutional()
    one, again, other = (randomised(network.network, seed)[4].weight for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_maps_of_a_randomised_network_are_others():
    network, _, inputs = linear(size=12)
    settings = AttributionSettings()
    first = saliency(network, inputs, settings)[0]
    second = saliency(randomised_explained(network, inputs, 1), inputs, settings)[0]
    assert abs(np.mean(rank_correlation(first, second))) < 0.3
    np.testing.assert_allclose(rank_correlation(first, first), 1)


def test_a_network_that_is_dead_once_shuffled_gives_way_to_one_that_is_not():
    first, last = nn.Linear(4, 1), nn.Linear(1, 1)
    with torch.no_grad():
        first.weight.copy_(torch.tensor([[5.0, -1, -1, -1]]))
        first.bias.fill_(-2)
        last.weight.fill_(1)
    network = explained(nn.Sequential(first, nn.ReLU(), last, nn.Flatten(0)), "row")
    # only a shuffle that leaves the large weight where it is opens the ReLU
    inputs = [torch.tensor([[1.0, 0, 0, 0], [2, 0, 0, 0], [3, 0, 0, 0]])]
    alone = [replace(network, network=randomised(network.network, seed)) for seed in range(20)]
    alive = [len(scores(each, inputs, 9).unique()) == 3 for each in alone]
    assert any(alive)
    assert not all(alive)
    for seed in range(5):
        found = randomised_explained(network, inputs, seed)
        assert len(scores(found, inputs, 9).unique()) == 3
    assert randomised_explained(network, [torch.zeros(3, 4)], 1) is None
