"""Arcs against their formula, one ray and azimuth after the other, and on arcs that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.spatial.transform import Rotation

from cascade.layers.neighbours import nearest
from cascade.studies.skies.networks import arcs
from cascade.studies.skies.networks.arcs import FACTORS, SKY, ArcSearch, _sum_of_logarithms
from cascade.studies.skies.settings import ArcSettings
from studies.skies.networks.slow import angle_and_azimuth, units
from studies.skies.networks.untrained import sky

# all that the tests need, whatever the defaults are
REFERENCE = {
    "neighbours": 24,
    "near": 12,
    "azimuths": 8,
    "anchors": [1, 2],
    "coherent": 30.0,
    "turbulent": 6.0,
    "protons": 0.15,
    "helium": 0.45,
    "rays": 6.0,
}
PLANTED = [120.0, 95.0, 78.0, 65.0, 55.0, 48.0]
"""Energies of a source's rays [EeV]."""


def search(direction, energy, **changes):
    """Return evidence (B, N, anchors, 2)."""
    asked = ArcSettings(**REFERENCE | changes)
    neighbours = nearest(direction, min(asked.neighbours, direction.shape[1] - 1))
    return ArcSearch(asked)(direction, energy, neighbours).unflatten(-1, (-1, 2))


def ratio(along, across, energies, anchor, density, near, asked):
    """Return the likelihood ratio of a ray of the second energy at a place about a line [deg]."""
    total = 1.0
    others = 1 - asked.protons - asked.helium
    for charge, share, spread in ((1, asked.protons, 0), (2, asked.helium, 0), (7, others, 0.8)):
        if charge <= 2 and not near:
            continue
        here, there = 10 * anchor / energies[0], 10 * charge / energies[1]
        variance = (asked.turbulent * here) ** 2 + (asked.turbulent * there) ** 2
        variance += (asked.coherent * spread * there / charge) ** 2
        squares = (along - asked.coherent * (there - here)) ** 2 + across**2
        normal = math.exp(-squares / (2 * variance)) / (2 * math.pi * variance)
        total += asked.rays / density * share * normal
    return total


def by_the_formula(direction, energy, neighbours, asked):
    """Return the evidence in one sky (N, anchors, 2)."""
    density = len(direction) / SKY
    evidence = np.empty((len(direction), len(asked.anchors), 2))
    for i, others in enumerate(neighbours):
        seen = [angle_and_azimuth(direction[i], direction[j]) for j in others]
        for number, anchor in enumerate(asked.anchors):
            of_lines = []
            for step in range(asked.azimuths):
                line = seen[0][1] + 2 * math.pi * step / asked.azimuths
                product = 1.0
                for rank, (j, (theta, phi)) in enumerate(zip(others, seen, strict=True)):
                    along, across = theta * math.cos(phi - line), theta * math.sin(phi - line)
                    pair, near = (energy[i], energy[j]), rank < asked.near
                    product *= ratio(along, across, pair, anchor, density, near, asked)
                of_lines.append(product)
            evidence[i, number] = max(of_lines), sum(of_lines) / len(of_lines)
    return np.log(evidence)


def check(direction, energy, **changes):
    """Compare one sky (N, 3), (N) with the formula, and return what it says."""
    asked = ArcSettings(**REFERENCE | changes)
    neighbours = nearest(direction[None], min(asked.neighbours, len(direction) - 1))[0].tolist()
    expected = by_the_formula(units(direction), energy.tolist(), neighbours, asked)
    found = search(direction[None], energy[None], **changes)[0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)
    return expected


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"anchors": [7], "azimuths": 5, "near": 30},
        {"coherent": 0.0, "turbulent": 25.0},
        {"protons": 0.0, "helium": 1.0},
    ],
    ids=["reference", "nitrogen", "no line", "helium"],
)
def test_evidence_is_that_of_the_formula(skies, changes):
    direction, energy = skies
    for number in (0, -1):
        assert np.ptp(check(direction[number], energy[number], **changes)) > 1


@pytest.mark.parametrize("rays", [2, 7, 25])
def test_skies_may_have_few_rays(rays):
    direction, energy = sky(1, 2, rays=rays)
    check(direction[0], energy[0])


