import numpy as np
import pytest
from scipy.stats import norm, rayleigh

from cascade.evaluation.bootstrap import bootstrap
from cascade.studies.showers import metrics

EVENTS = 100_000
METRICS = (
    metrics.angular_resolution,
    metrics.core_resolution,
    metrics.energy_bias,
    metrics.energy_resolution,
    metrics.lg_energy_resolution,
    metrics.x_max_bias,
    metrics.x_max_resolution,
    metrics.merit_factor,
    metrics.auc,
)


def smeared(axis, sigma, rng):
    """Turn axes by angles of a Rayleigh law in a random direction."""
    across = np.cross(axis, rng.normal(size=axis.shape))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    angle = rng.rayleigh(sigma, (len(axis), 1))
    return np.cos(angle) * axis + np.sin(angle) * across


@pytest.fixture(scope="module")
def predictions():
    """Predictions that err by known laws: 1.2°, 20 m, 8 % and 2 %, 30 and −10 g/cm²."""
    rng = np.random.default_rng(1)
    axis = rng.normal(size=(EVENTS, 3))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    core = rng.uniform(-700, 700, (EVENTS, 2))
    lg_energy = rng.uniform(18.5, 20, EVENTS)
    x_max = rng.normal(750, 50, EVENTS)
    mass_number = rng.choice([1, 4, 14, 56], EVENTS)
    heavier = np.where(mass_number == 56, 1.5, 0)
    columns = {
        "axis": axis,
        "predicted_axis": smeared(axis, np.radians(1.2), rng),
        "core": core,
        "predicted_core": core + rng.normal(0, 20, core.shape),
        "lg_energy": lg_energy,
        "predicted_lg_energy": lg_energy + np.log10(rng.normal(1.02, 0.08, EVENTS)),
        "x_max": x_max,
        "predicted_x_max": x_max + rng.normal(-10, 30, EVENTS),
        "mass_number": mass_number.astype("i2"),
        "score": 1 / (1 + np.exp(-rng.normal(heavier))),
    }
    return {name: x.astype("f4") if x.dtype == float else x for name, x in columns.items()}


@pytest.mark.parametrize(
    ("metric", "expected", "within"),
    [
        (metrics.angular_resolution, 1.2 * rayleigh.ppf(0.68), 0.02),
        (metrics.core_resolution, 20 * rayleigh.ppf(0.68), 0.3),
        (metrics.energy_bias, 0.02, 0.001),
        (metrics.energy_resolution, 0.08, 0.001),
        (metrics.lg_energy_resolution, 0.08 / 1.02 / np.log(10), 0.001),
        (metrics.x_max_bias, -10, 0.4),
        (metrics.x_max_resolution, np.hypot(10, 30), 0.3),
        (metrics.merit_factor, 1.5 / np.sqrt(2), 0.02),
        (metrics.auc, norm.cdf(1.5 / np.sqrt(2)), 0.005),
    ],
)
def test_known_errors_are_found(predictions, metric, expected, within):
    found = metric(predictions)
    assert type(found) is float
    assert found == pytest.approx(expected, abs=within)


def test_the_resolution_of_lg_energy_is_blind_to_the_scale(predictions):
    shifted = {**predictions, "predicted_lg_energy": predictions["predicted_lg_energy"] + 0.5}
    for metric, blind in ((metrics.lg_energy_resolution, True), (metrics.energy_resolution, False)):
        assert (metric(shifted) == pytest.approx(metric(predictions), rel=1e-3)) == blind


def test_without_a_score_the_depth_of_the_maximum_tells_masses_apart(predictions):
    mass = predictions["mass_number"]
    depth = {
        "mass_number": mass,
        "predicted_x_max": np.random.default_rng(2).normal(np.where(mass == 56, 700, 800), 40),
    }
    assert metrics.merit_factor(depth) == pytest.approx(100 / 40 / np.sqrt(2), rel=0.02)
    assert np.isnan(metrics.auc(depth))


def test_a_score_beyond_0_and_1_is_taken_as_it_is(predictions):
    logit = {**predictions, "score": np.log(1 / (1 / predictions["score"] - 1))}
    assert metrics.merit_factor(logit) == pytest.approx(metrics.merit_factor(predictions), rel=1e-3)


def test_a_certain_score_is_no_infinite_one(predictions):
    mass = predictions["mass_number"]
    score = np.where(mass == 56, 1.0, 0.0)
    score[np.flatnonzero(mass == 56)[:5]] = 0.5
    assert np.isfinite(metrics.merit_factor({"mass_number": mass, "score": score}))


@pytest.mark.parametrize("metric", METRICS)
def test_what_is_not_predicted_has_no_metric(predictions, metric):
    truth = {name: x for name, x in predictions.items() if name in ("core", "mass_number", "axis")}
    assert np.isnan(metric(truth))
    # nor has a prediction whose truth is unknown
    unknown = {name: x for name, x in predictions.items() if name.startswith(("pred", "score"))}
    assert np.isnan(metric(unknown))


@pytest.mark.parametrize("metric", [metrics.merit_factor, metrics.auc])
@pytest.mark.parametrize("mass", [1, 4, 56])
def test_a_missing_class_leaves_the_separation_undefined(predictions, metric, mass):
    chosen = predictions["mass_number"] == mass
    assert np.isnan(metric({name: x[chosen] for name, x in predictions.items()}))


@pytest.mark.parametrize("metric", METRICS)
def test_each_metric_has_a_bootstrap_interval(predictions, metric):
    few = {name: x[:300] for name, x in predictions.items()}
    value, low, high = bootstrap(metric, few, np.random.default_rng(1), 20)
    assert low < value < high
    none = {name: x[:0] for name, x in predictions.items()}
    assert np.isnan(bootstrap(metric, none, np.random.default_rng(1))).all()


def test_the_best_containment_is_below_the_worst_event(predictions):
    distances = metrics.angular_distances(predictions)
    assert distances.shape == (EVENTS,)
    share = (np.degrees(distances) <= metrics.angular_resolution(predictions)).mean()
    assert share == pytest.approx(0.68, abs=1e-4)
    assert (metrics.core_distances(predictions) <= metrics.core_resolution(predictions)).mean() == (
        pytest.approx(0.68, abs=1e-4)
    )
