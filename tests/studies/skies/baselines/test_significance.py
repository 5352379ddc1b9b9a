"""Surprises: shares of simulated skies, a tail beyond them, uniform p-values after the penalty."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, norm, poisson

from cascade.studies.skies.baselines.significance import (
    count_surprise,
    penalised,
    scan_statistic,
)


def test_a_surprise_is_the_share_of_skies_that_show_as_much():
    simulated = np.sort(np.random.default_rng(1).poisson(8.0, (2000, 1)), axis=0)
    for count in range(14):
        share = np.mean(simulated >= count)
        found = count_surprise(np.array([[count]]), simulated)
        assert found[0, 0] == pytest.approx(-np.log10(share))


@pytest.mark.parametrize("mean", [0.05, 1.0, 8.0, 300.0])
def test_tails_are_about_those_of_the_true_distribution(mean):
    simulated = np.sort(np.random.default_rng(2).poisson(mean, (5000, 1)), axis=0)
    for p in (1e-2, 1e-3, 1e-4):
        count = poisson.isf(p, mean) + 1
        found = count_surprise(np.array([[count]]), simulated)[0, 0]
        expected = -poisson.logsf(count - 1, mean) / np.log(10)
        assert found == pytest.approx(expected, rel=0.25)


@given(st.floats(0, 30), st.integers(20, 300), st.integers(0, 2**32 - 1))
def test_more_is_never_less_surprising(mean, skies, seed):
    simulated = np.sort(np.random.default_rng(seed).poisson(mean, (skies, 1)), axis=0)
    counts = np.arange(simulated.max() + 20)[:, None]
    surprise = count_surprise(counts, simulated)[:, 0]
    assert surprise[0] == 0
    assert np.all(np.diff(surprise) >= 0)
    # beyond all simulated skies each count more says more
    assert np.all(np.diff(surprise[simulated.max() :]) > 0)
    assert np.isfinite(surprise).all()


def test_cells_are_judged_by_themselves():
    rng = np.random.default_rng(3)
    simulated = np.sort(rng.poisson([1.0, 100.0], (500, 2)), axis=0)
    counts = rng.poisson([1.0, 100.0], (50, 2))
    together = count_surprise(counts, simulated)
    for cell in (0, 1):
        one = slice(cell, cell + 1)
        alone = count_surprise(counts[:, one], simulated[:, one])
        np.testing.assert_array_equal(together[:, one], alone)


def test_penalised_p_values_are_uniform_beyond_the_simulated_skies_too():
    rng = np.random.default_rng(4)
    simulated, found = np.sort(rng.normal(size=2000)), rng.normal(size=20000)
    score = penalised(found, simulated)
    assert kstest(10**-score, "uniform").statistic < 0.04
    assert np.all(np.diff(score[np.argsort(found)]) >= 0)
    far = penalised(norm.isf([1e-4, 1e-5]), simulated)
    np.testing.assert_allclose(far, [4, 5], rtol=0.2)


def test_the_largest_surprise_decides_and_the_mean_among_equals():
    surprise = np.array([[0.0, 3.0, 1.0], [2.5, 2.5, 2.5], [1.0, 3.0, 1.0]])
    assert list(np.argsort(scan_statistic(surprise))) == [1, 0, 2]


def test_skies_that_are_all_alike_do_no_harm():
    same = np.zeros((50, 1), int)
    assert count_surprise(same[:1], same)[0, 0] == 0
    assert 1 < count_surprise(same[:1] + 1, same)[0, 0] < 3
    assert np.isfinite(penalised(np.array([0.0, 1.0]), np.zeros(50))).all()
