import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.layers.hexagonal import (
    HexagonalConv2d,
    axial_mask,
    cell_positions,
    hexagon,
    sublattice,
    to_axial,
    to_offset,
)
from layers.lattice import near, offsets, slow_convolution


def offset_rows(rows, columns, shifted):
    """Return x and y of an array whose even or odd rows stand half a spacing further along x."""
    row, column = np.mgrid[:rows, :columns]
    return np.stack([column + 0.5 * (row % 2 == shifted), row * math.sqrt(3) / 2], axis=-1)


@pytest.mark.parametrize("radius", range(5))
def test_a_hexagon_has_the_cells_within_its_radius(radius):
    cells = hexagon(radius)
    side = 2 * radius + 1
    assert cells.sum() == 3 * radius * (radius + 1) + 1
    found = {cell for cell, _ in near(side, side, radius)[radius, radius]}
    assert {tuple(cell) for cell in cells.nonzero().tolist()} == found


def test_the_six_neighbours_stand_at_the_corners_of_a_hexagon():
    angles = sorted(math.degrees(math.atan2(y, x)) % 360 for x, y in offsets(1) if (x, y) != (0, 0))
    np.testing.assert_allclose(angles, np.arange(0, 360, 60), atol=1e-9)


@given(rows=st.integers(1, 8), columns=st.integers(1, 8), shifted=st.sampled_from([0, 1]))
def test_offset_rows_come_back_and_stand_where_they_stood(rows, columns, shifted):
    place = torch.tensor(offset_rows(rows, columns, shifted)).permute(2, 0, 1)
    axial = to_axial(place, shifted)
    mask = axial_mask(rows, columns, shifted)
    assert axial.shape[-1] == columns + (rows - shifted) // 2 == mask.shape[-1]
    assert mask.sum() == rows * columns
    assert (axial[:, ~mask] == 0).all()
    torch.testing.assert_close(to_offset(axial, columns, shifted), place)
    # up to one shift of all, the cells stand where their axial coordinates say
    there = cell_positions(*mask.shape)[mask].double()
    shift = there - axial.permute(1, 2, 0)[mask]
    torch.testing.assert_close(shift, shift[:1].expand_as(shift), atol=1e-6, rtol=0)


def test_axial_storage_keeps_dtype_and_gradient():
    x = torch.randn(2, 3, 5, 4, dtype=torch.float64, requires_grad=True)
    axial = to_axial(x)
    axial.square().sum().backward()
    assert axial.dtype == torch.float64
    torch.testing.assert_close(x.grad, 2 * x)


@pytest.mark.parametrize("radius", [0, 1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("shape", [(7, 9), (6, 8)])
def test_convolution_sums_over_true_neighbours(radius, stride, shape):
    torch.manual_seed(radius)
    layer = HexagonalConv2d(2, 3, radius, stride).double()
    torch.nn.init.normal_(layer.bias)
    assert layer.weight.shape == (3, 2, 3 * radius * (radius + 1) + 1)
    x = torch.randn(2, 2, *shape, dtype=torch.float64, requires_grad=True)
    slow = sublattice(slow_convolution(x, layer.weight, layer.bias, radius), stride)
    fast = layer(x)
    torch.testing.assert_close(fast, slow)
    inputs = (x, layer.weight, layer.bias)
    direction = torch.randn_like(slow)
    for ours, reference in zip(
        torch.autograd.grad(fast, inputs, direction),
        torch.autograd.grad(slow, inputs, direction),
        strict=True,
    ):
        torch.testing.assert_close(ours, reference)


def test_a_layer_learns_its_taps_alone_and_stores_nothing_else():
    layer = HexagonalConv2d(4, 5, 2, mask=hexagon(3))
    assert {name: value.shape for name, value in layer.state_dict().items()} == {
        "weight": (5, 4, 19),
        "bias": (5,),
    }


@settings(max_examples=30)
@given(rows=st.integers(1, 12), columns=st.integers(1, 12), stride=st.integers(1, 4))
def test_a_stride_keeps_the_middle(rows, columns, stride):
    x = torch.zeros(rows, columns)
    middle = (rows - 1) // 2, (columns - 1) // 2
    x[middle] = 1
    assert sublattice(x, stride).sum() == 1
    # and moves along the lattice
    place = sublattice(cell_positions(rows, columns).permute(2, 0, 1), stride)
    kept = cell_positions(*place.shape[1:]).permute(2, 0, 1) * stride
    difference = (place - kept).flatten(1)
    torch.testing.assert_close(difference, difference[:, :1].expand_as(difference))


@pytest.mark.parametrize("radius", [2, 3, 4, 7])
def test_every_second_cell_of_a_hexagon_is_a_hexagon(radius):
    assert torch.equal(sublattice(hexagon(radius), 2), hexagon(radius // 2))


@pytest.mark.parametrize("stride", [1, 2])
def test_cells_that_do_not_exist_stay_zero(stride):
    torch.manual_seed(0)
    mask = axial_mask(9, 9)
    masked = HexagonalConv2d(2, 3, 1, stride, mask=mask)
    free = HexagonalConv2d(2, 3, 1, stride)
    free.load_state_dict(masked.state_dict())
    torch.nn.init.ones_(masked.bias)
    torch.nn.init.ones_(free.bias)
    x = to_axial(torch.randn(4, 2, 9, 9))
    out, kept = masked(x), sublattice(mask, stride)
    assert (out[..., ~kept] == 0).all()
    torch.testing.assert_close(out[..., kept], free(x)[..., kept])


def test_signals_keep_their_size_through_many_layers():
    torch.manual_seed(0)
    layers = [HexagonalConv2d(64, 64, 2, before="linear") for _ in range(6)]
    x = torch.randn(4, 64, 31, 31)
    with torch.no_grad():
        for layer in layers:
            x = layer(x)
    # away from the edge, where zeros come in
    assert 0.5 < x[..., 12:-12, 12:-12].std() < 2
