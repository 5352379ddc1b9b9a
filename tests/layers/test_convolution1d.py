"""Convolution over time with channels side by side gives what torch's gives."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cascade.introspection.explained import Explained
from cascade.introspection.relevance import relevance
from cascade.introspection.settings import RelevanceSettings
from cascade.layers.convolution1d import BatchNorm1d, Conv1d, cat, interpolate

SHAPES = [
    {"kernel_size": 1},
    {"kernel_size": 5, "padding": 2, "bias": False},
    {"kernel_size": 5, "padding": 2, "stride": 2},
    {"kernel_size": 3, "padding": 4, "dilation": 4},
    {"kernel_size": 3, "groups": 2},
]


def pulled(network, x, weights):
    """Return what a network gives, and the gradients of a weighted sum of it."""
    x = x.clone().requires_grad_()
    answer = network(x)
    sums = (answer * weights(answer)).sum()
    return answer, torch.autograd.grad(sums, [x, *network.parameters()])


def weights(answer):
    return torch.linspace(-1, 1, answer.numel(), dtype=answer.dtype).view_as(answer)


def assert_alike(ours, peer, x):
    ours.load_state_dict(peer.state_dict())
    (mine, my_gradients), (theirs, gradients) = (pulled(one, x, weights) for one in (ours, peer))
    torch.testing.assert_close(mine, theirs)
    torch.testing.assert_close(my_gradients, gradients)


@pytest.fixture
def x():
    torch.manual_seed(3)
    return torch.randn(4, 6, 20, dtype=torch.float64)


@pytest.mark.parametrize("shape", SHAPES)
def test_convolutions_are_those_of_torch(x, shape):
    ours, peer = (layer(6, 8, **shape, dtype=x.dtype) for layer in (Conv1d, nn.Conv1d))
    assert_alike(ours, peer, x)


@pytest.mark.parametrize("training", [True, False])
def test_normalisations_are_those_of_torch(x, training):
    ours, peer = (
        layer(6, dtype=x.dtype).train(training) for layer in (BatchNorm1d, nn.BatchNorm1d)
    )
    peer.running_mean.add_(0.3)
    peer.weight.data.mul_(1.7)
    assert_alike(ours, peer, x)
    torch.testing.assert_close(ours.state_dict(), peer.state_dict())


def test_channels_are_put_together_and_times_filled_in_as_torch_does(x):
    torch.testing.assert_close(cat([x, x[:, :2]]), torch.cat([x, x[:, :2]], dim=1))
    torch.testing.assert_close(interpolate(x, 50), F.interpolate(x, 50, mode="linear"))


def test_channels_stay_side_by_side(x):
    network = nn.Sequential(
        Conv1d(6, 8, 3, dtype=x.dtype), BatchNorm1d(8, dtype=x.dtype), nn.ReLU()
    )
    answer = network(x)
    for one in (answer, cat([answer, answer]), interpolate(answer, 36)):
        assert one.mT.is_contiguous()


@pytest.mark.parametrize("rule", ["zero", "epsilon", "gamma", "composite"])
def test_relevance_goes_back_as_through_torch(x, rule):
    class Network(nn.Module):
        def __init__(self, convolution, normalisation, together, between):
            super().__init__()
            self.unit = nn.Sequential(convolution(6, 8, 3, padding=1), normalisation(8), nn.ReLU())
            self.answer = convolution(14, 1, 1)
            self.together, self.between = together, between

        def forward(self, x):
            found = self.between(self.unit(x), 40)
            return self.answer(self.together([self.between(x, 40), found])).sum(dim=(1, 2))

    ours = Network(Conv1d, BatchNorm1d, cat, interpolate).double().eval()
    peer = Network(
        nn.Conv1d,
        nn.BatchNorm1d,
        lambda parts: torch.cat(parts, dim=1),
        lambda x, times: F.interpolate(x, times, mode="linear"),
    )
    peer = peer.double().eval()
    ours.load_state_dict(peer.state_dict())
    mine, theirs = (
        relevance(
            Explained(network.requires_grad_(False), ("x",), lambda output: output),
            [x],
            RelevanceSettings(rule=rule),
        )[0]
        for network in (ours, peer)
    )
    torch.testing.assert_close(mine, theirs)
