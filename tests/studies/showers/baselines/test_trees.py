"""Trees on the likelihood: better than it, invariant, storable, clear about missing classes."""

import awkward as ak
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from cascade.errors import CascadeError
from cascade.events.seeding import Block, sequence
from cascade.studies.showers.baselines import methods as baselines
from cascade.studies.showers.baselines import trees
from cascade.studies.showers.baselines.event_table import event_table
from cascade.studies.showers.baselines.likelihood import learn_prior
from cascade.studies.showers.settings import (
    LikelihoodSettings,
    OrbitsSettings,
    ShowerSettings,
    TreesSettings,
)
from cascade.studies.showers.simulation.orbits import simulate_orbits
from cascade.studies.showers.simulation.simulate import simulate
from cascade.training.estimators import load_estimator, save_estimator

SETTINGS = TreesSettings(iterations=60, stations=4)


def drawn(events, seed, **settings):
    return simulate(Block(0, events, sequence(seed)), ShowerSettings(**settings))


def rows(events, which):
    return {name: values[which] for name, values in events.items()}


@pytest.fixture(scope="module")
def train():
    return drawn(2500, 1)


@pytest.fixture(scope="module")
def validation():
    return drawn(800, 2)


@pytest.fixture(scope="module")
def events():
    return drawn(1200, 3)


@pytest.fixture(scope="module")
def fitted(train, validation):
    return trees.fit_trees({"train": train}, {"train": validation}, SETTINGS, 1)


@pytest.fixture(scope="module")
def mass(train, validation):
    return trees.fit_mass({"train": train}, {"train": validation}, SETTINGS, 1)


def test_trees_see_more_than_the_likelihood_of_signals(fitted, train, validation, events):
    settings = LikelihoodSettings(calibration_events=800)
    model, _ = baselines.fit_likelihood({"train": train}, {"train": validation}, settings, 1)
    alone = baselines.predict_likelihood(model, events, settings)
    found = trees.predict_trees(fitted[0], events, SETTINGS)
    for name, gain in (("x_max", 0.9), ("lg_energy", 0.98)):
        errors = [
            np.std(predicted[f"predicted_{name}"] - events[name]) for predicted in (alone, found)
        ]
        assert errors[1] < gain * errors[0], name
    depth = found["predicted_x_max"] - events["x_max"]
    assert np.sqrt(np.mean(depth**2)) < 37
    assert abs(depth.mean()) < 4
    assert abs(np.mean(10.0 ** (found["predicted_lg_energy"] - events["lg_energy"])) - 1) < 0.01
    # axis and core are those of the likelihood
    for name in ("predicted_axis", "predicted_core", "axis_uncertainty", "core_uncertainty"):
        np.testing.assert_allclose(found[name], alone[name], rtol=1e-4, atol=1e-4)


def test_as_many_trees_are_kept_as_are_best_on_validation(fitted, validation):
    model, history = fitted
    assert [row["step"] for row in history] == list(range(1, 61))
    predicted = trees.predict_trees(model, validation, SETTINGS)
    for name in trees.TARGETS:
        losses = [row[f"{name}_validation_loss"] for row in history]
        assert model[name].n_iter_ == 1 + np.argmin(losses)
        loss = np.mean((predicted[f"predicted_{name}"] - validation[name]) ** 2)
        assert loss == pytest.approx(min(losses), rel=1e-3)


def test_iron_is_told_from_protons(mass, events):
    score = trees.predict_mass(mass[0], events, SETTINGS)["score"]
    assert score.shape == (1200,)
    assert np.all((score >= 0) & (score <= 1))
    extreme = np.isin(events["mass_number"], (1, 56))
    assert roc_auc_score(events["mass_number"][extreme] == 56, score[extreme]) > 0.98
    # primaries between them score between them
    means = [score[events["mass_number"] == number].mean() for number in (1, 4, 14, 56)]
    assert np.all(np.diff(means) > 0)


def test_a_missing_class_is_complained_about(train, validation):
    protons = rows(validation, validation["mass_number"] != 56)
    with pytest.raises(CascadeError, match=r"validation split holds no iron \(mass_number 56\)"):
        trees.fit_mass({"train": train}, {"train": protons}, SETTINGS, 1)
    iron = rows(train, train["mass_number"] != 1)
    with pytest.raises(CascadeError, match=r"train split holds no protons \(mass_number 1\)"):
        trees.fit_mass({"train": iron}, {"train": validation}, SETTINGS, 1)


def test_the_table_knows_neither_order_nor_orientation():
    orbits = simulate_orbits(Block(0, 120, sequence(4)), OrbitsSettings())
    backwards = {
        name: values[:, ::-1] if isinstance(values, ak.Array) else values
        for name, values in orbits.items()
    }
    prior = learn_prior(orbits)
    _, table = event_table(orbits, prior, SETTINGS)
    for other in (table[np.arange(120) // 12 * 12], event_table(backwards, prior, SETTINGS)[1]):
        np.testing.assert_array_equal(np.isnan(other), np.isnan(table))
        close = np.isclose(other, table, rtol=0.01, atol=0.01, equal_nan=True)
        assert close.mean() > 0.98


def test_events_of_few_stations_have_finite_predictions(fitted, mass, events):
    few = {name: ak.concatenate([events[name][:20, :size] for size in (0, 1, 2)])
           for name in ("position", "time", "trace")}  # fmt: skip
    predicted = trees.predict_trees(fitted[0], few, SETTINGS)
    predicted |= trees.predict_mass(mass[0], few, SETTINGS)
    for column, values in predicted.items():
        assert np.isfinite(values).all(), column


def test_stored_trees_predict_the_same(fitted, mass, events, tmp_path):
    few = rows(events, slice(50))
    for (model, _), function in ((fitted, trees.predict_trees), (mass, trees.predict_mass)):
        save_estimator(tmp_path / "model.ckpt", {}, model)
        _, loaded = load_estimator(tmp_path / "model.ckpt")
        expected = function(model, few, SETTINGS)
        for column, values in function(loaded, few, SETTINGS).items():
            np.testing.assert_array_equal(values, expected[column])
