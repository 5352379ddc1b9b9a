import pytest
import torch
from torch.nn import functional as F

from cascade.layers.inception import InceptionUnit, split


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 4), (6, 8), (8, 18), (3, 33)])
@pytest.mark.parametrize("normalise", ["none", "batch"])
def test_shapes(inputs, outputs, normalise):
    unit = InceptionUnit(inputs, outputs, activate="relu", normalise=normalise)
    assert unit(torch.randn(3, inputs, 12, 7)).shape == (3, outputs, 12, 7)
    assert sum(split(outputs)) == outputs


def test_equals_its_four_branches_written_out():
    torch.manual_seed(0)
    unit = InceptionUnit(6, 10, activate="relu")
    x = torch.randn(2, 6, 9, 9)

    def layer(unit, x):
        return F.conv2d(x, unit[0].weight, unit[0].bias, padding=unit[0].kernel_size[0] // 2).relu()

    one, three, five, pooled = unit.branches
    expected = [
        layer(one, x),
        layer(three[1], layer(three[0], x)),
        layer(five[1], layer(five[0], x)),
        layer(pooled[1], F.max_pool2d(F.pad(x, [1] * 4, value=-torch.inf), 3, stride=1)),
    ]
    assert [maps.shape[1] for maps in expected] == [3, 3, 2, 2]
    torch.testing.assert_close(unit(x), torch.cat(expected, dim=1))


def test_sees_two_pixels_far():
    torch.manual_seed(0)
    unit = InceptionUnit(1, 16, activate="elu")
    x = torch.randn(1, 1, 11, 11, requires_grad=True)
    unit(x)[..., 5, 5].sum().backward()
    seen = x.grad[0, 0].nonzero()
    assert seen.amin(0).tolist() == [3, 3]
    assert seen.amax(0).tolist() == [7, 7]
