"""Scans: honest p-values, planted sources found, rays of sources marked, clear complaints."""

import numpy as np
import pytest
from scipy.stats import kstest
from sklearn.metrics import roc_auc_score

from cascade.errors import CascadeError
from cascade.studies.skies.baselines import scans
from cascade.studies.skies.settings.baselines import ScanSettings
from cascade.studies.skies.settings.sources import ExposureSettings
from cascade.training.estimators import load_estimator, save_estimator
from studies.skies.baselines.drawn import drawn, reordered, rows

NAMES = ("autocorrelation", "multiplet")
SETTINGS = ScanSettings(angles=(4, 8, 15, 30), shares=(0.1, 0.3, 1))


def fitted(name, train, validation, settings=SETTINGS):
    return getattr(scans, f"fit_{name}")({"train": train}, {"train": validation}, settings, 1)


def predicted(name, model, events):
    return getattr(scans, f"predict_{name}")(model, events, SETTINGS)


@pytest.fixture(scope="module")
def train():
    return drawn(2500, 1)


@pytest.fixture(scope="module")
def models(train):
    validation = drawn(600, 2)
    return {name: fitted(name, train, validation) for name in NAMES}


@pytest.fixture(scope="module")
def isotropic():
    return drawn(1200, 3, isotropic=1.0)


def planted(events, angle, rays):
    """Skies with a multiplet: rays of highest energy put about the next highest one."""
    rng = np.random.default_rng(5)
    direction = events["direction"].copy()
    label = np.zeros(direction.shape[:2], np.int8)
    for sky, energy in enumerate(events["energy"]):
        centre, *members = np.argsort(-energy)[: rays + 1]
        aside = direction[sky, centre] + rng.normal(scale=np.radians(angle), size=(rays, 3))
        direction[sky, members] = aside / np.linalg.norm(aside, axis=1, keepdims=True)
        label[sky, [centre, *members]] = 1
    return events | {"direction": direction, "ray_label": label}


@pytest.mark.parametrize("name", NAMES)
def test_penalised_p_values_of_isotropic_skies_are_uniform(models, isotropic, name):
    model, history = models[name]
    score = predicted(name, model, isotropic)["score"]
    assert score.dtype == np.float64
    assert kstest(10**-score, "uniform").pvalue > 1e-3
    assert np.mean(score > 2) == pytest.approx(0.01, abs=0.01)
    # skies that one cell decides are told apart by the others: with 12 cells, most of them
    assert len(np.unique(score)) > 0.7 * len(score)
    assert list(history[0]) == ["step", "validation_loss"]
    assert history[0]["validation_loss"] < 0.12


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_multiplet_is_found(models, isotropic, name):
    events = planted(rows(isotropic, slice(200)), angle=3, rays=6)
    score = predicted(name, models[name][0], events)["score"]
    assert np.mean(score > 2) > 0.95


def test_rays_of_a_planted_multiplet_stand_out(models, isotropic):
    events = planted(rows(isotropic, slice(200)), angle=3, rays=6)
    score = predicted("multiplet", models["multiplet"][0], events)["ray_score"]
    assert score.shape == events["energy"].shape
    assert score.dtype == np.float32
    assert roc_auc_score(events["ray_label"].ravel(), score.ravel()) > 0.97


def test_simulated_sources_are_found(models):
    events = drawn(600, 6, rays=60, fractions=[0.3])
    for name in NAMES:
        found = predicted(name, models[name][0], events)
        assert roc_auc_score(events["label"], found["score"]) > 0.8
    lit = events["label"] == 1
    marked = roc_auc_score(events["ray_label"][lit].ravel(), found["ray_score"][lit].ravel())
    assert marked > 0.7


def test_order_means_nothing(models, isotropic):
    events = rows(isotropic, slice(100))
    other, order = reordered(events, np.random.default_rng(7))
    for name in NAMES:
        expected, found = (predicted(name, models[name][0], one) for one in (events, other))
        np.testing.assert_allclose(found["score"], expected["score"], atol=1e-12)
    moved = np.take_along_axis(expected["ray_score"], order, axis=1)
    np.testing.assert_array_equal(found["ray_score"], moved)


def test_excess_is_measured_against_the_exposure():
    exposure = ExposureSettings(zenith=60.0)
    skies = drawn(1500, 8, isotropic=1.0, exposure=exposure)
    model, _ = fitted("multiplet", skies, skies)
    events = drawn(400, 9, isotropic=1.0, exposure=exposure)
    sine = events["direction"][..., 2]

    def leaning(expected):
        """How much more rays score in the south, where they are three times as dense."""
        score = predicted("multiplet", model | {"expected": expected}, events)["ray_score"]
        return score[sine < -0.7].mean() - score[sine > 0].mean()

    mean = model["expected"].mean(axis=2, keepdims=True)
    blind = np.broadcast_to(mean, model["expected"].shape)
    assert abs(leaning(model["expected"])) < 0.15 < 0.75 < leaning(blind)


def test_stored_scans_predict_the_same(models, isotropic, tmp_path):
    few = rows(isotropic, slice(40))
    for name, (model, _) in models.items():
        save_estimator(tmp_path / "model.ckpt", {}, model)
        _, loaded = load_estimator(tmp_path / "model.ckpt")
        expected = predicted(name, model, few)
        for column, values in predicted(name, loaded, few).items():
            np.testing.assert_array_equal(values, expected[column])


def test_no_skies_have_no_scores(models, isotropic):
    for name, (model, _) in models.items():
        assert predicted(name, model, rows(isotropic, slice(0)))["score"].shape == (0,)


@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_calibrated_is_complained_about(train, isotropic, name):
    few = rows(isotropic, slice(19))
    lit = rows(train, train["label"] == 1)
    with pytest.raises(CascadeError, match=r"train split holds 0 isotropic skies \(label 0\)"):
        fitted(name, lit, few)
    enough = rows(isotropic, slice(20))
    with pytest.raises(CascadeError, match="validation split holds 19 isotropic skies"):
        fitted(name, enough, few)
    with pytest.raises(CascadeError, match="these skies have 61 rays, those of the fit had 60"):
        fitted(name, enough, drawn(30, 9, rays=61, isotropic=1.0))


def test_only_so_many_skies_calibrate(train):
    limited = SETTINGS.model_copy(update={"calibration_skies": 50})
    model, _ = fitted("multiplet", train, train, limited)
    assert model["counts"].shape == (50, 12)
    first = rows(train, np.flatnonzero(train["label"] == 0)[:50])
    again, _ = fitted("multiplet", first, train)
    for name, values in model.items():
        np.testing.assert_array_equal(values, again[name])
