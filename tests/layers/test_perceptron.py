"""Dense layers in a row, against the formula."""

import torch

from cascade.layers.perceptron import perceptron


def test_relu_stands_between_the_layers_and_not_behind_the_last():
    torch.manual_seed(1)
    layers = perceptron(3, 5, 4, 2)
    x = torch.randn(100, 3)
    expected = x
    weights = list(layers.parameters())
    for weight, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        expected = (expected @ weight.T + bias).clamp(min=0)
    expected = expected @ weights[-2].T + weights[-1]
    assert [tuple(weight.shape) for weight in weights[::2]] == [(5, 3), (4, 5), (2, 4)]
    torch.testing.assert_close(layers(x), expected)
    assert (expected < 0).any()


def test_one_layer_is_linear():
    layers = perceptron(3, 2)
    x = torch.randn(10, 3)
    torch.testing.assert_close(layers(x) + layers(-x), 2 * layers(torch.zeros(1, 3)).expand(10, 2))
