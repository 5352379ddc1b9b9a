"""Scores fall when what is relevant is taken away, as fast as can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from cascade.errors import CascadeError
from cascade.introspection.gradients import gradient_times_input
from cascade.introspection.pixel_flipping import of_elements, pixel_flipping
from cascade.introspection.settings import AttributionSettings, PixelFlippingSettings
from cascade.layers.ragged import Ragged
from introspection.networks import cloud, explained, linear

ALL = AttributionSettings()


def flipped(network, inputs, relevance, **settings):
    return pixel_flipping(
        network, inputs, relevance, PixelFlippingSettings(**settings), np.random.default_rng(1)
    )


class Total(nn.Module):
    """The sum of all there is."""

    def forward(self, image):
        return image.flatten(1).sum(1)


def test_a_curve_is_what_is_left():
    image = torch.tensor([[4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0]])
    found = flipped(explained(Total()), [image], image, fractions=(0, 0.25, 0.5, 0.75, 1))
    np.testing.assert_allclose(found.curve, [10, 6, 3, 1, 0])
    np.testing.assert_allclose(found.error, 0)
    # trapezoids of S(0) − S(f): 0, 4, 7, 9, 10
    assert found.area == pytest.approx((4 + 7 + 9 + 5) / 4)


def test_the_planted_truth_falls_first_and_in_random_order_it_falls_with_the_area():
    network, _, inputs = linear()
    relevance = gradient_times_input(network, inputs, ALL)[0]
    four = 4 / 36
    found = flipped(network, inputs, relevance, fractions=(0, four, 0.5, 1), orders=20)
    bias = float(network.body[1].bias)
    assert found.curve[1:] == pytest.approx([bias] * 3, abs=1e-5)
    wanted = bias + (found.curve[0] - bias) * (1 - np.array([0, 4, 18, 36]) / 36)
    np.testing.assert_allclose(found.random, wanted, atol=4 * found.random_spread.max() / 20**0.5)
    assert found.significance > 5
    assert found.area > found.random_area


def test_an_order_that_knows_nothing_is_as_good_as_random():
    network, _, inputs = linear()
    relevance = torch.from_numpy(np.random.default_rng(3).random((40, 6, 6)))
    assert abs(flipped(network, inputs, relevance, orders=10).significance) < 4


@pytest.mark.parametrize("operator", ["zero", "empty", "mean", "shuffle"])
def test_operators_replace_by_what_they_say(operator):
    image = torch.arange(12.0).view(3, 4)
    found = flipped(explained(Total()), [image], image, fractions=(0, 1), operator=operator)
    # the sum over all events stays with the mean and with a shuffle
    wanted = 0 if operator in ("zero", "empty") else float(image.sum()) / 3
    assert found.curve[-1] == pytest.approx(wanted)


def test_batches_do_not_matter():
    network, inputs = cloud((3, 2, 5))
    relevance = of_elements(gradient_times_input(network, inputs, ALL), 0)
    one, many = (flipped(network, inputs, relevance, batch=size) for size in (1, 64))
    np.testing.assert_allclose(one.curve, many.curve, rtol=1e-5)


def test_rows_go_with_all_their_numbers():
    class Sum(nn.Module):
        def forward(self, position, energy):
            return position.sum().sum(1) + energy.sum()

    counts = torch.tensor([2, 4])
    position = Ragged(torch.arange(12.0).view(6, 2), counts)
    energy = Ragged(10 * torch.arange(6.0), counts)
    network = explained(Sum(), "position", "energy")
    relevance = of_elements([position, energy], 0)
    torch.testing.assert_close(relevance.values, torch.tensor([1.0, 15, 29, 43, 57, 71]))
    found = flipped(network, [position, energy], relevance, fractions=(0, 0.5, 1))
    np.testing.assert_allclose(found.curve, [(16 + 200) / 2, (1 + 72) / 2, 0])


def test_elements_are_the_finest_that_fit():
    counts = torch.tensor([2, 1])
    position, trace = Ragged(torch.ones(3, 3), counts), Ragged(torch.ones(3, 8), counts)
    time = Ragged(torch.ones(3), counts)
    found = of_elements([None, position, time, trace], 1)
    assert found.values.shape == (3, 8)
    rays = of_elements([torch.ones(2, 5, 3), torch.ones(2, 5)], 1)
    torch.testing.assert_close(rays, torch.full((2, 5), 4.0))


@pytest.mark.parametrize(
    ("relevance", "settings", "message"),
    [
        (torch.ones(40, 6, 6), {"fractions": (0.1, 0.2)}, "rise from 0"),
        (torch.ones(40, 6, 6), {"fractions": (0, 0.2, 0.2)}, "rise from 0"),
        (torch.ones(40, 5), {}, "no input has elements"),
    ],
)
def test_mistakes_are_named(relevance, settings, message):
    network, _, inputs = linear()
    with pytest.raises(CascadeError, match=message):
        flipped(network, inputs, relevance, **settings)
