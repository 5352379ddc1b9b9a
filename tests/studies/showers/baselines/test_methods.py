"""The reconstructions on simulated showers: truth, symmetries, degenerate events, complaints."""

import awkward as ak
import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.events.seeding import Block, sequence
from cascade.settings import validate
from cascade.studies.showers import symmetry
from cascade.studies.showers.baselines import methods as baselines
from cascade.studies.showers.settings import (
    FitSettings,
    LikelihoodSettings,
    OrbitsSettings,
    ShowerSettings,
    TraceLikelihoodSettings,
)
from cascade.studies.showers.simulation.orbits import simulate_orbits
from cascade.studies.showers.simulation.simulate import simulate
from cascade.training.estimators import load_estimator, save_estimator

METHODS = {
    "fit": (baselines.fit_fit, baselines.predict_fit, FitSettings()),
    "likelihood": (
        baselines.fit_likelihood,
        baselines.predict_likelihood,
        LikelihoodSettings(calibration_events=500),
    ),
    "trace_likelihood": (
        baselines.fit_likelihood,
        baselines.predict_likelihood,
        TraceLikelihoodSettings(calibration_events=500),
    ),
}
NEAR = {
    "predicted_core": 0.3,
    "predicted_x_max": 0.3,
    "core_uncertainty": 0.3,
    "x_max_uncertainty": 0.3,
}
STATION_FIELDS = ("position", "time", "trace")


def drawn(events, seed, **settings):
    return simulate(Block(0, events, sequence(seed)), ShowerSettings(**settings))


def opening(first, second):
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    cross = np.linalg.norm(np.cross(first, second), axis=1)
    return np.degrees(np.arctan2(cross, np.sum(first * second, axis=1)))


def shifts(predicted, events):
    """Differences to the truth: axis [°], core [m], lg E, depth [g/cm²]."""
    core = np.linalg.norm(predicted["predicted_core"] - events["core"], axis=1)
    angle = opening(predicted["predicted_axis"], events["axis"])
    depth = predicted.get("predicted_x_max", np.nan) - events["x_max"]
    return angle, core, predicted["predicted_lg_energy"] - events["lg_energy"], depth


@pytest.fixture(scope="module")
def train():
    return drawn(900, 1)


@pytest.fixture(scope="module")
def events():
    return drawn(1500, 2)


@pytest.fixture(scope="module")
def models(train):
    splits = {"train": train}, {"train": drawn(200, 3)}
    return {name: fit(*splits, settings, 1) for name, (fit, _, settings) in METHODS.items()}


def predict(models, name, events):
    _, function, settings = METHODS[name]
    return function(models[name][0], {key: events[key] for key in STATION_FIELDS}, settings)


@pytest.fixture(scope="module")
def predicted(models, events):
    return {name: predict(models, name, events) for name in METHODS}


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("fit", (1.5, 23, 0.07, np.inf)),
        ("likelihood", (1.2, 12, 0.055, 43)),
        ("trace_likelihood", (1.12, 10.5, 0.05, 33)),
    ],
)
def test_resolutions_stay_within_their_limits(predicted, events, name, limits):
    angle, core, lg_energy, depth = shifts(predicted[name], events)
    energy = 10.0**lg_energy - 1
    assert np.quantile(angle, 0.68) < limits[0]
    assert np.quantile(core, 0.68) < limits[1]
    assert energy.std() < limits[2]
    assert abs(energy.mean()) < 0.006
    if name != "fit":
        assert np.sqrt(np.mean(depth**2)) < limits[3]
        assert abs(depth.mean()) < 4
        # no primary is favoured by the energy
        for mass in (1, 4, 14, 56):
            assert abs(energy[events["mass_number"] == mass].mean()) < 0.015


@pytest.mark.parametrize("name", ["likelihood", "trace_likelihood"])
def test_uncertainties_are_as_large_as_the_errors(predicted, events, name):
    angle, core, lg_energy, depth = shifts(predicted[name], events)
    pulls = {
        "axis": np.radians(angle) / np.sqrt(2),
        "core": core / np.sqrt(2),
        "lg_energy": lg_energy,
        "x_max": depth,
    }
    for quantity, error in pulls.items():
        spread = np.sqrt(np.mean((error / predicted[name][f"{quantity}_uncertainty"]) ** 2))
        # what a station's expectation is not trusted makes the core's cautious
        assert 0.7 < spread < 1.15, quantity


@pytest.mark.parametrize("name", METHODS)
def test_the_order_of_stations_does_not_matter(models, events, name):
    few = {key: events[key][:60] for key in STATION_FIELDS}
    order = ak.argsort(ak.Array(np.random.default_rng(1).random(ak.sum(ak.num(few["time"])))))
    order = ak.argsort(ak.unflatten(order, ak.num(few["time"])), axis=1)
    shuffled = {key: values[order] for key, values in few.items()}
    expected, found = (predict(models, name, part) for part in (few, shuffled))
    for column, values in expected.items():
        np.testing.assert_allclose(found[column], values, rtol=1e-3, atol=1e-3, err_msg=column)


