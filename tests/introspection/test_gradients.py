"""Gradients are torch's and Captum's, on images and on ragged events; integrals are complete."""

from __future__ import annotations

import pytest
import torch
from captum.attr import InputXGradient, IntegratedGradients, Saliency
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cascade.errors import CascadeError
from cascade.introspection.batching import scores
from cascade.introspection.gradients import (
    gradient_times_input,
    integrated_gradients,
    saliency,
    sensitivity,
)
from cascade.introspection.references import reference
from cascade.introspection.settings import AttributionSettings, IntegratedGradientsSettings
from cascade.layers.ragged import Ragged
from cascade.training.scaling import Scaled
from introspection.networks import cloud, convolutional, explained, linear

ALL = AttributionSettings()
INTEGRATED = IntegratedGradientsSettings()


def close(found, wanted, tolerance=1e-5):
    torch.testing.assert_close(found, wanted, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("pooling", [True, False])
def test_images_get_what_captum_gives_them(pooling):
    network, inputs = convolutional(pooling=pooling)
    x = inputs[0].clone().requires_grad_()
    close(saliency(network, inputs, ALL)[0], Saliency(network.score).attribute(x))
    close(
        gradient_times_input(network, inputs, ALL)[0],
        InputXGradient(network.score).attribute(x).detach(),
    )
    wanted = IntegratedGradients(network.score).attribute(x, n_steps=32)
    close(integrated_gradients(network, inputs, INTEGRATED)[0], wanted.detach())


def test_sensitivity_is_the_square_of_saliency():
    network, inputs = convolutional()
    close(sensitivity(network, inputs, ALL)[0], saliency(network, inputs, ALL)[0] ** 2)


def test_a_linear_network_is_explained_by_its_weights():
    network, _, inputs = linear()
    weight = network.body[1].weight.view(1, 6, 6)
    close(saliency(network, inputs, ALL)[0], weight.expand(40, 6, 6))
    wanted = weight * inputs[0]
    close(gradient_times_input(network, inputs, ALL)[0], wanted)
    close(integrated_gradients(network, inputs, INTEGRATED)[0], wanted)


def test_ragged_events_are_explained_row_by_row_and_whole_numbers_are_not():
    network, inputs = cloud()
    found = saliency(network, inputs, ALL)
    assert found[0] is None
    step = 1e-2
    for field in (1, 2):
        values = inputs[field].values
        for row in range(len(values)):
            moved = []
            for sign in (1, -1):
                changed = values.clone()
                changed[row] += sign * step * torch.eye(4)[2] if field == 1 else sign * step
                others = list(inputs)
                others[field] = inputs[field].with_values(changed)
                moved.append(network.score(*others).sum())
            slope = float(moved[0] - moved[1]) / (2 * step)
            mine = found[field].values[row, 2] if field == 1 else found[field].values[row]
            assert float(mine) == pytest.approx(abs(slope), abs=1e-3)


@settings(max_examples=20)
@given(
    counts=st.lists(st.integers(0, 4), min_size=1, max_size=6).filter(any),
    batch=st.integers(1, 7),
    at_once=st.integers(1, 100),
)
def test_batches_do_not_matter_and_integrals_are_complete(counts, batch, at_once):
    network, inputs = cloud(counts)
    found = {}
    for size in (batch, 64):
        chosen = IntegratedGradientsSettings(batch=size, at_once=at_once)
        found[size] = integrated_gradients(network, inputs, chosen)
    for one, all_of_them in zip(found[batch][1:], found[64][1:], strict=True):
        close(one.values, all_of_them.values)
    nothing = reference(network, inputs, "zero")
    score, start = (scores(network, x, 64) for x in (inputs, nothing))
    total = sum((x.with_values(x.values.flatten(1).sum(1)) if x.values.ndim > 1 else x).sum()
                for x in found[64][1:])  # fmt: skip
    close(total, score - start, 1e-4)


@pytest.mark.parametrize("baseline", ["zero", "empty", "mean"])
def test_integrals_over_kinks_are_complete_within_one_per_cent(baseline):
    network, inputs = convolutional()
    chosen = IntegratedGradientsSettings(baseline=baseline, steps=1000)
    start = scores(network, reference(network, inputs, baseline), 64)
    found = integrated_gradients(network, inputs, chosen)[0]
    wanted = scores(network, inputs, 64) - start
    # of the typical difference, as an event may happen to be as the baseline is
    assert (found.flatten(1).sum(1) - wanted).abs().max() < 0.01 * wanted.abs().mean()


def test_held_fields_get_no_share_and_all_the_rest_goes_to_the_others():
    network, inputs = cloud()
    found = integrated_gradients(network, inputs, IntegratedGradientsSettings(held=("position",)))
    assert not found[1].values.any()
    start = [*inputs[:2], inputs[2].with_values(torch.zeros(9))]
    close(found[2].sum(), scores(network, inputs, 64) - scores(network, start, 64), 1e-4)


def test_a_baseline_of_ones_own_is_where_the_way_begins():
    network, _, inputs = linear()
    weight = network.body[1].weight.view(1, 6, 6)
    found = integrated_gradients(network, inputs, INTEGRATED, [inputs[0].flip(0)])
    close(found[0], weight * (inputs[0] - inputs[0].flip(0)))


def test_a_held_field_that_is_none_is_a_users_mistake():
    network, inputs = cloud()
    with pytest.raises(CascadeError, match="did you mean 'energy'"):
        integrated_gradients(network, inputs, IntegratedGradientsSettings(held=("enrgy",)))


def test_no_events_are_a_users_mistake():
    network, inputs = convolutional()
    with pytest.raises(CascadeError, match="no events"):
        saliency(network, [inputs[0][:0]], ALL)


def test_recurrent_networks_have_gradients():
    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.LSTM(1, 4, batch_first=True)

        def forward(self, trace):
            return self.layer(trace[..., None])[0].sum((1, 2))

    assert saliency(explained(Recurrent(), "trace"), [torch.randn(3, 9)], ALL)[0].all()


def test_references_are_those_of_the_scaled_input():
    torch.manual_seed(0)
    network = Scaled(nn.Flatten(0), ("x",), {"x": "standard"}, {"x": (None, 2)})
    network.scalers["x"].mean.fill_(3.0)
    network.scalers["x"].deviation.fill_(2.0)
    known = explained(network, "x")
    inputs = known.inputs({"x": torch.arange(6.0).view(3, 2).numpy()})
    close(reference(known, inputs, "zero")[0], torch.zeros(3, 2))
    close(reference(known, inputs, "empty")[0], torch.full((3, 2), -1.5))
    close(reference(known, inputs, "empty", levels={"x": 7.0})[0], torch.full((3, 2), 2.0))
    close(reference(known, inputs, "mean")[0], inputs[0][1].expand(3, 2))
    with pytest.raises(CascadeError, match="levels: no input field 'y'"):
        reference(known, inputs, "empty", levels={"y": 7.0})


def test_the_way_begins_at_a_level():
    known, inputs = cloud()
    settings = IntegratedGradientsSettings(baseline="empty", levels={"energy": 2.0})
    start = reference(known, inputs, "empty", levels=settings.levels)
    assert (start[2].values == 2).all()
    found = integrated_gradients(known, inputs, settings)
    wanted = integrated_gradients(known, inputs, settings, baseline=start)
    close(found[2].values, wanted[2].values)


def test_what_is_shuffled_comes_from_other_events():
    known, inputs = cloud()
    others = reference(known, [*inputs[:2], Ragged(torch.arange(9.0), inputs[2].counts)], "shuffle")
    assert others[0] is inputs[0]
    assert (others[2].values != torch.arange(9.0)).all()
    assert sorted(others[2].values.tolist()) == list(range(9))
