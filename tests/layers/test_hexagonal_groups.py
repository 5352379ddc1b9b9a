import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cascade.layers.hexagonal import HexagonalConv2d, cell_positions, hexagon, sublattice
from cascade.layers.hexagonal_groups import GroupConv2d, LiftingConv2d, group_pool, group_vector
from cascade.layers.hexagonal_normalisation import HexagonalBatchNorm
from cascade.layers.hexagonal_pooling import (
    HexagonalMaxPool2d,
    HexagonalMeanPool2d,
    mean_over_cells,
)
from cascade.layers.hexagonal_symmetry import (
    SIZES,
    mirror,
    mirror_group,
    permute_group,
    rotate,
    rotate_group,
)

GROUPS = st.sampled_from(["p6", "p6m"])
SEEDS = st.integers(0, 2**31)
TURNS = st.integers(-6, 6)


def turned(x, turns, mirrored, *, group):
    """Return planar maps, or maps of a group, mirrored if so and then rotated."""
    rotated, reflected = (rotate_group, mirror_group) if group else (rotate, mirror)
    return rotated(reflected(x) if mirrored else x, turns)


def turning(turns, mirrored):
    """Return the matrix that mirrors and rotates vectors (x, y)."""
    angle = math.radians(60 * turns)
    rotation = torch.tensor(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    )
    return rotation @ torch.diag(torch.tensor([1.0, -1.0])) if mirrored else rotation


def same(left, right):
    torch.testing.assert_close(left, right, atol=1e-5, rtol=1e-5)


@given(turns=TURNS, mirrored=st.booleans(), cell=st.integers(0, 36))
def test_a_point_goes_where_it_is_turned_to(turns, mirrored, cell):
    mask = hexagon(3)
    point = torch.zeros(7, 7)
    point[tuple(mask.nonzero()[cell])] = 1
    position = cell_positions(7, 7)
    before, after = (
        (x[..., None] * position).sum((0, 1))
        for x in (point, turned(point, turns, mirrored, group=False))
    )
    same(after, turning(turns, mirrored) @ before)


@given(turns=TURNS, seed=SEEDS)
def test_movements_undo_each_other(turns, seed):
    x = torch.randn(2, 12, 7, 7, generator=torch.manual_seed(seed)) * hexagon(3)
    assert torch.equal(rotate(rotate(x, turns), -turns), x)
    assert torch.equal(rotate_group(rotate_group(x, turns), -turns), x)
    assert torch.equal(mirror_group(mirror_group(x)), x)
    # a mirror turns the sense of rotation round
    assert torch.equal(mirror_group(rotate_group(x, turns)), rotate_group(mirror_group(x), -turns))


def test_movements_refuse_what_has_not_their_symmetry():
    with pytest.raises(ValueError, match="9 rows and 13 columns"):
        rotate(torch.zeros(9, 13), 1)
    with pytest.raises(ValueError, match=r"length 6, not 12 \(p6m\)"):
        mirror_group(torch.zeros(6, 5, 5))


@pytest.mark.parametrize("group", SIZES)
@pytest.mark.parametrize("radius", [1, 2])
def test_lifting_applies_the_filter_in_all_orientations(group, radius):
    torch.manual_seed(0)
    layer = LiftingConv2d(2, 3, radius, group)
    plain = HexagonalConv2d(2, 3, radius)
    plain.load_state_dict(layer.state_dict())
    x = torch.randn(2, 2, 9, 9)
    lifted = layer(x)
    assert lifted.shape == (2, 3, SIZES[group], 9, 9)
    square = plain.kernel()
    for element in range(SIZES[group]):
        kernel = turned(square, element % 6, element >= 6, group=False)
        expected = nn.functional.conv2d(x, kernel, plain.bias, padding=radius)
        torch.testing.assert_close(lifted[:, :, element], expected)


@pytest.mark.parametrize("group", SIZES)
@pytest.mark.parametrize("radius", [0, 1, 2])
@pytest.mark.parametrize("stride", [1, 2])
def test_group_convolution_turns_and_permutes_its_filter(group, radius, stride):
    torch.manual_seed(0)
    G, side = SIZES[group], 2 * radius + 1
    layer = GroupConv2d(2, 3, radius, group, stride=stride)
    nn.init.normal_(layer.bias)
    assert layer.weight.shape == (3, 2, G * (3 * radius * (radius + 1) + 1))
    square = torch.zeros(3, 2, G, side, side)
    square[..., hexagon(radius)] = layer.weight.detach().unflatten(2, (G, -1))
    x = torch.randn(2, 2, G, 9, 9)
    y = layer(x)
    for element in range(G):
        kernel = turned(square, element % 6, element >= 6, group=True)
        expected = nn.functional.conv2d(
            x.flatten(1, 2), kernel.flatten(1, 2), layer.bias, padding=radius
        )
        torch.testing.assert_close(y[:, :, element], sublattice(expected, stride))


