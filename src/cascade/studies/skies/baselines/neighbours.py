"""How many neighbours each ray of a sky has, by angle and energy threshold.

All scans read the same table. Two rays are neighbours in a cell if both are among the rays of
highest energy that the threshold lets pass, and closer than the angle. The sum over the rays is
twice the number of pairs, the largest entry is the largest multiplet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cascade.errors import CascadeError
from cascade.studies.skies.settings.baselines import GridSettings


@dataclass(frozen=True)
class Grid:
    """Cells of a scan.

    Attributes
    ----------
    angles
        Rising [deg], (angles,).
    numbers
        How many rays are above each threshold, not falling, (thresholds,).
    rays
        Rays of a sky.
    """

    angles: np.ndarray
    numbers: np.ndarray
    rays: int

    @classmethod
    def of(cls, settings: GridSettings, rays: int) -> Grid:
        """Return the cells for skies of so many rays; a threshold lets two rays pass at least."""
        numbers = np.rint(np.array(settings.shares) * rays).astype(int)
        return cls(np.array(settings.angles), np.clip(numbers, min(2, rays), rays), rays)

    def record(self) -> dict[str, Any]:
        """Return what a model file keeps of it."""
        return {"angles": self.angles, "numbers": self.numbers, "rays": self.rays}

    @classmethod
    def recorded(cls, model: dict[str, Any]) -> Grid:
        """Return the grid that a model was fitted with."""
        return cls(model["angles"], model["numbers"], int(model["rays"]))


def by_energy(direction: np.ndarray, energy: np.ndarray) -> np.ndarray:
    """Return the places of the rays by falling energy, (skies, rays).

    Among equal energies, as in lists of few digits, the declination decides: where a ray stands
    means nothing.
    """
    return np.lexsort((np.asarray(direction)[..., 2], -np.asarray(energy)), axis=-1)


def neighbour_tables(
    direction: np.ndarray, energy: np.ndarray, grid: Grid
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the places of a sky's rays by falling energy, and their neighbours in that order.

    Parameters
    ----------
    direction
        Unit vectors (skies, rays, 3).
    energy
        (skies, rays).

    Yields
    ------
    places
        (rays,).
    neighbours
        (thresholds, angles, rays); 0 for rays below the threshold.

    Raises
    ------
    CascadeError
        The skies have another number of rays than the grid.
    """
    direction = np.asarray(direction, np.float32)
    if direction.shape[1] != grid.rays:
        raise CascadeError(
            f"direction: these skies have {direction.shape[1]} rays, those of the fit had "
            f"{grid.rays}; fit again on skies of {direction.shape[1]} rays"
        )
    cosines = np.cos(np.radians(grid.angles)).astype(np.float32)
    cosines[grid.angles >= 180] = -1.5  # all rays, whatever the rounding
    codes = _codes(grid)
    for places, vectors in zip(by_energy(direction, energy), direction, strict=True):
        yield places, _neighbours(vectors[places], cosines, codes, grid)


def _codes(grid: Grid) -> np.ndarray:
    """Return where in the table each pair (first, second) counts if it is of the least angle.

    That is the first threshold which both pass, and the ray that comes first: (rays²,).
    """
    rank = np.arange(grid.rays)
    threshold = np.searchsorted(grid.numbers, rank, side="right")
    both = np.maximum.outer(threshold, threshold)
    return (both * (len(grid.angles) * grid.rays) + rank[:, None]).astype(np.int32).ravel()


def _neighbours(
    vectors: np.ndarray, cosines: np.ndarray, codes: np.ndarray, grid: Grid
) -> np.ndarray:
    """Return the table of one sky, its rays by falling energy."""
    product = vectors @ vectors.T
    np.fill_diagonal(product, -2)  # no ray is its own neighbour
    product = product.ravel()
    near = np.flatnonzero(product >= cosines[-1])
    cosine, code = product[near], codes[near]
    angle = np.zeros(len(near), np.int32)
    for edge in cosines[:-1]:
        angle += cosine < edge
    code += angle * grid.rays
    shape = (len(grid.numbers) + 1, len(cosines), grid.rays)  # the last threshold lets all pass
    count = np.bincount(code, minlength=np.prod(shape)).reshape(shape)
    table = count[:-1].astype(np.int16 if grid.rays < 2**15 else np.int32)
    # row by row: numpy's cumsum walks such axes ten times slower
    for threshold in range(1, len(table)):
        table[threshold] += table[threshold - 1]
    for scale in range(1, len(cosines)):
        table[:, scale] += table[:, scale - 1]
    return table
