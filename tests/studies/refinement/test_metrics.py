import numpy as np
import pytest

from cascade.evaluation.bootstrap import bootstrap
from cascade.studies.refinement import metrics

METRICS = (metrics.lg_energy_bias, metrics.lg_energy_resolution)


@pytest.fixture(scope="module")
def predictions():
    rng = np.random.default_rng(1)
    lg_energy = rng.uniform(18.5, 20, 50_000)
    columns = {
        "lg_energy": lg_energy,
        "predicted_lg_energy": lg_energy + rng.normal(-0.07, 0.12, 50_000),
    }
    return {name: values.astype("f4") for name, values in columns.items()}


@pytest.mark.parametrize(
    ("metric", "expected"),
    [(metrics.lg_energy_bias, -0.07), (metrics.lg_energy_resolution, 0.12)],
)
def test_known_errors_are_found(predictions, metric, expected):
    found = metric(predictions)
    assert type(found) is float
    assert found == pytest.approx(expected, abs=0.002)
    value, low, high = bootstrap(metric, predictions, np.random.default_rng(2), 20)
    assert value == found
    assert low < value < high < low + 0.003


def test_a_case_by_hand():
    columns = {"lg_energy": np.array([19.0, 19.0]), "predicted_lg_energy": np.array([19.1, 19.3])}
    assert metrics.lg_energy_bias(columns) == pytest.approx(0.2)
    # the sample's, of two events
    assert metrics.lg_energy_resolution(columns) == pytest.approx(0.2 / np.sqrt(2))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("missing", ["lg_energy", "predicted_lg_energy"])
def test_what_is_not_predicted_has_no_metric(predictions, metric, missing):
    columns = {name: values for name, values in predictions.items() if name != missing}
    assert np.isnan(metric(columns))
    assert np.isnan(metric({"score": np.ones(3)}))
    none = {name: values[:0] for name, values in predictions.items()}
    assert np.isnan(bootstrap(metric, none, np.random.default_rng(2), 10)).all()


def test_the_share_of_traces_taken_for_data_is_counted():
    assert metrics.taken_for_data({"score": np.array([0.2, 0.6, 0.9, 0.5])}) == 0.5
    assert np.isnan(metrics.taken_for_data({"lg_energy": np.ones(3)}))
