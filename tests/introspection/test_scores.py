"""Scores are right where the truth is planted, and nothing where there is none."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from cascade.introspection.batching import scores
from cascade.introspection.gradients import gradient_times_input, saliency
from cascade.introspection.scores import conservation_error, rank_correlation, relevance_mass
from cascade.introspection.settings import AttributionSettings
from cascade.layers.ragged import Ragged
from introspection.networks import cloud, linear

ALL = AttributionSettings()


@pytest.mark.parametrize("method", [saliency, gradient_times_input])
def test_a_planted_truth_has_all_the_relevance(method):
    network, truth, inputs = linear()
    found = relevance_mass(method(network, inputs, ALL)[0], truth.expand(40, 6, 6))
    assert found.share == pytest.approx(1)
    assert found.random == pytest.approx(4 / 36)
    assert found.events == 40


def test_relevance_without_knowledge_gets_the_share_of_the_area():
    rng = np.random.default_rng(0)
    relevance = torch.from_numpy(rng.normal(size=(4000, 10, 10)))
    truth = torch.from_numpy(rng.random((4000, 10, 10)) < 0.3)
    for absolute in (False, True):
        found = relevance_mass(relevance, truth, absolute=absolute)
        assert abs(found.share - found.random) < 4 * found.error
        assert abs(found.significance) < 4


def test_shares_are_those_of_positive_or_of_absolute_relevance():
    relevance = torch.tensor([[3.0, 1.0, -4.0], [1.0, 1.0, -2.0]])
    truth = torch.tensor([[True, False, False], [True, False, False]])
    found = relevance_mass(relevance, truth)
    assert found.share == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert found.error == pytest.approx(1 / 8)  # of two events: half their difference
    assert found.significance == pytest.approx((found.share - 1 / 3) / found.error)
    assert relevance_mass(relevance, truth, absolute=True).share == pytest.approx(
        (3 / 8 + 1 / 4) / 2
    )


def test_elements_that_do_not_count_are_left_out():
    relevance = torch.tensor([[3.0, 1.0, 9.0, 9.0]] * 2)
    truth = torch.tensor([[True, False, True, False]] * 2)
    among = torch.tensor([[True, True, False, False]] * 2)
    found = relevance_mass(relevance, truth, among)
    assert (found.share, found.random) == (pytest.approx(3 / 4), pytest.approx(1 / 2))


def test_rows_belong_to_their_events():
    counts = torch.tensor([2, 0, 3])
    relevance = Ragged(torch.tensor([1.0, 3.0, 2.0, 2.0, 4.0]), counts)
    truth = Ragged(torch.tensor([False, True, True, False, False]), counts)
    found = relevance_mass(relevance, truth)
    assert found.share == pytest.approx((3 / 4 + 2 / 8) / 2)
    assert found.random == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert found.events == 2


def test_events_that_say_nothing_are_left_out():
    relevance = torch.tensor([[1.0, 0.0], [0.0, -1.0], [1.0, 1.0], [1.0, 1.0]])
    truth = torch.tensor([[True, False], [True, False], [False, False], [True, True]])
    found = relevance_mass(relevance, truth)
    assert found.events == 1
    assert np.isnan(found.share)


def test_what_is_conserved_has_no_error():
    network, _, inputs = linear()
    found = gradient_times_input(network, inputs, ALL)
    score, bias = scores(network, inputs, 64), network.body[1].bias
    assert conservation_error(found, score, bias).max() < 1e-5
    np.testing.assert_allclose(
        conservation_error(found, score), (bias / score).abs().numpy(), rtol=1e-3
    )


def test_all_inputs_are_added_up():
    network, inputs = cloud((2, 1))
    found = gradient_times_input(network, inputs, ALL)
    total = [sum(float(x[i : i + 1].values.sum()) for x in found[1:]) for i in (0, 1)]
    error = conservation_error(found, torch.tensor([1.0, -2.0]))
    np.testing.assert_allclose(error, [abs(total[0] - 1), abs(total[1] + 2) / 2], rtol=1e-5)


@given(st.integers(0, 1000), st.integers(2, 5))
def test_ranks_correlate_as_scipy_says(seed, values):
    rng = np.random.default_rng(seed)
    # few different values, so that there are ties
    first, second = (torch.from_numpy(rng.integers(values, size=(3, 12)) / 7) for _ in range(2))
    found = rank_correlation(first, second)
    for event in range(3):
        if len(set(first[event].tolist())) > 1 and len(set(second[event].tolist())) > 1:
            wanted = spearmanr(first[event], second[event]).statistic
            assert found[event] == pytest.approx(wanted, abs=1e-12)
        else:
            assert np.isnan(found[event])


def test_a_monotonous_function_changes_no_rank():
    rows = Ragged(torch.randn(7), torch.tensor([4, 0, 3]))
    found = rank_correlation(rows, rows.with_values(torch.exp(rows.values)))
    np.testing.assert_allclose(found, [1, np.nan, 1])
    np.testing.assert_allclose(rank_correlation(rows, rows.with_values(-rows.values))[0], -1)
