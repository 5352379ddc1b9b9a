"""What holds for every network of the study: shapes, symmetries, gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from studies.skies.networks.untrained import NETWORKS, build, sky

BLIND = [name for name in NETWORKS if name != "deep_sets"]
"""Networks that do not know the directions themselves."""
every_network = pytest.mark.parametrize("name", NETWORKS)


@torch.no_grad()
def apply(network, direction, energy):
    return network(direction, energy)


def close(found, expected, tolerance):
    torch.testing.assert_close(found, expected, rtol=0, atol=tolerance)


def turned(direction, rotation):
    """Return directions after a rotation, in double precision before they are rounded."""
    matrix = torch.from_numpy(rotation.as_matrix())
    return (direction.double() @ matrix.T).float()


@every_network
def test_outputs_are_one_logit_for_the_sky_and_one_a_ray(name, skies):
    output = apply(build(name), *skies)
    assert output.shape == (5, 61)
    assert output.dtype == torch.float32
    assert output.isfinite().all()
    # not what the biases alone say: the other tests would pass with any constant
    assert output[:, 0].std() > 3e-4
    assert output[:, 1:].std(dim=1).min() > 3e-3


@every_network
def test_the_order_of_the_rays_means_nothing(name, skies):
    network, (direction, energy) = build(name), skies
    order = torch.stack([torch.randperm(60) for _ in direction])
    mixed = direction.gather(1, order[..., None].expand(-1, -1, 3)), energy.gather(1, order)
    found, expected = apply(network, *mixed), apply(network, direction, energy)
    close(found[:, 0], expected[:, 0], 1e-5)
    close(found[:, 1:], expected[:, 1:].gather(1, order), 1e-5)


@every_network
def test_skies_do_not_see_each_other(name, skies):
    network = build(name)
    together = apply(network, *skies)
    alone = [apply(network, *(field[i, None] for field in skies)) for i in range(5)]
    close(torch.cat(alone), together, 1e-5)


@pytest.mark.parametrize("name", BLIND)
def test_a_turned_sky_is_the_same(name, skies):
    network, (direction, energy) = build(name), skies
    expected = apply(network, direction, energy)
    for rotation in Rotation.random(3, rng=np.random.default_rng(1)):
        close(apply(network, turned(direction, rotation), energy), expected, 1e-4)


@pytest.mark.parametrize("name", BLIND)
def test_with_declinations_the_poles_are_not_like_the_equator(name, skies):
    network, (direction, energy) = build(name, declination=True), skies
    expected = apply(network, direction, energy)
    about_the_pole = turned(direction, Rotation.from_rotvec([0.0, 0.0, 2.0]))
    close(apply(network, about_the_pole, energy), expected, 1e-4)
    tilted = turned(direction, Rotation.from_rotvec([2.0, 0.0, 0.0]))
    assert (apply(network, tilted, energy) - expected).abs().max() > 1e-3


def test_deep_sets_know_where_rays_come_from(skies):
    network, (direction, energy) = build("deep_sets"), skies
    tilted = turned(direction, Rotation.from_rotvec([2.0, 0.0, 0.0]))
    assert (apply(network, tilted, energy) - apply(network, *skies)).abs().max() > 1e-2


@every_network
@pytest.mark.parametrize("rays", [2, 7, 120])  # two numbers of them below that of the neighbours
def test_skies_may_have_any_number_of_rays(name, rays):
    network, fields = build(name), sky(2, 3, rays=rays)
    output = apply(network, *fields)
    assert output.shape == (2, 1 + rays)
    assert output.isfinite().all()
    backwards = apply(network, *(field.flip(1) for field in fields))
    close(backwards[:, 0], output[:, 0], 1e-5)
    close(backwards[:, 1:].flip(1), output[:, 1:], 1e-5)


@every_network
def test_gradients_reach_every_parameter(name, skies):
    network = build(name, declination=True).train()
    network(*skies).square().sum().backward()
    for parameter, weight in network.named_parameters():
        assert weight.grad is not None, parameter
        assert weight.grad.isfinite().all(), parameter
        assert weight.grad.any(), parameter


@every_network
def test_networks_can_be_trained_in_half_precision(name, skies):
    network = build(name).train()
    with torch.autocast("cpu", torch.bfloat16):
        output = network(*skies)
    output.float().square().sum().backward()
    assert output.isfinite().all()
    assert all(weight.grad.isfinite().all() for weight in network.parameters())


@every_network
def test_rays_at_the_same_place_do_no_harm(name, skies):
    """Copies of a ray, as in a list that holds it twice, and a ray at the pole."""
    network, (direction, energy) = build(name).train(), skies
    direction, energy = direction.clone(), energy.clone()
    direction[:, 1:4], energy[:, 1:4] = direction[:, :1], energy[:, :1]
    direction[:, 5] = torch.tensor([0.0, 0.0, 1.0])
    output = network(direction, energy)
    assert output.isfinite().all()
    output.sum().backward()
    assert all(weight.grad.isfinite().all() for weight in network.parameters())
