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


@settings(max_examples=50)
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


@pytest.mark.parametrize("decimals", [0, 8], ids=["many ties", "no ties"])
def test_signal_efficiency_is_what_a_cut_with_a_draw_among_ties_gives(events, decimals):
    score, label, weight = events
    score = score.round(decimals)
    curve = roc.roc_curve(score, label, weight)
    for wanted in (0.01, 0.1, 0.37):
        background = [weight[(score >= cut) & (label == 0)].sum() for cut in curve.threshold]
        background = np.array(background) / weight[label == 0].sum()
        step = np.flatnonzero(background <= wanted)[-1]
        share = (wanted - background[step]) / (background[step + 1] - background[step])
        ends = curve.signal_efficiency[step : step + 2]
        expected = ends[0] + share * (ends[1] - ends[0])
        assert roc.signal_efficiency(curve, wanted) == pytest.approx(expected)


def test_signal_efficiency_takes_all_signal_above_the_background():
    curve = roc.roc_curve(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 1, 0, 1]))
    np.testing.assert_allclose(roc.signal_efficiency(curve, [0, 0.5, 1]), [0.5, 1, 1])
    assert np.isnan(roc.signal_efficiency(roc.roc_curve(np.ones(3), np.ones(3)), 0.1))


@pytest.mark.parametrize("decimals", [1, 8], ids=["ties", "no ties"])
def test_clusters_do_not_change_the_area(events, decimals):
    score, label, _ = events
    score = score.round(decimals)
    area, influence = roc.clustered_auc(score, label, np.arange(len(score)) % 50)
    assert area == pytest.approx(roc.auc(score, label))
    assert influence.sum() == pytest.approx(0, abs=1e-12)


def test_the_influence_of_clusters_gives_the_area_s_variance():
    rng = np.random.default_rng(1)
    clusters, size = 40, 30
    areas, variances = [], []
    for _ in range(300):
        label = rng.random((clusters, size)) < 0.2
        # a fluctuation that all events of a cluster share
        score = 1.2 * label + rng.normal(size=(clusters, size)) + rng.normal(size=(clusters, 1))
        cluster = np.repeat(np.arange(clusters), size)
        area, influence = roc.clustered_auc(score.ravel(), label.ravel(), cluster)
        areas.append(area)
        variances.append(np.sum(influence**2) * clusters / (clusters - 1))
    assert np.mean(variances) == pytest.approx(np.var(areas), rel=0.2)


def test_clusters_of_one_class_have_no_area():
    area, influence = roc.clustered_auc(np.ones(4), np.ones(4), np.array([0, 0, 1, 1]))
    assert np.isnan(area)
    assert np.isnan(influence).all()
    assert len(influence) == 2