def planted(charge, energies=PLANTED):
    """Return isotropic skies, and the same with rays drifted from a source exactly along a line.

    The energies are what is said of the planted rays, which come first, not what drifted them.
    """
    direction, energy = sky(20, 1, rays=300, isotropic=1.0)
    drift = torch.deg2rad(30.0 * charge * 10 / torch.tensor(PLANTED))[:, None]
    source, line = torch.tensor([0.6, 0.0, 0.8]), torch.tensor([0.48, 0.8, -0.36])
    arc = (drift.cos() * source + drift.sin() * line).expand(20, -1, -1)
    said = torch.tensor(energies).expand(20, -1)
    return (direction, energy), (torch.cat([arc, direction], 1), torch.cat([said, energy], 1))


@pytest.mark.parametrize("charge", [1, 2], ids=["protons", "helium"])
def test_a_planted_arc_stands_out(charge):
    isotropic, bright = (search(*skies) for skies in planted(charge))
    arc = bright[:, : len(PLANTED)]
    right, wrong = charge - 1, 2 - charge
    assert (arc[:, :, right].amin(dim=1) > isotropic[:, :, right].amax(dim=1)).all()
    assert (arc[:, :, right].mean(dim=1) > arc[:, :, wrong].mean(dim=1)).all()
    of_bright, of_isotropic = (each[:, :, right].logsumexp(dim=1) for each in (bright, isotropic))
    assert (of_bright.amin(dim=0) > of_isotropic.amax(dim=0)).all()
    assert (of_bright.mean(dim=0) > of_isotropic.mean(dim=0) + 4).all()


@pytest.mark.parametrize("charge", [1, 2], ids=["protons", "helium"])
def test_rays_on_a_line_are_less_of_an_arc_out_of_order(charge):
    mixed = [PLANTED[place] for place in (3, 0, 5, 1, 4, 2)]
    in_order, disordered = (
        search(*planted(charge, energies)[1])[:, : len(PLANTED), charge - 1].mean(dim=(0, 1))
        for energies in (PLANTED, mixed)
    )
    assert (in_order > disordered + 1).all()


turns = st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: np.linalg.norm(q) > 0.1)


@given(turns)
@settings(max_examples=20)
def test_a_turned_sky_has_the_same_arcs(skies, quaternion):
    direction, energy = skies
    matrix = torch.from_numpy(Rotation.from_quat(quaternion).as_matrix())
    turned = (direction.double() @ matrix.T).float()
    expected = search(direction, energy)
    torch.testing.assert_close(search(turned, energy), expected, rtol=0, atol=1e-3)


@given(st.permutations(range(60)))
@settings(max_examples=20)
def test_the_order_of_the_rays_means_nothing(skies, order):
    direction, energy = skies
    found = search(direction[:, order], energy[:, order])
    torch.testing.assert_close(found, search(direction, energy)[:, order])


def test_the_number_of_skies_at_a_time_does_not_matter(monkeypatch, skies):
    expected = search(*skies)
    for number in (1, 2 * 60 * REFERENCE["neighbours"]):
        monkeypatch.setattr(arcs, "AT_ONCE", number)
        torch.testing.assert_close(search(*skies), expected)


def test_the_best_line_is_no_worse_than_the_mean_and_counts_once(skies):
    best, mean = search(*skies).unbind(dim=-1)
    assert (mean <= best + 1e-5).all()
    assert (mean >= best - math.log(REFERENCE["azimuths"]) - 1e-5).all()


def test_autocast_does_not_lower_the_precision(skies):
    expected = search(*skies)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(search(*skies), expected)


@pytest.mark.parametrize("number", [1, FACTORS - 1, FACTORS, FACTORS + 1, 64])
def test_logarithms_are_summed_up_by_products(number):
    torch.manual_seed(1)
    factors = torch.empty(3, number, 4).uniform_(0, math.log(1e4)).exp()
    torch.testing.assert_close(_sum_of_logarithms(factors), factors.log().sum(dim=1))


def test_shares_beyond_all_rays_are_refused():
    with pytest.raises(ValidationError, match=r"protons \(0.7\) and helium \(0.4\)"):
        ArcSettings(protons=0.7, helium=0.4)


def test_rays_at_one_place_stay_finite():
    direction = torch.tensor([[[1.0, 0.0, 0.0]]]).repeat(1, 30, 1)
    evidence = search(direction, torch.full((1, 30), 250.0), turbulent=0.1)
    assert torch.isfinite(evidence).all()
