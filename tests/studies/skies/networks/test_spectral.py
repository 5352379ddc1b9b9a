"""The graph of the spectral network, against a plain search."""

from __future__ import annotations

import math

import torch

from studies.skies.networks.untrained import build, sky


def slow_links(direction, number, scale):
    """Return links of one sky, where either is among the other's nearest, and their strengths."""
    cosines = (direction @ direction.T).clamp(-1, 1)
    angle = torch.rad2deg(torch.arccos(cosines)).fill_diagonal_(torch.inf)
    near = [set(row.argsort()[:number].tolist()) for row in angle]
    return {
        (i, j): math.exp(-0.5 * (float(angle[i, j]) / scale) ** 2)
        for i in range(len(near))
        for j in range(len(near))
        if j in near[i] or i in near[j]
    }


def test_links_have_no_direction_and_stay_within_a_sky(skies):
    network = build("spectral", neighbours=4, scale=20.0)
    edges, strengths = network.links(skies[0])
    found = {(i, j): s for (i, j), s in zip(edges.T.tolist(), strengths.tolist(), strict=True)}
    assert len(found) == edges.shape[1]  # none twice
    expected = {}
    for number, direction in enumerate(skies[0].double()):
        for (i, j), strength in slow_links(direction, 4, 20.0).items():
            expected[60 * number + i, 60 * number + j] = strength
    assert found.keys() == expected.keys()
    for (i, j), strength in found.items():
        assert i // 60 == j // 60
        assert found[j, i] == strength
        assert abs(strength - expected[i, j]) < 1e-4


def test_a_ray_reaches_as_far_as_the_polynomials_go():
    """A filter of order K changes what is K − 1 links away, and nothing beyond."""
    network = build("spectral", neighbours=2, layers=1, order=3)
    direction, energy = sky(1, 4, rays=80)
    edges, _ = network.links(direction)
    linked = torch.zeros(80, 80, dtype=torch.bool)
    linked[edges[0], edges[1]] = True
    reached = torch.zeros(80, dtype=torch.bool)
    reached[0] = True
    for _ in range(2):
        reached = reached | linked[reached].any(dim=0)
    other = energy.clone()
    other[0, 0] *= 3
    with torch.no_grad():
        changed = (network(direction, other) - network(direction, energy))[0, 1:].abs() > 0
    assert torch.equal(changed, reached)
    assert 3 <= reached.sum() < 40


def test_rays_alone_in_the_sky_are_not_linked_with_themselves():
    """Fewer rays than neighbours: their own places fill the list, and must change nothing."""
    direction, energy = sky(2, 5, rays=4)
    few, many = build("spectral", neighbours=3), build("spectral", neighbours=20)
    with torch.no_grad():
        torch.testing.assert_close(few(direction, energy), many(direction, energy))
