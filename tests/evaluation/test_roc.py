import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from cascade.evaluation import roc


@pytest.fixture
def events():
    rng = np.random.default_rng(1)
    label = rng.integers(0, 2, 5000)
    return rng.normal(label * 1.5), label, rng.gamma(2, 1, 5000)


@pytest.mark.parametrize("decimals", [0, 1, 8], ids=["many ties", "some ties", "no ties"])
def test_auc_equals_sklearn(events, decimals):
    score, label, weight = events
    score = score.round(decimals)
    expected = roc_auc_score(label, score, sample_weight=weight)
    assert roc.auc(score, label, weight) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans(), st.integers(1, 4)), min_size=1))
def test_auc_is_the_weighted_share_of_ordered_pairs(rows):
    score, label, weight = np.array([(float(s), y, w) for s, y, w in rows]).T
    wins = total = 0.0
    for s, w in zip(score[label == 1], weight[label == 1], strict=True):
        for b, v in zip(score[label == 0], weight[label == 0], strict=True):
            wins += w * v * ((s > b) + 0.5 * (s == b))
            total += w * v
    if total == 0:
        assert np.isnan(roc.auc(score, label, weight))
    else:
        assert roc.auc(score, label, weight) == pytest.approx(wins / total, abs=1e-12)


def test_gaussian_scores_give_the_known_curve():
    n, distance = 200_000, 1.2
    rng = np.random.default_rng(2)
    label = np.arange(2 * n) % 2
    score = rng.normal(label * distance)
    assert roc.auc(score, label) == pytest.approx(norm.cdf(distance / np.sqrt(2)), abs=3e-3)
    efficiency = np.array([0.3, 0.5, 0.9])
    expected = 1 / norm.sf(norm.isf(efficiency) + distance)
    rejection = roc.background_rejection(score, label, signal_efficiency=efficiency)
    np.testing.assert_allclose(rejection, expected, rtol=0.03)


def test_weights_are_repeated_events(events):
    score, label, _ = events
    weight = np.random.default_rng(3).integers(0, 4, len(score))
    score = score.round(1)
    repeated = roc.roc_curve(np.repeat(score, weight), np.repeat(label, weight))
    weighted = roc.roc_curve(score, label, weight)
    grid = np.linspace(0.01, 0.99, 50)
    np.testing.assert_allclose(
        roc.background_efficiency(weighted, grid), roc.background_efficiency(repeated, grid)
    )


def test_a_cut_at_a_threshold_has_the_curve_s_efficiencies(events):
    score, label, weight = events
    curve = roc.roc_curve(score, label, weight)
    step = 1234
    passed = score >= curve.threshold[step]
    for cls, efficiency in ((1, curve.signal_efficiency), (0, curve.background_efficiency)):
        of_class = label == cls
        expected = weight[passed & of_class].sum() / weight[of_class].sum()
        assert efficiency[step] == pytest.approx(expected)


def test_rejection_is_infinite_without_passing_background():
    score, label = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 0, 1, 1])
    assert roc.background_rejection(score, label, signal_efficiency=0.5) == np.inf
    assert roc.background_rejection(score, label, signal_efficiency=1.0) == np.inf
    assert roc.background_rejection(-score, label, signal_efficiency=0.5) == 1.0


def test_a_constant_score_is_random():
    curve = roc.roc_curve(np.zeros(10), np.arange(10) % 2)
    np.testing.assert_allclose(roc.background_efficiency(curve, [0.2, 0.7]), [0.2, 0.7])


@pytest.mark.parametrize(("label", "events"), [(0, 5), (1, 5), (1, 0)])
def test_a_missing_class_gives_nan(label, events):
    score, labels = np.arange(float(events)), np.full(events, label)
    assert np.isnan(roc.auc(score, labels))
    assert np.isnan(roc.background_rejection(score, labels))


def test_nan_scores_are_refused():
    with pytest.raises(ValueError, match="NaN"):
        roc.auc(np.array([0.0, np.nan]), np.array([0, 1]))
