"""Ascent finds known maxima, on images and on ragged events; the same seed, the same input."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cascade.errors import CascadeError
from cascade.introspection.maximisation import maximise
from cascade.introspection.settings import MaximisationSettings
from introspection.networks import cloud, convolutional, explained, linear


def alike(first, second):
    return float(torch.cosine_similarity(first.flatten(), second.flatten(), dim=0))


def test_a_linear_network_likes_its_weights():
    network, _, inputs = linear()
    found = maximise(network, [inputs[0][:2]], MaximisationSettings(noise=0.0))
    weight = network.body[1].weight.view(6, 6)
    for event in found.inputs[0]:
        assert alike(event, weight) > 0.9999
    assert (found.activations[1:] > found.activations[:-1]).all()
    assert found.activations.shape == (201, 2)


def test_steps_are_as_large_as_the_settings_say():
    network, _, inputs = linear()
    chosen = MaximisationSettings(noise=0.0, steps=3, step=0.1)
    found = maximise(network, inputs, chosen).inputs[0]
    unit = inputs[0].square().mean().sqrt()
    rms = found.square().flatten(1).mean(1).sqrt()
    torch.testing.assert_close(rms, (0.3 * unit).expand(40))


def test_decay_ends_where_step_and_loss_agree():
    network, _, inputs = linear()
    chosen = MaximisationSettings(noise=0.0, steps=300, step=0.1, decay=0.1)
    found = maximise(network, inputs, chosen).inputs[0]
    unit = inputs[0].square().mean().sqrt()
    torch.testing.assert_close(found.square().flatten(1).mean(1).sqrt(), unit.expand(40))


@pytest.mark.parametrize(
    "target",
    [{}, {"layer": "4"}, {"layer": "4", "channel": 2},
     {"layer": "4", "channel": 2, "position": (3, 4)}, {"layer": "7", "channel": 0}],
)  # fmt: skip
def test_neurons_channels_layers_and_scores_are_excited(target):
    network, inputs = convolutional()
    found = maximise(network, inputs, MaximisationSettings(steps=20, jitter=1, **target))
    assert (found.activations[-1] > found.activations[0]).all()
    assert found.inputs[0].shape == inputs[0].shape
    if "position" in target:
        maps = network.body[:5](found.inputs[0])[:, 2, 3, 4]
        torch.testing.assert_close(found.activations[-1], maps)


def test_a_seed_is_an_input():
    network, inputs = convolutional()
    one, again, other = (
        maximise(network, inputs, MaximisationSettings(steps=5, jitter=2, seed=seed)).inputs[0]
        for seed in (1, 1, 2)
    )
    assert torch.equal(one, again)
    assert not torch.allclose(one, other)


def test_events_of_rows_keep_their_rows_and_held_fields():
    network, inputs = cloud()
    found = maximise(network, inputs, MaximisationSettings(steps=60, held=("energy",)))
    assert found.inputs[0] is inputs[0]
    assert found.inputs[2] is inputs[2]
    assert found.inputs[1].counts.tolist() == [3, 0, 5, 1]
    better = found.activations[-1] > network.score(*inputs)
    assert better.tolist() == [True, False, True, True]  # an event without rows stays as it is


def test_events_do_not_mind_each_other():
    network, inputs = cloud((2, 3))
    settings = MaximisationSettings(steps=5, noise=0.0)
    together = maximise(network, inputs, settings).inputs[1].values
    # the unit is that of the whole template, so the second event is given twice
    twice = [x[torch.tensor([1, 1])] for x in inputs]
    alone = maximise(network, twice, settings).inputs[1].values
    assert alike(together[2:], alone[:3]) > 0.999


def test_values_stay_where_they_may_be():
    class Turned(nn.Module):
        def forward(self, direction, energy):
            return (direction * torch.tensor([0.0, 3.0, 4.0])).sum((1, 2)) - energy.sum(1)

    template = [torch.randn(2, 4, 3), torch.rand(2, 4)]
    chosen = MaximisationSettings(directions=("direction",), lowest={"energy": 0.25})
    found = maximise(explained(Turned(), "direction", "energy"), template, chosen).inputs
    torch.testing.assert_close(found[0].norm(dim=2), torch.ones(2, 4))
    wanted = torch.tensor([0.0, 0.6, 0.8]).expand(2, 4, 3)
    torch.testing.assert_close(found[0], wanted, atol=0.05, rtol=0)
    torch.testing.assert_close(found[1], torch.full((2, 4), 0.25))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"layer": "4", "channel": 4}, "the layer has 4"),
        ({"layer": "4", "position": (9, 0)}, "not on the layer's map"),
        ({"layer": "4", "position": (0,)}, "not on the layer's map"),
        ({"held": ("imag",)}, "did you mean 'image'"),
        ({"layer": "conv"}, "no layer 'conv'"),
    ],
)
def test_mistakes_are_named(settings, message):
    network, inputs = convolutional()
    with pytest.raises(CascadeError, match=message):
        maximise(network, inputs, MaximisationSettings(**settings))


def test_rows_are_not_shifted():
    network, inputs = cloud()
    with pytest.raises(CascadeError, match="jitter"):
        maximise(network, inputs, MaximisationSettings(jitter=1))
