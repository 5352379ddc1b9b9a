import pytest
import torch
from torch import nn

from cascade.layers.convolution import convolution_unit
from cascade.layers.residual import ResidualUnit


@pytest.mark.parametrize("normalise", ["none", "batch"])
@pytest.mark.parametrize("activate", ["relu", "elu", "tanh"])
def test_unit_starts_as_the_identity(activate, normalise):
    torch.manual_seed(0)
    unit = ResidualUnit(4, 4, 3, activate=activate, normalise=normalise)
    x = torch.randn(2, 4, 9, 9)
    assert torch.equal(unit(x), x)


def test_unit_adds_its_branch():
    torch.manual_seed(0)
    unit = ResidualUnit(3, 5, 3, activate="relu")
    nn.init.normal_(unit.branch[-1].weight)
    x = torch.randn(2, 3, 9, 9)
    inner = nn.functional.conv2d(x.relu(), unit.branch[2].weight, unit.branch[2].bias, padding=1)
    branch = nn.functional.conv2d(
        inner.relu(), unit.branch[5].weight, unit.branch[5].bias, padding=1
    )
    shortcut = torch.einsum("oi,bihw->bohw", unit.shortcut.weight[:, :, 0, 0], x)
    torch.testing.assert_close(unit(x), shortcut + branch)


def first_gradient(unit):
    torch.manual_seed(0)
    x = torch.randn(2, 4, 9, 9, requires_grad=True)
    network = nn.Sequential(*(unit() for _ in range(30)))
    network(x).mean().backward()
    return x.grad.norm()


def test_gradient_reaches_the_first_of_many_units_by_the_shortcuts():
    plain = first_gradient(lambda: convolution_unit(4, 4, 3, activate="sigmoid"))
    residual = first_gradient(lambda: ResidualUnit(4, 4, 3, activate="sigmoid"))
    assert residual > 1e6 * plain
