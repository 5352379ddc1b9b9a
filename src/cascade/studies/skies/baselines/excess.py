"""How many more neighbours a ray has than in an isotropic sky: a score for each ray.

Under an exposure the number to expect depends on the declination; it is learnt from isotropic
skies, in bands that hold equally many rays.
"""

from __future__ import annotations

import numpy as np

BANDS = 20
PSEUDOCOUNT = 0.5
"""Added to the variance: where next to nothing is expected, one neighbour is no miracle."""


def declination_bands(direction: np.ndarray) -> np.ndarray:
    """Return the inner edges of the bands in sin δ of directions (…, 3), (BANDS − 1,)."""
    return np.quantile(direction[..., 2], np.arange(1, BANDS) / BANDS)


class NeighbourMeans:
    """Collects the mean number of neighbours by cell and declination from isotropic skies."""

    def __init__(self, edges: np.ndarray, numbers: np.ndarray):
        self.edges, self.numbers = edges, numbers
        self.neighbours: np.ndarray | float = 0.0
        self.rays = np.zeros((len(numbers), len(edges) + 1))

    def add(self, sine: np.ndarray, neighbours: np.ndarray) -> None:
        """Add a sky: sin δ by falling energy, (rays,), and its table of neighbours."""
        band = np.searchsorted(self.edges, sine)
        member = np.eye(len(self.edges) + 1, dtype=np.float32)[band]
        self.neighbours = self.neighbours + neighbours.astype(np.float32) @ member
        self.rays += np.cumsum(member, axis=0)[self.numbers - 1]

    def mean(self) -> np.ndarray:
        """Return the means, (thresholds, angles, bands); 0 where no ray was seen."""
        return (self.neighbours / np.maximum(self.rays, 1)[:, None]).astype(np.float32)


def ray_excess(
    sine: np.ndarray, neighbours: np.ndarray, edges: np.ndarray, expected: np.ndarray
) -> np.ndarray:
    """Return the largest excess of neighbours about each ray over all cells.

    It is (n − λ) / √(λ + ½) for n neighbours where λ are expected.

    Parameters
    ----------
    sine
        sin δ by falling energy, (rays,).
    neighbours
        (thresholds, angles, rays).
    edges, expected
        Bands in sin δ and the neighbours to expect there, (thresholds, angles, bands).
    """
    band = np.searchsorted(edges, sine)
    excess = neighbours - expected[..., band]
    excess *= (1 / np.sqrt(expected + PSEUDOCOUNT))[..., band]
    return excess.max(axis=(0, 1))
