"""Draws from a table against the plain inverse of its distribution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.studies.skies.simulation import tabulated


@given(st.lists(st.floats(0, 1), min_size=2, max_size=60), st.integers(0, 5))
def test_draws_are_the_inverse_of_the_distribution(density, seed):
    density = np.array(density)
    density[len(density) // 2] += 0.1  # somewhere it must be
    grid = np.cumsum(np.random.default_rng(seed).uniform(0.01, 1, len(density)))
    drawn = tabulated.draw(np.random.default_rng(seed), (500,), grid, density)
    content = np.diff(grid) * (density[1:] + density[:-1]) / 2
    cumulated = np.concatenate([[0], np.cumsum(content)])
    uniform = np.random.default_rng(seed).random(500)
    # where the density is 0 the inverse is ambiguous, but not where it leads to
    back = np.interp(drawn, grid, cumulated) / cumulated[-1]
    assert back == pytest.approx(uniform, abs=1e-9)
    assert grid[0] <= drawn.min()
    assert drawn.max() <= grid[-1] * (1 + 1e-12)


def test_empty_cells_get_nothing():
    grid, density = np.arange(7.0), np.array([0, 0, 1, 0, 0, 1, 0.0])
    drawn = tabulated.draw(np.random.default_rng(1), (20_000,), grid, density)
    counts = np.histogram(drawn, grid)[0]
    assert counts[[0, 3]].tolist() == [0, 0]
    assert counts[[1, 2, 4, 5]] == pytest.approx([5000] * 4, abs=4 * np.sqrt(5000 * 0.75))
