import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.layers.hexagonal import HexagonalConv2d, hexagon
from cascade.layers.hexagonal_groups import GroupConv2d, LiftingConv2d
from cascade.layers.occupied import OccupiedConv, SquareConv2d, neighbours
from cascade.layers.ragged import Ragged


def layers(radius):
    """Return layers of 6 inputs, with the taps of their kernels."""
    square = torch.ones(2 * radius + 1, 2 * radius + 1, dtype=torch.bool)
    return [
        (SquareConv2d(6, 4, radius), square),
        (HexagonalConv2d(6, 4, radius), hexagon(radius)),
        (LiftingConv2d(6, 2, radius, "p6m"), hexagon(radius)),
        (GroupConv2d(1, 2, radius, "p6"), hexagon(radius)),
    ]


def dense(layer, x):
    """Apply a layer to dense maps (B, 6, R, W); maps of a group become channels."""
    maps = layer(x.unflatten(1, (1, 6)) if isinstance(layer, GroupConv2d) else x)
    return maps.flatten(1, 2) if maps.ndim == 5 else maps


def occupied(mask):
    """Return the cells of a mask (B, R, W), row by row."""
    return Ragged(mask.nonzero()[:, 1:], mask.flatten(1).sum(dim=1))


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**31),
    shape=st.tuples(st.integers(0, 4), st.integers(1, 7), st.integers(1, 7)),
    share=st.floats(0, 1),
    radius=st.integers(1, 3),
    kind=st.integers(0, 3),
)
def test_rows_are_those_of_the_dense_layer(seed, shape, share, radius, kind):
    generator = torch.Generator().manual_seed(seed)
    mask = torch.rand(shape, generator=generator) < share
    x = torch.randn(shape[0], 6, *shape[1:], generator=generator) * mask[:, None]
    layer, taps = layers(radius)[kind]
    with torch.no_grad():
        layer.bias.normal_(generator=generator)
        expected = dense(layer, x).movedim(1, -1)[mask]
        near = neighbours(occupied(mask), shape[1:], taps)
        found = OccupiedConv(layer, taps)(x.movedim(1, -1)[mask], near)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", range(4))
def test_gradients_are_those_of_the_dense_layer(kind):
    torch.manual_seed(kind)
    mask = torch.rand(3, 5, 4) < 0.4
    layer, taps = layers(1)[kind]
    found = []
    for sparse in (False, True):
        x = torch.randn(3, 6, 5, 4, generator=torch.Generator().manual_seed(1)) * mask[:, None]
        x.requires_grad_()
        if sparse:
            near = neighbours(occupied(mask), (5, 4), taps)
            y = OccupiedConv(layer, taps)(x.movedim(1, -1)[mask], near)
        else:
            y = dense(layer, x).movedim(1, -1)[mask]
        wanted = [x, *layer.parameters()]
        found.append(torch.autograd.grad((y**3).sum(), wanted))
        found[-1] = [found[-1][0].movedim(1, -1)[mask], *found[-1][1:]]
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_events_do_not_touch_each_other():
    taps = torch.ones(3, 3, dtype=torch.bool)
    # in the last cell of one event and the first of the next, and in no other
    cells = Ragged(torch.tensor([[1, 1], [0, 0]]), torch.tensor([1, 0, 1]))
    near = neighbours(cells, (2, 2), taps)
    assert near[:, 4].tolist() == [0, 1]
    assert (near == 2).sum() == 2 * 8
