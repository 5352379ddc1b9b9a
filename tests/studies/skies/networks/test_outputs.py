"""Logits, losses and predictions against sums done by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from cascade.studies.skies import PREDICTIONS
from cascade.studies.skies.networks import outputs
from cascade.studies.skies.networks.outputs import TEMPERATURES, Heads, SourceSearch

LOGITS = torch.tensor([[0.5, -1.0, 2.0, 0.0], [-2.0, 0.3, -0.7, 4.0]])
BATCH = {
    "label": torch.tensor([1, 0], dtype=torch.int8),
    "ray_label": torch.tensor([[0, 1, 1], [0, 0, 0]], dtype=torch.int8),
}


def cross_entropy(logit, label):
    probability = 1 / (1 + math.exp(-logit))
    return -math.log(probability if label else 1 - probability)


def test_the_loss_is_the_sky_s_and_the_mean_of_its_rays():
    total = 0.0
    for (sky, *rays), label, ray_labels in zip(
        LOGITS.tolist(), BATCH["label"].tolist(), BATCH["ray_label"].tolist(), strict=True
    ):
        total += cross_entropy(sky, label)
        of_rays = [cross_entropy(*pair) for pair in zip(rays, ray_labels, strict=True)]
        total += outputs.RAY_WEIGHT * sum(of_rays) / 3
    loss, number = SourceSearch().loss(LOGITS, BATCH)
    assert loss.item() == pytest.approx(total, rel=1e-6)
    assert number.item() == 2


def test_confident_mistakes_have_a_finite_loss():
    logits = torch.tensor([[-200.0, 200.0]], requires_grad=True)
    batch = {"label": torch.tensor([1]), "ray_label": torch.tensor([[0]])}
    loss, _ = SourceSearch().loss(logits, batch)
    loss.backward()
    assert loss.item() == pytest.approx(200 * (1 + outputs.RAY_WEIGHT))
    assert logits.grad.tolist() == [[-1.0, outputs.RAY_WEIGHT]]


def test_predictions_are_the_study_s_columns():
    found = SourceSearch().predict(LOGITS)
    assert list(found) == [field.name for field in PREDICTIONS]
    for field in PREDICTIONS:
        assert found[field.name].numpy().dtype == np.dtype(field.dtype)
    assert found["score"].numpy() == pytest.approx(1 / (1 + np.exp([-0.5, 2.0])))
    assert found["ray_score"].numpy() == pytest.approx(1 / (1 + np.exp(-LOGITS[:, 1:].numpy())))


def test_scores_near_one_are_told_apart():
    score = SourceSearch().predict(torch.tensor([[20.0, 0.0], [21.0, 0.0]]))["score"]
    assert score[0] < score[1] < 1


def test_validation_says_how_well_skies_and_rays_are_told_apart():
    rng = np.random.default_rng(1)
    truth = {"label": rng.integers(2, size=50), "ray_label": rng.integers(2, size=(50, 7))}
    predicted = {
        "score": rng.normal(truth["label"]),
        "ray_score": rng.normal(truth["ray_label"]).astype(np.float32),
    }
    tensors = {name: torch.from_numpy(values) for name, values in truth.items()}
    assert SourceSearch().monitor(predicted, tensors) == {
        "validation_auc": pytest.approx(roc_auc_score(truth["label"], predicted["score"])),
        "validation_ray_auc": pytest.approx(
            roc_auc_score(truth["ray_label"].ravel(), predicted["ray_score"].ravel())
        ),
    }


def sums(evidence):
    """Return the logarithms of the summed exponentials of rays (N), at each temperature."""
    return [
        temperature * math.log(sum(math.exp(one / temperature) for one in evidence.tolist()))
        for temperature in TEMPERATURES
    ]


@pytest.mark.parametrize("number", [0, 2])
def test_the_sky_knows_the_sums_of_what_its_rays_say(number):
    """The mean of their parts, the sum of their odds, and evidence, learned and given."""
    torch.manual_seed(1)
    heads = Heads(4, number).eval()
    heads.normalisation.running_mean.uniform_(-3, 3)
    heads.normalisation.running_var.uniform_(0.5, 2)
    known = []
    heads.sky.register_forward_hook(lambda module, inputs, output: known.append(inputs[0]))
    rays = torch.randn(3, 9, 4)
    evidence = 5 * torch.randn(3, 9, number) if number else None
    with torch.no_grad():
        logits, learned = heads(rays, evidence), heads.evidence(rays)
        parts, each = heads.part(rays).mean(dim=1), heads.ray(rays)[..., 0]
    assert logits.shape == (3, 10)
    torch.testing.assert_close(logits[:, 1:], each)
    expected = learned.exp().sum(dim=1).log()
    if number:
        given = [[sums(one) for one in of_sky.T] for of_sky in evidence]
        expected = torch.cat([expected, torch.tensor(given).mT.flatten(1)], dim=1)
    scale = (heads.normalisation.running_var + heads.normalisation.eps).sqrt()
    expected = (expected - heads.normalisation.running_mean) / scale
    odds = each.exp().sum(dim=1, keepdim=True).log()
    torch.testing.assert_close(known[0], torch.cat([parts, odds, expected], dim=1))
