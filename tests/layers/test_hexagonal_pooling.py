import pytest
import torch

from cascade.layers.hexagonal import axial_mask, hexagon, sublattice, to_axial
from cascade.layers.hexagonal_normalisation import HexagonalBatchNorm
from cascade.layers.hexagonal_pooling import (
    HexagonalMaxPool2d,
    HexagonalMeanPool2d,
    mean_over_cells,
)
from layers.lattice import slow_pool

MASKS = {"all": torch.ones(6, 7, dtype=torch.bool), "hexagon": hexagon(3), "rows": axial_mask(6, 5)}


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("radius", [1, 2])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_pooling_sees_true_neighbours_that_exist(radius, stride, mask):
    torch.manual_seed(0)
    cells = MASKS[mask]
    # all negative: a zero from outside would win a maximum
    x = -1 - torch.rand(2, 3, *cells.shape, dtype=torch.float64)
    given = None if mask == "all" else cells
    for pool, reduce in ((HexagonalMaxPool2d, torch.amax), (HexagonalMeanPool2d, torch.mean)):
        slow = sublattice(slow_pool(x, radius, cells, reduce), stride)
        torch.testing.assert_close(pool(radius, stride, mask=given)(x), slow)


@pytest.mark.parametrize("pool", [HexagonalMaxPool2d, HexagonalMeanPool2d])
def test_gradients_of_pooling(pool):
    torch.manual_seed(0)
    x = torch.randn(1, 2, 5, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(pool(mask=hexagon(2)), x)


def test_what_is_stored_where_no_cell_is_does_not_count():
    torch.manual_seed(0)
    mask = hexagon(3)
    x = torch.randn(2, 3, 7, 7) * mask
    spoilt = torch.where(mask, x, 1e3)
    for pool in (HexagonalMaxPool2d(mask=mask), HexagonalMeanPool2d(mask=mask)):
        torch.testing.assert_close(pool(spoilt), pool(x))
    torch.testing.assert_close(mean_over_cells(spoilt, mask), x[..., mask].mean(-1))


def test_mean_over_all_cells():
    x = torch.randn(2, 3, 7, 6)
    torch.testing.assert_close(mean_over_cells(x), x.mean((2, 3)))


@pytest.mark.parametrize("between", [(), (6,)])
def test_normalisation_counts_cells_that_exist(between):
    torch.manual_seed(0)
    mask = axial_mask(9, 9)
    layer = HexagonalBatchNorm(3, mask=mask)
    x = to_axial(7 + 3 * torch.randn(8, 3, *between, 9, 9))
    out = layer(x)
    assert (out[..., ~mask] == 0).all()
    values = out[..., mask].transpose(0, 1).flatten(1)
    torch.testing.assert_close(values.mean(1), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(values.std(1), torch.ones(3), atol=1e-3, rtol=0)


@pytest.mark.parametrize("training", [True, False])
def test_without_a_mask_normalisation_is_torchs_own(training):
    torch.manual_seed(0)
    ours, theirs = HexagonalBatchNorm(3).train(training), torch.nn.BatchNorm2d(3).train(training)
    x = torch.randn(4, 3, 5, 5) * 2 + 1
    torch.testing.assert_close(ours(x), theirs(x))
    torch.testing.assert_close(ours.running_var, theirs.running_var)
