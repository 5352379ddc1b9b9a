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
from cascade.studies.skies.networks.rays import THRESHOLD, look_around, separations
from cascade.studies.skies.settings.networks import MomentSettings

SCALES = [3.0, 12.0]
SETTINGS = MomentSettings(neighbours=9, scales=SCALES, harmonics=3, channels=5)


def module(**changes):
    torch.manual_seed(1)
    return LocalMoments(SETTINGS.model_copy(update=changes)).eval()


def angle_and_azimuth(here, there):
    """Return the angle [deg] between two directions, and the azimuth from east to north."""
    right_ascension, declination = math.atan2(here[1], here[0]), math.asin(here[2])
    other_ascension, other_declination = math.atan2(there[1], there[0]), math.asin(there[2])
    difference = other_ascension - right_ascension
    east = math.cos(other_declination) * math.sin(difference)
    north = math.cos(declination) * math.sin(other_declination) - (
        math.sin(declination) * math.cos(other_declination) * math.cos(difference)
    )
    up = math.sin(declination) * math.sin(other_declination) + (
        math.cos(declination) * math.cos(other_declination) * math.cos(difference)
    )
    return math.degrees(math.atan2(math.hypot(east, north), up)), math.atan2(north, east)


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
        unit = direction[sky].double().numpy()
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        expected = summed(unit, energy[sky].tolist(), neighbours[sky].tolist(), harmonics)
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
@settings(deadline=None, max_examples=20)
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


def test_angles_are_exact_from_arcseconds_to_half_the_sky():
    for degrees in (1e-3, 0.1, 5, 89.9, 179.9):
        angle = math.radians(degrees)
        pair = torch.tensor([[[1.0, 0.0, 0.0], [math.cos(angle), math.sin(angle), 0.0]]])
        around = look_around(pair, torch.tensor([[[1], [0]]]))
        assert around.angle.ravel().tolist() == pytest.approx([degrees] * 2, rel=1e-3)


def test_separations_are_of_order_one(skies):
    found = separations(skies[0], nearest(skies[0], 16))
    assert found.shape == (5, 60, 16, 3)
    assert found.abs().max() < 20
