"""Many maxima at once against scipy, one by one."""

import numpy as np
from scipy.optimize import minimize

from cascade.studies.showers.baselines.fisher_scoring import Expansion, maximise

X = np.linspace(0, 3, 12)


def curves(counts):
    """Poisson counts about exp(a + b x), one curve a problem."""

    def likelihood(parameters, which):
        mean = np.exp(parameters[:, :1] + parameters[:, 1:] * X)
        design = np.stack([np.ones_like(X), X], axis=1)
        rest = counts[which] - mean
        value = np.sum(counts[which] * np.log(mean) - mean, axis=1)
        return Expansion(value, rest @ design, np.einsum("en,ni,nj->eij", mean, design, design))

    return likelihood


def test_each_problem_reaches_its_own_maximum():
    rng = np.random.default_rng(1)
    truth = rng.uniform([0, -1], [3, 1], (30, 2))
    counts = rng.poisson(np.exp(truth[:, :1] + truth[:, 1:] * X))
    counts[:, 0] += 1
    likelihood = curves(counts)
    # some starts are far off: an undamped step overshoots
    start = rng.uniform(-3, 3, (30, 2))
    best, expansion = maximise(likelihood, start, lambda p: np.clip(p, -9, 9), 100, 1e-12)
    for number in range(30):
        which = np.array([number])
        slow = minimize(
            lambda p, which=which: -likelihood(p[np.newaxis], which).value[0],
            truth[number],
            method="Nelder-Mead",
            options={"xatol": 1e-7, "fatol": 1e-10},
        )
        np.testing.assert_allclose(best[number], slow.x, atol=1e-4)
    np.testing.assert_allclose(expansion.gradient, 0, atol=1e-3)
    np.testing.assert_allclose(expansion.value, likelihood(best, np.arange(30)).value)


def test_it_never_ends_below_its_start():
    rng = np.random.default_rng(2)
    likelihood = curves(rng.poisson(5.0, (20, 12)))
    start = rng.uniform(-4, 4, (20, 2))
    for iterations in (0, 1, 3):
        _, expansion = maximise(likelihood, start, lambda p: np.clip(p, -9, 9), iterations)
        assert np.all(expansion.value >= likelihood(start, np.arange(20)).value)


def test_no_problems_are_no_problem():
    best, expansion = maximise(curves(np.zeros((0, 12))), np.zeros((0, 2)), lambda p: p, 10)
    assert best.shape == (0, 2)
    assert expansion.information.shape == (0, 2, 2)
