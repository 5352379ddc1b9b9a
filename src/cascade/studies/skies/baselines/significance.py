"""How surprising counts are on isotropic skies, before and after the penalty for scanning.

A surprise is −lg of the share of isotropic skies that show as much. In each cell of a scan it is
read from simulated skies; the scan's own statistic is its largest surprise, and how surprising
that is the same skies tell (Finley & Westerhoff, astro-ph/0309159; Tinyakov & Tkachev,
astro-ph/0301336). Beyond the highest simulated values the distribution is taken to fall
exponentially, which keeps an order among skies that no simulated one comes near.
"""

from __future__ import annotations

import numpy as np

TAIL = 0.02
"""Share of the simulated skies that an exponential is fitted to."""
FEWEST = 10
"""At least so many skies."""
TIE = 1e-3
"""Weight of the mean surprise beside the largest: decides where the same cell shows the same."""


def count_surprise(counts: np.ndarray, simulated: np.ndarray) -> np.ndarray:
    """Return the surprise of each count in its own cell.

    Parameters
    ----------
    counts
        (skies, cells), integers.
    simulated
        Those of isotropic skies, each cell sorted by itself, (simulated skies, cells).

    Returns
    -------
    Array
        (skies, cells): 0 if all simulated skies show as much or more.
    """
    found = np.empty(counts.shape)
    for cell in range(counts.shape[1]):
        values, sample = counts[:, cell], simulated[:, cell]
        start, surprise, slope = _tail(sample, step=1)
        # a simulated sky with the same count shows as much
        as_much = len(sample) - np.searchsorted(sample, values, side="left")
        bulk = _lg_share(as_much, len(sample))
        found[:, cell] = np.where(values > start, surprise + slope * (values - start), bulk)
    return found


def scan_statistic(surprise: np.ndarray) -> np.ndarray:
    """Return the largest surprise over the cells of each sky, (skies, cells) → (skies,)."""
    return surprise.max(axis=1) + TIE * surprise.mean(axis=1)


def penalised(statistic: np.ndarray, simulated: np.ndarray) -> np.ndarray:
    """Return the surprise of a scan as a whole: −lg of its penalised p-value.

    Parameters
    ----------
    statistic
        (skies,).
    simulated
        That of isotropic skies, sorted, (simulated skies,).
    """
    number = len(simulated)
    start, surprise, slope = _tail(simulated, step=0)
    bulk = np.interp(statistic, simulated, _lg_share(number - np.arange(number), number))
    return np.where(statistic > start, surprise + slope * (statistic - start), bulk)


def _tail(sample: np.ndarray, step: int) -> tuple[float, float, float]:
    """Fit an exponential to the highest of a sorted sample, by maximum likelihood.

    Parameters
    ----------
    step
        1 for integers (the exponential is a geometric series then), 0 for real numbers.

    Returns
    -------
    tuple of floats
        Where the tail starts, the surprise there, and by how much it grows per unit.
    """
    highest = min(len(sample), max(FEWEST, round(TAIL * len(sample))))
    start = sample[-highest]
    tail = sample[np.searchsorted(sample, start, side="left") :]
    # one more step than seen, lest a flat top promise that nothing lies beyond
    mean = max((np.sum(tail - start) + step) / len(tail), 1e-9)
    rate = np.log1p(1 / mean) if step else 1 / mean
    return float(start), float(_lg_share(len(tail), len(sample))), float(rate / np.log(10))


def _lg_share(as_much: int | np.ndarray, number: int) -> np.ndarray:
    # counts above all simulated ones are the tail's to judge
    return np.log10(number) - np.log10(np.maximum(as_much, 1))