@pytest.mark.parametrize("name", METHODS)
def test_predictions_turn_with_the_events(models, name):
    orbits = simulate_orbits(Block(0, 240, sequence(4)), OrbitsSettings())
    predicted = predict(models, name, orbits)
    first = np.arange(240) // 12 * 12
    element = np.arange(240) % 12
    matrix = symmetry.planar()[element]
    for column, values in predicted.items():
        expected = values[first].astype(np.float64)
        if values.ndim == 2:
            moved = np.einsum("eij,ej->ei", matrix, expected[:, :2])
            expected = np.concatenate([moved, expected[:, 2:]], axis=1)
        off = np.abs(values - expected).reshape(240, -1).max(axis=1)
        # rounding may end a climb one step sooner or later, more so where the signal has a kink
        assert np.mean(off < NEAR.get(column, 1e-3)) > 0.94, column


def footprint(*sizes):
    """Events of the first stations of a real one."""
    event = drawn(1, 5, lg_energy=(19.5, 19.5), min_stations=8)
    return {key: ak.concatenate([event[key][:, :size] for size in sizes]) for key in STATION_FIELDS}


@pytest.mark.parametrize("name", METHODS)
def test_events_of_few_stations_have_finite_predictions(models, train, name):
    events = footprint(0, 1, 2, 3)
    predicted = predict(models, name, events)
    for column, values in predicted.items():
        assert np.isfinite(values).all(), column
        assert values.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(predicted["predicted_axis"], axis=1), 1, rtol=1e-5)
    # without a station: vertical, at the centre, of mean energy
    np.testing.assert_allclose(predicted["predicted_axis"][0], [0, 0, 1], atol=1e-6)
    np.testing.assert_allclose(predicted["predicted_core"][0], [0, 0], atol=1e-3)
    assert predicted["predicted_lg_energy"][0] == pytest.approx(train["lg_energy"].mean(), abs=0.01)
    alone = predict(models, name, {key: values[:1] for key, values in events.items()})
    np.testing.assert_array_equal(alone["predicted_axis"], predicted["predicted_axis"][:1])
    none = predict(models, name, {key: values[:0] for key, values in events.items()})
    assert none["predicted_axis"].shape == (0, 3)


def test_a_station_that_noise_triggered_far_away_changes_little(models, events):
    few = {key: events[key][:200] for key in STATION_FIELDS}
    far = ak.Array(np.tile([[[3000.0, 5196.0, 0.0]]], (200, 1, 1)).astype(np.float32))
    noise = np.full((200, 1, 80), 1.45, np.float32)
    with_noise = {
        "position": ak.concatenate([few["position"], far], axis=1),
        "time": ak.concatenate([few["time"], np.zeros((200, 1), np.float32)], axis=1),
        "trace": ak.concatenate([few["trace"], noise], axis=1),
    }
    apart = np.abs(few["position"][:, :, :2] - far[:, 0, :2][:, np.newaxis])
    there = ak.to_numpy(ak.any(ak.all(apart < 1600, axis=-1), axis=1))
    expected, found = (predict(models, "likelihood", part) for part in (few, with_noise))
    same = np.abs(found["predicted_lg_energy"] - expected["predicted_lg_energy"]) < 1e-3
    assert np.mean(same[~there]) > 0.97


@pytest.mark.parametrize("name", METHODS)
def test_a_stored_model_predicts_the_same(models, events, name, tmp_path):
    few = {key: events[key][:50] for key in STATION_FIELDS}
    model, history = models[name]
    assert [row["step"] for row in history] == [1]
    save_estimator(tmp_path / "model.ckpt", {}, model)
    _, loaded = load_estimator(tmp_path / "model.ckpt")
    _, function, settings = METHODS[name]
    expected = predict(models, name, few)
    for column, values in function(loaded, few, settings).items():
        np.testing.assert_array_equal(values, expected[column])


def test_a_sample_of_one_energy_and_one_primary_can_be_fitted():
    protons = drawn(150, 6, primaries=(1,), lg_energy=(19.0, 19.0))
    for fit, function, settings in METHODS.values():
        model, _ = fit({"train": protons}, {"train": protons}, settings, 1)
        predicted = function(model, protons, settings)
        assert np.isfinite(predicted["predicted_lg_energy"]).all()
        assert np.abs(predicted["predicted_lg_energy"] - 19).mean() < 0.1


def test_another_array_than_the_settings_say_is_complained_about(models):
    events = drawn(20, 7, array={"spacing": 1000.0})
    with pytest.raises(CascadeError, match="array: a station stands"):
        predict(models, "fit", events)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"windows": [300.0, 100.0]}, "windows must rise"),
        ({"windows": [-1.0]}, r"windows\.0: -1\.0 is wrong"),
        ({"model_error": 2.0}, "model_error: 2.0 is wrong"),
        ({"slop": 5.0}, "slop: unknown key; did you mean 'slope'"),
    ],
)
def test_wrong_settings_are_complained_about(settings, complaint):
    with pytest.raises(CascadeError, match=complaint):
        validate(LikelihoodSettings, settings)
