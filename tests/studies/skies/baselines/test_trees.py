"""Trees on the scans: better than either scan, storable, clear about a missing class."""

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from cascade.errors import CascadeError
from cascade.studies.skies.baselines import scans, trees
from cascade.studies.skies.settings.baselines import ScanSettings, ScanTreesSettings
from cascade.training.estimators import load_estimator, save_estimator
from studies.skies.baselines.drawn import drawn, reordered, rows

CELLS = {"angles": (4, 8, 15, 30), "shares": (0.1, 0.3, 1)}
SETTINGS = ScanTreesSettings(**CELLS, iterations=100, orders=(1, 3))


@pytest.fixture(scope="module")
def train():
    return drawn(3000, 1, fractions=[0.2, 0.3])


@pytest.fixture(scope="module")
def validation():
    return drawn(1000, 2, fractions=[0.2, 0.3])


@pytest.fixture(scope="module")
def fit(train, validation):
    return trees.fit_scan_trees({"train": train}, {"train": validation}, SETTINGS, 1)


def score(model, events):
    return trees.predict_scan_trees(model, events, SETTINGS)["score"]


def test_trees_find_more_than_the_scans(fit, train, validation):
    events = drawn(2000, 3, fractions=[0.2, 0.3])
    found = roc_auc_score(events["label"], score(fit[0], events))
    for name in ("autocorrelation", "multiplet"):
        arguments = {"train": train}, {"train": validation}, ScanSettings(**CELLS), 1
        model, _ = getattr(scans, f"fit_{name}")(*arguments)
        alone = getattr(scans, f"predict_{name}")(model, events, None)["score"]
        assert found > roc_auc_score(events["label"], alone) + 0.01


def test_as_many_trees_are_kept_as_are_best_on_validation(fit, validation):
    model, history = fit
    assert [row["step"] for row in history] == list(range(1, 101))
    losses = [row["validation_loss"] for row in history]
    assert model["classifier"].n_iter_ == 1 + np.argmin(losses) < 100
    # the score is the log-odds
    probability = 1 / (1 + np.exp(-score(model, validation)))
    assert log_loss(validation["label"], probability) == pytest.approx(min(losses), rel=1e-6)
    assert history[-1]["train_loss"] < history[0]["train_loss"]


def test_order_means_nothing(fit, validation):
    other, _ = reordered(validation, np.random.default_rng(4))
    np.testing.assert_array_equal(score(fit[0], other), score(fit[0], validation))


def test_stored_trees_predict_the_same(fit, validation, tmp_path):
    few = rows(validation, slice(50))
    save_estimator(tmp_path / "model.ckpt", {}, fit[0])
    _, loaded = load_estimator(tmp_path / "model.ckpt")
    np.testing.assert_array_equal(score(loaded, few), score(fit[0], few))
    assert score(loaded, rows(validation, slice(0))).shape == (0,)


def test_a_split_of_one_class_is_refused(train, validation):
    lit = rows(validation, validation["label"] == 1)
    with pytest.raises(CascadeError, match="validation split holds only skies of label 1"):
        trees.fit_scan_trees({"train": train}, {"train": lit}, SETTINGS, 1)
    with pytest.raises(CascadeError, match="train split holds no skies"):
        trees.fit_scan_trees({"train": rows(lit, slice(0))}, {"train": lit}, SETTINGS, 1)


def test_skies_of_another_size_are_refused(fit):
    with pytest.raises(CascadeError, match="these skies have 61 rays, those of the fit had 60"):
        score(fit[0], drawn(2, 5, rays=61))
