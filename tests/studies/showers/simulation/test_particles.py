"""Particles in time bins: the law of single draws, without drawing them singly."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr

from cascade.studies.showers.settings import TraceSettings
from cascade.studies.showers.simulation.particles import FEW, Arrival, arrivals, histograms

SETTINGS = TraceSettings(bins=20, bin_width=100.0)


def chances(arrival):
    edges = 100.0 * np.arange(1, 21) - arrival.delay[0]
    before = ndtr(np.log(np.maximum(edges, 1e-300) / arrival.median[0]) / SETTINGS.spread)
    return np.diff(before, prepend=0, append=1)


def drawn(number, rows, seed=1):
    arrival = Arrival(np.full(rows, 400.0), np.full(rows, 30.0))
    rng = np.random.default_rng(seed)
    return histograms(rng, np.full(rows, number), arrival, SETTINGS), chances(arrival)


@pytest.mark.parametrize("number", [1, 7, FEW - 1, FEW, 300])
def test_means_and_covariances_are_multinomial(number):
    rows = 20_000
    counts, p = drawn(number, rows)
    p = p[:-1]
    error = np.sqrt(number * p * (1 - p) / rows)
    assert (np.abs(counts.mean(axis=0) - number * p) < 4.5 * error + 1e-9).all()
    expected = number * (np.diag(p) - np.outer(p, p))
    found = np.cov(counts.T)
    assert np.abs(found - expected).max() < 6 * number * p.max() / np.sqrt(rows)


@pytest.mark.parametrize("number", [FEW + 5, 1000])
def test_a_bin_follows_the_binomial(number):
    """The whole law of one bin, tails included: drawing rows again must not bend it."""
    counts, p = drawn(number, 20_000, seed=2)
    peak = int(np.argmax(p))
    grid = np.arange(number + 1)
    expected = stats.binom.pmf(grid, number, p[peak]) * len(counts)
    found = np.bincount(counts[:, peak].astype(int), minlength=number + 1)
    often = expected > 10
    expected = np.append(expected[often], expected[~often].sum())
    found = np.append(found[often], found[~often].sum())
    assert stats.chisquare(found, expected).pvalue > 1e-3


def test_no_particle_is_made_up():
    counts, p = drawn(500, 2000)
    lost = 500 - counts.sum(axis=1)
    assert (lost >= 0).all()
    assert lost.mean() == pytest.approx(500 * p[-1], rel=0.1)
    assert (histograms(np.random.default_rng(1), np.zeros(3, int),
                       Arrival(np.ones(3), np.zeros(3)), SETTINGS) == 0).all()  # fmt: skip


def test_millions_of_particles_at_once():
    counts, p = drawn(10**7, 4)
    assert counts.sum(axis=1) == pytest.approx(10**7 * (1 - p[-1]), rel=1e-3)


def test_published_medians():
    muonic, electromagnetic = arrivals(np.array([750.0]), np.array([500.0]), TraceSettings())
    early, late = 50 + 140 * 0.9, 80 + 200 * 0.95
    assert muonic.median == pytest.approx([early])
    assert electromagnetic.median == pytest.approx([late])
    assert electromagnetic.delay == pytest.approx([(late - early) / 1.5])
    assert muonic.delay == pytest.approx([0])