@settings(max_examples=25)
@given(
    group=GROUPS, radius=st.integers(1, 2), size=st.integers(1, 4), stride=st.integers(1, 2),
    turns=TURNS, mirrored=st.booleans(), seed=SEEDS,
)  # fmt: skip
def test_every_feature_turns_with_the_input(group, radius, size, stride, turns, mirrored, seed):
    mirrored = mirrored and group == "p6m"
    torch.manual_seed(seed)
    mask = hexagon(size)
    lifting = LiftingConv2d(2, 3, radius, group, stride=stride, mask=mask)
    further = GroupConv2d(3, 2, radius, group, mask=sublattice(mask, stride))
    x = torch.randn(2, 2, *mask.shape) * mask
    for layer in (lifting, further):
        nn.init.normal_(layer.bias)
    once = lifting(x)
    twice = further(once)
    again = lifting(turned(x, turns, mirrored, group=False))
    same(again, turned(once, turns, mirrored, group=True))
    same(further(again), turned(twice, turns, mirrored, group=True))


class Stack(nn.Module):
    """A small network with all that one is made of: scalars and vectors of an event."""

    def __init__(self, group, pool, size=4):
        super().__init__()
        mask = hexagon(size)
        small = hexagon(size // 2)
        self.maps = nn.Sequential(
            LiftingConv2d(2, 4, 1, group, mask=mask, bias=False),
            HexagonalBatchNorm(4, mask=mask),
            nn.ReLU(),
            pool(mask=mask),
            GroupConv2d(4, 5, 2, group, mask=small),
            nn.ELU(),
            GroupConv2d(5, 5, 1, group, mask=small, stride=2),
        )
        self.mask = hexagon(size // 4)
        self.mix = nn.Linear(5, 2, bias=False)

    def forward(self, x):
        features = mean_over_cells(self.maps(x), self.mask)  # (B, C, G)
        vectors = self.mix(group_vector(features).transpose(1, 2)).transpose(1, 2)
        return group_pool(features, "max"), group_pool(features), vectors


@settings(max_examples=20)
@given(
    group=GROUPS, pool=st.sampled_from([HexagonalMaxPool2d, HexagonalMeanPool2d]),
    turns=TURNS, mirrored=st.booleans(), training=st.booleans(), seed=SEEDS,
)  # fmt: skip
def test_networks_give_scalars_that_stay_and_vectors_that_turn(
    group, pool, turns, mirrored, training, seed
):
    mirrored = mirrored and group == "p6m"
    torch.manual_seed(seed)
    network = Stack(group, pool).train(training)
    x = torch.randn(3, 2, 9, 9) * hexagon(4)
    *scalars, vectors = network(x)
    *scalars_after, vectors_after = network(turned(x, turns, mirrored, group=False))
    for before, after in zip(scalars, scalars_after, strict=True):
        same(after, before)
    same(vectors_after, vectors @ turning(turns, mirrored).T)
    assert vectors.norm(dim=-1).max() > 1e-4


@given(group=GROUPS, turns=TURNS, mirrored=st.booleans(), seed=SEEDS)
def test_group_vectors_turn(group, turns, mirrored, seed):
    mirrored = mirrored and group == "p6m"
    x = torch.randn(3, 4, SIZES[group], generator=torch.manual_seed(seed))
    after = group_vector(permute_group(x, turns, mirrored=mirrored))
    same(after, group_vector(x) @ turning(turns, mirrored).T)


def test_group_vector_of_one_element_is_its_arrow():
    x = torch.eye(6)[None]
    angles = torch.arange(6) * math.pi / 3
    same(group_vector(x)[0], torch.stack([angles.cos(), angles.sin()], dim=-1))


def test_a_plain_convolution_does_not_turn():
    """The tests above would see it: a filter has a direction."""
    torch.manual_seed(0)
    mask = hexagon(3)
    layer = HexagonalConv2d(1, 1, 1, mask=mask)
    x = torch.randn(1, 1, 7, 7) * mask
    assert (layer(rotate(x, 1)) - rotate(layer(x), 1)).abs().max() > 0.1


def test_gradients_of_a_group_convolution():
    torch.manual_seed(0)
    layer = GroupConv2d(1, 1, 1, "p6", mask=hexagon(2)).double()
    x = torch.randn(1, 1, 6, 5, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda x, *values: torch.func.functional_call(
            layer, dict(zip(("weight", "bias"), values, strict=True)), (x,)
        ),
        (x, layer.weight, layer.bias),
    )
