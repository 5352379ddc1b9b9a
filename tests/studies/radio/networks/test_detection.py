"""Evidence is summed up over time as likelihood ratios are, against a plain loop."""

from __future__ import annotations

import math

import pytest
import torch

from cascade.settings import validate
from cascade.studies.radio.networks.detection import Detection, unit
from cascade.studies.radio.settings import ClassifierSettings
from studies.radio.networks.untrained import build, traces

FEATURES = 5


def detection(numbers=0):
    """Return an untrained detection, and a list of what it tells apart by, in each call."""
    torch.manual_seed(1)
    asked = validate(ClassifierSettings, {"evidence": 3, "hidden": 4})
    module, known = Detection(FEATURES, asked, numbers).eval(), []
    module.normalisation.register_forward_hook(lambda _, inputs, output: known.append(inputs[0]))
    return module, known


@pytest.mark.parametrize("numbers", [0, 2])
@torch.no_grad()
def test_evidence_is_the_logarithm_of_summed_likelihood_ratios(numbers):
    module, known = detection(numbers)
    features, beside = 2 * torch.randn(4, FEATURES, 11), torch.randn(4, numbers)
    logit = module(features, beside if numbers else None)
    assert logit.shape == (4,)
    weight, bias = module.evidence.weight[..., 0].tolist(), module.evidence.bias.tolist()
    for trace, expected in enumerate(known[0].tolist()):
        sums, means = [], []
        for row, constant in zip(weight, bias, strict=True):
            total = 0.0
            for time in range(11):
                values = features[trace, :, time].tolist()
                total += math.exp(constant + sum(w * x for w, x in zip(row, values, strict=True)))
            sums.append(math.log(total))
        for feature in range(FEATURES):
            means.append(sum(features[trace, feature].tolist()) / 11)
        assert expected == pytest.approx([*sums, *means, *beside[trace].tolist()], abs=1e-4)


@torch.no_grad()
def test_the_order_of_the_times_means_nothing_to_the_sum():
    module, _ = detection()
    features = torch.randn(4, FEATURES, 30)
    mixed = module(features[..., torch.randperm(30)])
    torch.testing.assert_close(mixed, module(features))


def test_strong_evidence_at_one_time_is_not_lost_and_finite():
    module, known = detection()
    torch.nn.init.ones_(module.evidence.weight)
    torch.nn.init.zeros_(module.evidence.bias)
    features = torch.zeros(2, FEATURES, 1000, requires_grad=True)
    lit = features + torch.eye(1000)[500] * 200
    logit = module(lit)
    torch.testing.assert_close(known[0][:, :3], torch.full((2, 3), 1000.0))
    logit.sum().backward()
    assert logit.isfinite().all()
    assert features.grad.isfinite().all()


@pytest.mark.parametrize(("stride", "times"), [(1, 17), (2, 9)])
def test_a_unit_keeps_the_times_or_halves_them(stride, times):
    output = unit(3, 4, stride)(torch.randn(2, 3, 17))
    assert output.shape == (2, 4, times)
    assert output.min() == 0


def test_the_classifier_answers_with_a_logit_alone():
    network = build("classifier", channels=5, evidence=2, hidden=3, filters=2, gate=3)
    with torch.no_grad():
        output = network(traces(6, 1)["trace"])
    assert {name: values.shape for name, values in output.items()} == {"logit": (6,)}
    assert network.detection.evidence.out_channels == 2
    assert network.detection.answer[0].out_features == 3
    assert network.views.channels == 6
