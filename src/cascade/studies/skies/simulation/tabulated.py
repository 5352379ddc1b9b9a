"""Random numbers from a density that is tabulated, by the inverse of its distribution.

A guide table (Devroye, Non-Uniform Random Variate Generation, 1986, section III.2.4) says for each
of many equal steps of the distribution in which cell of the table the inverse begins, so that only
the few draws beyond that cell have to be searched for.
"""

from __future__ import annotations

import numpy as np

STEPS = 1 << 16


def draw(
    rng: np.random.Generator, shape: tuple[int, ...], grid: np.ndarray, density: np.ndarray
) -> np.ndarray:
    """Draw from a density that is given on a grid, and flat between its points.

    Parameters
    ----------
    grid
        Increasing (points,).
    density
        Density in any unit, not negative (points,); a cell has the mean of its ends.
    """
    content = np.diff(grid) * (density[1:] + density[:-1]) / 2
    cumulated = np.concatenate([[0.0], np.cumsum(content)]) / content.sum()
    # rounding must not leave draws beyond the last point
    cumulated[-1] = 1.0
    slope = np.diff(grid) / np.maximum(np.diff(cumulated), np.finfo(float).tiny)
    last = len(grid) - 2
    step = np.arange(STEPS) / STEPS
    guide = np.clip(np.searchsorted(cumulated, step, side="right") - 1, 0, last)
    drawn = rng.random(shape)
    cell = guide[(drawn * STEPS).astype(np.intp)]
    beyond = drawn >= cumulated[cell + 1]
    cell[beyond] = np.minimum(np.searchsorted(cumulated, drawn[beyond], side="right") - 1, last)
    return grid[cell] + (drawn - cumulated[cell]) * slope[cell]
