import pytest
import torch
from torch import nn

from cascade.layers.activations import ActivationName, activation, initialise
from cascade.layers.dropout import channel_dropout, dropout

ACTIVATIONS = ActivationName.__args__


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "selu"])
def test_initial_weights_keep_the_size_of_a_signal_through_many_layers(name):
    torch.manual_seed(0)
    x = torch.randn(200, 256)
    for _ in range(20):
        x = activation(name)(initialise(nn.Linear(256, 256), name)(x))
    # of ReLU and its kin half the mean square before the activation is left behind it
    expected = {"relu": 0.5, "leaky_relu": 0.505, "selu": 1.0}[name]
    assert 0.5 * expected < x.square().mean() < 2 * expected


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_initial_biases_are_zero_and_modules_are_new(name):
    layer = nn.Conv2d(3, 4, 5)
    assert initialise(layer, name) is layer
    assert not layer.bias.any()
    assert activation(name) is not activation(name)


def test_initial_variance_is_that_of_the_papers():
    torch.manual_seed(0)
    expected = {"relu": 2 / 400, "tanh": 2 / 1000, "selu": 1 / 400, "linear": 1 / 400}
    for name, variance in expected.items():
        weight = initialise(nn.Linear(400, 600), name).weight
        assert weight.var().item() == pytest.approx(variance, rel=0.02)


def test_alpha_dropout_keeps_mean_and_variance_behind_selu():
    torch.manual_seed(0)
    x = activation("selu")(torch.randn(400, 100))
    dropped = dropout(0.3, "selu").train()(x)
    assert dropped.mean().item() == pytest.approx(x.mean().item(), abs=0.02)
    assert dropped.var().item() == pytest.approx(x.var().item(), rel=0.03)


@pytest.mark.parametrize("behind", ["relu", "selu"])
def test_channel_dropout_drops_whole_channels(behind):
    torch.manual_seed(0)
    maps = channel_dropout(0.5, behind).train()(torch.ones(8, 16, 5, 5))
    assert (maps == maps[..., :1, :1]).all()
    assert len(maps.unique()) == 2


def test_no_dropout_at_rate_0():
    assert isinstance(dropout(0, "relu"), nn.Identity)
    assert isinstance(channel_dropout(0, "selu"), nn.Identity)
