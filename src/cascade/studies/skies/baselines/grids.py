"""What scans count in each cell: pairs, and largest multiplets; and the excess about each ray."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cascade.studies.skies.baselines.neighbours import Grid, neighbour_tables


def pairs(neighbours: np.ndarray) -> np.ndarray:
    """Return the pairs in each cell, (thresholds, angles), from the neighbours of each ray."""
    return neighbours.sum(axis=-1, dtype=np.int64) // 2


def multiplets(neighbours: np.ndarray, orders: Sequence[int]) -> np.ndarray:
    """Return how many neighbours the ray has that has most of them, (orders, thresholds, angles).

    Parameters
    ----------
    neighbours
        (thresholds, angles, rays).
    orders
        1 for the ray with most, 2 for the second; the last ray stands for all beyond it.
    """
    rising = np.sort(neighbours, axis=-1)
    places = [-min(order, neighbours.shape[-1]) for order in orders]
    return np.moveaxis(rising[..., places], -1, 0)


def scan(
    direction: np.ndarray, energy: np.ndarray, grid: Grid, orders: Sequence[int] = (1,)
) -> np.ndarray:
    """Count pairs and multiplets of skies, both from one look at the rays.

    Returns
    -------
    Array
        (skies, 1 + orders, thresholds, angles), int32: pairs first, then multiplets.
    """
    shape = (1 + len(orders), len(grid.numbers), len(grid.angles))
    counts = np.empty((len(direction), *shape), np.int32)
    tables = neighbour_tables(direction, energy, grid)
    for count, (_, neighbours) in zip(counts, tables, strict=True):
        count[0] = pairs(neighbours)
        count[1:] = multiplets(neighbours, orders)
    return counts
