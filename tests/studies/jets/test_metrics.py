import numpy as np
import pytest
from scipy.stats import norm

from cascade.studies.jets import metrics


@pytest.fixture
def predictions():
    rng = np.random.default_rng(1)
    label = np.arange(200_000) % 2
    return {"score": rng.normal(label * 1.5), "label": label, "weight": np.ones(len(label))}


def test_gaussian_scores_have_the_known_area(predictions):
    assert metrics.auc(predictions) == pytest.approx(norm.cdf(1.5 / np.sqrt(2)), abs=0.003)


@pytest.mark.parametrize(
    ("metric", "efficiency"),
    [(metrics.background_rejection_50, 0.5), (metrics.background_rejection_30, 0.3)],
)
def test_gaussian_scores_have_the_known_rejection(predictions, metric, efficiency):
    expected = 1 / norm.sf(norm.isf(efficiency) + 1.5)
    assert metric(predictions) == pytest.approx(expected, rel=0.06)


def test_weights_count(predictions):
    # background of weight 0 above a cut makes the rejection infinite
    predictions["weight"] = np.where(
        (predictions["label"] == 0) & (predictions["score"] > 1), 0.0, 1.0
    )
    assert metrics.background_rejection_50(predictions) == np.inf
