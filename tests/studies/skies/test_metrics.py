"""Metrics on scores whose quality is known."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from cascade.evaluation.bootstrap import bootstrap
from cascade.studies.skies import metrics

FRACTIONS = (0.03, 0.05, 0.07, 0.1)


def toy(seed=1, skies=20000, rays=20):
    """Scores are normal, 20 f standard deviations above those of isotropic skies and rays."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, skies).astype(np.int8)
    fraction = np.where(label, rng.choice(FRACTIONS, skies), 0)
    signal = (rng.random((skies, rays)) < 3 * fraction[:, None]).astype(np.int8)
    return {
        "score": rng.normal(20 * fraction),
        "ray_score": rng.normal(20 * fraction[:, None] * signal).astype(np.float32),
        "label": label,
        "signal_fraction": fraction.astype(np.float32),
        "ray_label": signal,
    }


@pytest.fixture(scope="module")
def predictions():
    return toy()


@pytest.mark.parametrize("percent", [5, 7, 10])
def test_normal_scores_separate_as_far_as_they_are_apart(predictions, percent):
    apart = 0.2 * percent
    found = getattr(metrics, f"tpr_fpr_1e_2_f{percent}")(predictions)
    assert found == pytest.approx(norm.cdf(apart - norm.isf(0.01)), abs=0.03)
    for name in (f"auc_f{percent}", f"ray_auc_f{percent}"):
        found = getattr(metrics, name)(predictions)
        assert found == pytest.approx(norm.cdf(apart / np.sqrt(2)), abs=0.015)


@pytest.mark.parametrize("digits", [1, 7])
def test_areas_of_rays_are_exact(predictions, digits):
    tied = predictions | {"ray_score": np.round(predictions["ray_score"], digits)}
    chosen = np.isclose(predictions["signal_fraction"], 0.07)
    expected = roc_auc_score(tied["ray_label"][chosen].ravel(), tied["ray_score"][chosen].ravel())
    assert metrics.ray_auc_f7(tied) == pytest.approx(expected, abs=1e-12)


def test_only_isotropic_skies_are_the_background(predictions):
    spoilt = predictions | {"score": predictions["score"].copy()}
    spoilt["score"][np.isclose(predictions["signal_fraction"], 0.03)] = 100
    for name in ("tpr_fpr_1e_2_f5", "auc_f5"):
        metric = getattr(metrics, name)
        assert metric(spoilt) == metric(predictions)


def test_intervals_hold_the_value_and_shrink_with_the_skies(predictions):
    widths = []
    for skies in (1000, 16000):
        columns = {name: values[:skies] for name, values in predictions.items()}
        for metric in (metrics.ray_auc_f5, metrics.auc_f5):
            value, low, high = bootstrap(metric, columns, np.random.default_rng(2), 100)
            assert value == metric(columns)
            assert low < value < high
            widths.append(high - low)
    assert widths[0] / widths[2] == pytest.approx(4, rel=0.3)
    assert widths[1] / widths[3] == pytest.approx(4, rel=0.3)


METRICS = [
    f"{name}_f{percent}" for name in ("tpr_fpr_1e_2", "auc", "ray_auc") for percent in (5, 7, 10)
]


@pytest.mark.parametrize("name", METRICS)
def test_what_is_missing_is_not_a_number(predictions, name):
    metric = getattr(metrics, name)
    for column in predictions:
        used = column == ("ray_score" if name.startswith("ray") else "score") or column == "label"
        columns = {key: values for key, values in predictions.items() if key != column}
        if used or column == "signal_fraction":
            assert np.isnan(metric(columns))
    for which in (predictions["label"] == 0, np.isclose(predictions["signal_fraction"], 0.03), []):
        some = {key: values[np.array(which, bool)] if len(which) else values[:0]
                for key, values in predictions.items()}  # fmt: skip
        value, low, high = bootstrap(metric, some, np.random.default_rng(3), 10)
        assert np.isnan([value, low, high]).all()
