import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from cascade.evaluation import bootstrap as bootstrap_module
from cascade.evaluation import roc
from cascade.evaluation.bootstrap import (
    LEVEL,
    Prepared,
    binomial_interval,
    bootstrap,
    bootstrap_samples,
    central,
)
from cascade.events import hdf5


def mean(columns):
    return columns["x"].mean()


def test_interval_of_a_mean_is_its_standard_error():
    x = np.random.default_rng(1).normal(3, 2, 4000)
    value, low, high = bootstrap(mean, {"x": x}, np.random.default_rng(2), replicas=1000)
    assert value == x.mean()
    assert (high - low) / 2 == pytest.approx(x.std() / np.sqrt(len(x)), rel=0.1)
    assert isinstance(low, float)


def test_a_prepared_statistic_works_its_columns_out_once():
    x = np.random.default_rng(1).normal(3, 2, (3000, 2))
    prepared = []

    def total(columns):
        prepared.append(len(columns["x"]))
        return {"total": columns["x"].sum(axis=1)}

    def mean_total(columns):
        return columns["total"].mean()

    statistic = Prepared(total, mean_total)
    found = bootstrap(statistic, {"x": x}, np.random.default_rng(2))
    assert prepared == [3000]
    assert found == bootstrap(mean_total, total({"x": x}), np.random.default_rng(2))
    assert statistic({"x": x}) == found[0]


def test_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(3)
    truth, trials, covered = 0.7602, 300, 0  # area between normals 1 sigma apart
    for _ in range(trials):
        label = rng.integers(0, 2, 300)
        columns = {"score": rng.normal(label), "label": label}
        _, low, high = bootstrap(lambda c: roc.auc(c["score"], c["label"]), columns, rng, 60)
        covered += low <= truth <= high
    # four standard deviations of the binomial count
    assert abs(covered / trials - LEVEL) < 4 * np.sqrt(LEVEL * (1 - LEVEL) / trials)


def test_a_curve_gets_a_band():
    x = np.random.default_rng(4).normal(size=500)
    grid = np.linspace(-1, 1, 5)
    value, low, high = bootstrap(
        lambda c: (c["x"][:, None] < grid).mean(axis=0), {"x": x}, np.random.default_rng(5)
    )
    assert value.shape == low.shape == high.shape == (5,)
    assert (low < value).all()
    assert (value < high).all()


def test_one_seed_one_interval():
    columns = {"x": np.arange(50.0)}
    first, second = (bootstrap(mean, columns, np.random.default_rng(6)) for _ in range(2))
    assert first == second


def test_columns_stay_together():
    x = np.random.default_rng(7).normal(size=100)
    columns = {"x": x, "y": 2 * x}
    values = bootstrap(lambda c: np.ptp(c["y"] - 2 * c["x"]), columns, np.random.default_rng(8))
    assert values == (0.0, 0.0, 0.0)


def test_undefined_replicas_are_left_out_and_infinite_ones_kept():
    low, high = central(np.array([1.0, np.nan, 2.0, 3.0, np.inf, np.inf, np.nan]))
    assert (low, high) == (2.0, np.inf)
    assert np.isnan(central(np.full(5, np.nan))).all()


def test_no_events_no_interval():
    value, low, high = bootstrap(lambda c: np.nan, {"x": np.empty(0)}, np.random.default_rng(9))
    assert np.isnan([value, low, high]).all()


def test_what_is_undefined_is_not_drawn_again():
    calls = []

    def undefined(columns):
        calls.append(set(columns))
        return np.nan

    assert np.isnan(bootstrap(undefined, {"x": np.ones(5)}, np.random.default_rng(1))).all()
    assert calls == [{"x"}]


def test_a_replica_has_the_columns_of_the_events():
    def statistic(columns):
        assert set(columns) == {"x", "y"}
        assert len(columns) == 2
        assert "z" not in columns
        assert columns.get("z") is None
        assert {**columns}.keys() == {"x", "y"}
        return columns["x"].mean()

    columns = hdf5.Columns("predictions.h5")
    columns.update(x=np.arange(5.0), y=np.ones(5))
    bootstrap(statistic, columns, np.random.default_rng(1), 10)


def test_samples_get_the_interval_of_columns(monkeypatch):
    x = np.random.default_rng(10).normal(3, 2, 2000)
    expected = bootstrap(mean, {"x": x}, np.random.default_rng(11), replicas=1000)
    whole, parts = (
        bootstrap_samples(lambda x: x.mean(axis=-1), [x], np.random.default_rng(12), 1000)
        for _ in (monkeypatch.setattr(bootstrap_module, "DRAWS", draws) for draws in (10**7, 1))
    )
    assert whole == parts  # however many are drawn at once
    assert whole[0] == pytest.approx(expected[0])
    np.testing.assert_allclose(whole[1:], expected[1:], atol=0.1 * 2 / np.sqrt(2000))


def test_samples_are_drawn_from_each_by_itself():
    samples = np.zeros(20), np.ones(30)

    def statistic(first, second):
        assert first.shape[-1] == 20
        assert second.shape[-1] == 30
        return second.mean(axis=-1) - first.mean(axis=-1)

    assert bootstrap_samples(statistic, samples, np.random.default_rng(1)) == (1, 1, 1)


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="lengths"):
        bootstrap(mean, {"x": np.zeros(3), "y": np.zeros(4)}, np.random.default_rng(1))


@pytest.mark.parametrize("efficiency", [0.02, 0.5, 0.9])
def test_binomial_interval_covers_at_least_its_level(efficiency):
    total = 40
    passed = np.arange(total + 1)
    low, high = binomial_interval(passed, total)
    covered = (low <= efficiency) & (efficiency <= high)
    assert binom.pmf(passed, total, efficiency)[covered].sum() >= LEVEL


@given(st.integers(0, 500), st.integers(0, 500))
def test_binomial_interval_encloses_and_mirrors(passed, failed):
    total = passed + failed
    low, high = binomial_interval(passed, total)
    mirrored_low, mirrored_high = binomial_interval(failed, total)
    np.testing.assert_allclose([low, high], [1 - mirrored_high, 1 - mirrored_low], atol=1e-9)
    if total:
        assert low <= passed / total <= high
    else:
        assert (low, high) == (0, 1)
