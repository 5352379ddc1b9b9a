"""The weighted cross entropy against its formula, event by event."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.training.objectives import BinaryClassification


def slow_loss(logits, labels, weights):
    """Return −Σ w [y ln p + (1 − y) ln(1 − p)] with p = 1 / (1 + exp(−logit))."""
    total = 0.0
    for logit, label, weight in zip(logits, labels, weights, strict=True):
        probability = 1 / (1 + math.exp(-logit))
        total -= weight * math.log(probability if label else 1 - probability)
    return total


events = st.lists(
    st.tuples(st.floats(-15, 15, width=32), st.integers(0, 1), st.floats(0, 10, width=32)),
    min_size=1,
    max_size=20,
)


@settings(max_examples=50)
@given(events=events)
def test_loss_is_the_weighted_cross_entropy(events):
    logits, labels, weights = zip(*events, strict=True)
    batch = {"label": torch.tensor(labels, dtype=torch.int8), "weight": torch.tensor(weights)}
    losses, total = BinaryClassification().loss(torch.tensor(logits), batch)
    assert losses.item() == pytest.approx(slow_loss(*zip(*events, strict=True)), rel=1e-4, abs=1e-4)
    assert total.item() == pytest.approx(sum(weights), rel=1e-5)


def test_an_event_of_weight_two_is_two_events():
    objective = BinaryClassification()
    logits, labels = torch.tensor([0.3, -1.2, 2.0]), torch.tensor([1, 0, 0])
    heavy = objective.loss(logits, {"label": labels, "weight": torch.tensor([1.0, 1.0, 2.0])})
    again = torch.tensor([0, 1, 2, 2])
    twice = objective.loss(logits[again], {"label": labels[again], "weight": torch.ones(4)})
    assert [x.item() for x in heavy] == pytest.approx([x.item() for x in twice])


def test_without_a_weight_all_events_count_alike():
    losses, total = BinaryClassification(weight=None).loss(
        torch.tensor([0.0, 5.0]), {"label": torch.tensor([0, 1])}
    )
    assert total.item() == 2
    assert losses.item() == pytest.approx(slow_loss([0, 5], [0, 1], [1, 1]))


def test_extreme_logits_give_finite_losses_and_gradients():
    logits = torch.tensor([200.0, -200.0], requires_grad=True)
    losses, _ = BinaryClassification(weight=None).loss(logits, {"label": torch.tensor([0, 1])})
    losses.backward()
    assert losses.item() == pytest.approx(400)
    assert logits.grad.tolist() == [1, -1]


def test_the_score_is_the_probability_without_ties_near_one():
    score = BinaryClassification().predict(torch.tensor([0.0, 20.0, 21.0, 22.0]))["score"]
    assert score.dtype == torch.float64
    assert score[0] == 0.5
    assert score.unique().numel() == 4


def test_history_shows_the_weighted_auc():
    objective = BinaryClassification()
    predicted = {"score": np.array([0.1, 0.4, 0.35, 0.8])}
    truth = {"label": torch.tensor([0, 0, 1, 1]), "weight": torch.tensor([1.0, 1.0, 1.0, 3.0])}
    # pairs in the right order: 0.8 over both (3 each), 0.35 over 0.1 only, of 4 × 2 in all
    assert objective.monitor(predicted, truth) == {"validation_auc": pytest.approx(7 / 8)}
