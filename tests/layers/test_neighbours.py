"""Nearest neighbours against a plain search, in clouds with ties, padding and too few points."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from torch.nn import functional as F

from cascade.layers import neighbours
from cascade.layers.neighbours import NearestNeighbours, nearest


@st.composite
def clouds(draw):
    """Return points (B, N, C), some in the same place or equally far, a mask, and a number."""
    torch.manual_seed(draw(st.integers(0, 99)))
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 4)))
    points = torch.randn(shape)
    if draw(st.booleans()):
        points = (2 * points).round()  # on a lattice
    mask = draw(st.sampled_from([None, torch.rand(shape[:2]) < 0.6]))
    return points, mask, draw(st.integers(1, 10))


def searched(points, number, mask):
    """Return what ``nearest`` says it returns, by sorting the others of each point."""
    found = torch.empty(*points.shape[:2], number, dtype=torch.int64)
    for b, cloud in enumerate(points.double()):
        real = range(len(cloud)) if mask is None else mask[b].nonzero().ravel().tolist()
        for i, point in enumerate(cloud):
            others = [j for j in real if j != i and i in real]
            others.sort(key=lambda j: float((point - cloud[j]).square().sum()))
            found[b, i] = torch.tensor((others + number * [i])[:number])
    return found


@given(clouds())
def test_neighbours_are_those_of_a_plain_search_and_of_equals_the_first(drawn):
    points, mask, number = drawn
    assert torch.equal(nearest(points, number, mask), searched(points, number, mask))


def test_directions_are_near_by_angle():
    directions = F.normalize(torch.randn(3, 500, 3, generator=torch.Generator().manual_seed(1)))
    directions = F.normalize(directions, dim=-1)
    for cloud, found in zip(directions.double(), nearest(directions, 16), strict=True):
        expected = torch.from_numpy(cKDTree(cloud).query(cloud, 17)[1][:, 1:])
        assert torch.equal(found, expected)
        cosines = (cloud[:, None] * cloud[found]).sum(dim=-1)
        assert (cosines.diff(dim=1) <= 1e-7).all()


def test_points_far_from_the_origin_keep_their_neighbours():
    lg_energy = 1000 + torch.rand(1, 50, 1, generator=torch.Generator().manual_seed(2)) / 4
    assert torch.equal(nearest(lg_energy, 3), searched(lg_energy, 3, None))


@given(clouds())
def test_clouds_do_not_see_each_other(drawn):
    points, mask, number = drawn
    together = nearest(points, number, mask)
    for b in range(len(points)):
        alone = nearest(points[b, None], number, None if mask is None else mask[b, None])
        assert torch.equal(together[b], alone[0])


@given(clouds(), st.randoms())
def test_padding_changes_nothing_whatever_stands_there(drawn, random):
    points, _, number = drawn
    rubbish = torch.tensor([random.choice([0.0, 1e30, torch.inf, torch.nan]) for _ in range(3)])
    padding = rubbish[:, None].expand(len(points), 3, points.shape[2])
    mask = torch.arange(points.shape[1] + 3) < points.shape[1]
    found = nearest(torch.cat([points, padding], 1), number, mask.expand(len(points), -1))
    assert torch.equal(found[:, mask], nearest(points, number))
    assert torch.equal(found[0, ~mask], mask.logical_not().nonzero().expand(3, number))


@pytest.mark.parametrize("kept", [1, 100, 5000])
def test_the_number_of_clouds_at_a_time_does_not_matter(monkeypatch, kept):
    points = torch.randn(5, 30, 4, generator=torch.Generator().manual_seed(3))
    expected = nearest(points, 4)
    monkeypatch.setattr(neighbours, "AT_ONCE", kept)
    assert torch.equal(nearest(points, 4), expected)


def test_on_the_cpu_the_same_is_found_as_by_topk():
    points = torch.randn(2, 100, 4, generator=torch.Generator().manual_seed(4))
    left, right = neighbours._factors_of_distance(points)
    distance = (left @ right).float()
    distance.diagonal(dim1=1, dim2=2).fill_(torch.inf)
    spare = torch.empty_like(distance, dtype=torch.int32)
    for number in (1, 7, 100):
        expected = distance.topk(number, largest=False).indices
        assert torch.equal(neighbours._least_on_cpu(distance, number, spare), expected)


def test_hooks_see_the_graph_and_gradients_do_not_go_through():
    seen = []
    module = NearestNeighbours(2)
    module.register_forward_hook(lambda module, inputs, output: seen.append(output))
    points = torch.tensor([[[0.0], [1.0], [3.0], [3.5]]], requires_grad=True)
    found = module(points)
    assert seen[0] is found
    assert not found.requires_grad
    assert found.tolist() == [[[1, 2], [0, 2], [3, 1], [2, 1]]]
