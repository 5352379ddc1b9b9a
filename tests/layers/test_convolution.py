import pytest
import torch
from torch import nn

from cascade.layers.convolution import convolution, convolution_unit


@pytest.mark.parametrize("kernel", [1, 3, 7, 11])
@pytest.mark.parametrize("dilation", [1, 2])
def test_height_and_width_stay(kernel, dilation):
    layer = convolution(2, 3, kernel, before="relu", dilation=dilation)
    assert layer(torch.randn(4, 2, 25, 13)).shape == (4, 3, 25, 13)


def test_stride_divides_and_rounds_up():
    layer = convolution(2, 3, 3, before="relu", stride=2)
    assert layer(torch.randn(4, 2, 25, 12)).shape == (4, 3, 13, 6)


def test_dilated_taps_are_apart():
    torch.manual_seed(0)
    layer = convolution(1, 1, 3, before="linear", dilation=3)
    point = torch.zeros(1, 1, 13, 13)
    point[0, 0, 6, 6] = 1
    response = layer(point)[0, 0]
    assert response.nonzero().tolist() == [[i, j] for i in (3, 6, 9) for j in (3, 6, 9)]
    # a convolution of torch is a correlation: the response to a point is the mirrored filter
    torch.testing.assert_close(response[3:10:3, 3:10:3], layer.weight[0, 0].flip(0, 1))


def test_normalised_unit_has_zero_mean_before_the_activation():
    torch.manual_seed(0)
    unit = convolution_unit(2, 5, 3, activate="relu", normalise="batch")
    normalised = unit[:2](torch.randn(16, 2, 9, 9) * 30 + 4)
    torch.testing.assert_close(normalised.mean(dim=(0, 2, 3)), torch.zeros(5), atol=1e-5, rtol=0)
    assert unit[0].bias is None
    assert isinstance(unit[2], nn.ReLU)
