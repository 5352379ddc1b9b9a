"""Local moments against their formula, one ray after the other, and under rotations."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from cascade.layers.neighbours import nearest
from cascade.studies.skies.networks import moments
from cascade.studies.skies.networks.moments import BUMP_WIDTH, BUMPS, LocalMoments
from cascade.studies.skies.networks.rays import THRESHOLD, angles, look_around, separations
from cascade.studies.skies.settings.networks import MomentSettings
from studies.skies.networks.slow import angle_and_azimuth, units

SCALES = [3.0, 12.0]
SETTINGS = MomentSettings(neighbours=9, scales=SCALES, harmonics=3, channels=5)


def module(**changes):
    torch.manual_seed(1)
    return LocalMoments(SETTINGS.model_copy(update=changes)).eval()


def summed(direction, energy, neighbours, harmonics):
    """Return the moments of one ray by the formula: complex, (1 + harmonics, scales, bumps)."""
    total = np.zeros((len(neighbours), 1 + harmonics, len(SCALES), len(BUMPS)), complex)
    for i, others in enumerate(neighbours):
        for j in others:
            theta, phi = angle_and_azimuth(direction[i], direction[j])
            for a, scale in enumerate(SCALES):
                ring = math.exp(-(theta**2) / (2 * scale**2))
                for b, centre in enumerate(BUMPS):
                    aside = (THRESHOLD / energy[j] - centre) / BUMP_WIDTH
                    for m in range(1 + harmonics):
                        turn = cmath.exp(1j * m * phi)
                        total[i, m, a, b] += ring * math.exp(-(aside**2) / 2) * turn
    return total


@pytest.mark.parametrize("harmonics", [0, 1, 2, 3])
def test_moments_are_those_of_the_formula(skies, harmonics):
    direction, energy = (field[-2:] for field in skies)
    neighbours = nearest(direction, 9)
    found = module(harmonics=harmonics).moments(direction, energy, neighbours)
    assert found.shape == (2, 60, 1 + 2 * harmonics, len(SCALES) * len(BUMPS))
    for sky in range(2):
        rays = units(direction[sky]), energy[sky].tolist(), neighbours[sky].tolist()
        expected = summed(*rays, harmonics)
        expected = expected.reshape(60, 1 + harmonics, -1)
        np.testing.assert_allclose(found[sky, :, 0], expected[:, 0].real, rtol=0, atol=2e-5)
        for m in range(1, 1 + harmonics):
            np.testing.assert_allclose(found[sky, :, 2 * m - 1], expected[:, m].real, atol=2e-5)
            np.testing.assert_allclose(found[sky, :, 2 * m], expected[:, m].imag, atol=2e-5)


def test_the_number_of_skies_at_a_time_does_not_matter(monkeypatch, skies):
    neighbours = nearest(skies[0], 9)
    expected = module().moments(*skies, neighbours)
    for number in (1, 2 * 60 * 9):
        monkeypatch.setattr(moments, "AT_ONCE", number)
        torch.testing.assert_close(module().moments(*skies, neighbours), expected)


turns = st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: np.linalg.norm(q) > 0.1)


@given(turns)
@settings(max_examples=20)
def test_sizes_of_mixtures_stay_when_the_sky_is_turned(skies, quaternion):
    direction, energy = skies
    matrix = torch.from_numpy(Rotation.from_quat(quaternion).as_matrix())
    turned = (direction.double() @ matrix.T).float()
    neighbours = nearest(direction, 9)
    layer = module()
    before, after = (layer.moments(place, energy, neighbours) for place in (direction, turned))
    torch.testing.assert_close(after[:, :, 0], before[:, :, 0], rtol=0, atol=1e-4)
    with torch.no_grad():
        found, expected = (layer(place, energy, neighbours) for place in (turned, direction))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


def test_all_moments_of_a_ray_turn_alike(skies):
    """By e^(imα), with one α for each ray."""
    direction, energy = skies
    turned = direction.double() @ torch.from_numpy(Rotation.from_rotvec([1, 2, 0]).as_matrix()).T
    neighbours = nearest(direction, 9)
    parts = [module().moments(place, energy, neighbours) for place in (direction, turned.float())]
    before, after = (torch.complex(part[:, :, 1::2], part[:, :, 2::2]) for part in parts)
    largest = before[:, :, :1].abs().argmax(dim=3, keepdim=True)
    turn = (after[:, :, :1] / before[:, :, :1]).gather(3, largest)
    order = torch.arange(1, 4)[:, None]
    torch.testing.assert_close(after, before * turn**order, rtol=0, atol=1e-3)
    assert turn.angle().std() > 0.1  # it is not that nothing was turned


def test_rays_on_a_line_and_rays_in_a_ring():
    """Two neighbours opposite each other have no m = 1 but an m = 2; four in a cross neither."""
    aside = math.sin(math.radians(3))
    along = math.sqrt(1 - aside**2)
    line = torch.tensor([[1, 0, 0], [along, aside, 0], [along, -aside, 0]])
    cross = torch.tensor([[along, 0, aside], [along, 0, -aside]])
    for places, quadrupole in ((line, 2.0), (torch.cat([line, cross]), 0.0)):
        number = len(places) - 1
        neighbours = torch.arange(1, number + 1).expand(1, number + 1, number)
        energy = torch.full((1, number + 1), THRESHOLD / BUMPS[0])
        found = module(harmonics=2).moments(places[None], energy, neighbours)[0, 0]
        at = 0  # scale of 3°, first bump
        assert found[0, at] == pytest.approx(number * math.exp(-0.5), rel=1e-4)
        assert torch.complex(found[1, at], found[2, at]).abs() < 1e-4
        size = torch.complex(found[3, at], found[4, at]).abs()
        assert size == pytest.approx(quadrupole * math.exp(-0.5), abs=1e-4)


def test_rays_of_any_energy_are_seen():
    """Each neighbour is near the centre of a bump, from 32 EeV to those of the highest energies."""
    places = torch.tensor([[[1.0, 0.0, 0.0], [1.0, 1e-3, 0.0]]])
    for energy in (32, 35, 40, 50, 70, 100, 150, 250):
        found = module().moments(
            places, torch.tensor([[100.0, energy]]), torch.tensor([[[1], [0]]])
        )
        assert found[0, 0, 0, : len(BUMPS)].max() > 0.5, energy


def test_autocast_does_not_lower_the_precision(skies):
    neighbours = nearest(skies[0], 9)
    expected = module().moments(*skies, neighbours)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(module().moments(*skies, neighbours), expected)


def test_angles_are_exact_from_arcseconds_to_half_the_sky():
    for degrees in (1e-3, 0.1, 5, 89.9, 179.9):
        angle = math.radians(degrees)
        pair = torch.tensor([[[1.0, 0.0, 0.0], [math.cos(angle), math.sin(angle), 0.0]]])
        each_other = torch.tensor([[[1], [0]]])
        for found in (angles(pair, each_other), look_around(pair, each_other).angle):
            assert found.ravel().tolist() == pytest.approx([degrees] * 2, rel=1e-3)


def test_separations_are_of_order_one(skies):
    found = separations(skies[0], nearest(skies[0], 16))
    assert found.shape == (5, 60, 16, 3)
    assert found.abs().max() < 20
