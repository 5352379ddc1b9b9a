"""Whether isotropic skies can stand beside a real one: number of rays, declinations, energies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import ks_2samp

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.plotting.product import Number
from cascade.studies.skies.products.maps import Sky

IMPOSSIBLE = 1e-6
"""A Kolmogorov–Smirnov p-value of the declinations below which the exposures differ."""
UNLIKE = 1e-3
"""One below which the caption warns."""


@dataclass(frozen=True)
class Likeness:
    """Kolmogorov–Smirnov p-values of the real rays among those of all isotropic skies."""

    declination: float
    energy: float
    rays: int

    @property
    def text(self) -> str:
        """What they mean, as a sentence."""
        said = [
            f"their {name} {'differ' if p < UNLIKE else 'are compatible'} (p = {p:.2g})"
            for name, p in (("declinations", self.declination), ("energies", self.energy))
        ]
        return (
            "The real rays beside all simulated ones, by tests of Kolmogorov and Smirnov: "
            f"{' and '.join(said)}; where they differ scores may be shifted."
        )

    @property
    def numbers(self) -> dict[str, Number]:
        """Both as metrics."""
        values = {"declination": self.declination, "energy": self.energy}
        return {
            f"kolmogorov_smirnov_{name}": Number(value, value, value, "1", self.rays)
            for name, value in values.items()
        }


def compare(sky: Sky, path: Path) -> Likeness:
    """Compare a real sky with a file of isotropic skies.

    Raises
    ------
    CascadeError
        The numbers of rays differ, or the declinations so much that the exposures must.
    """
    isotropic = hdf5.read(path, ("direction", "energy"))
    rays = isotropic["energy"].shape[1]
    if rays != sky.rays:
        raise CascadeError(
            f"{path}: its skies have {rays} rays, the real one has {sky.rays}; simulate skies of "
            f"rays: {sky.rays}"
        )
    sine, others = (
        values[..., 2].ravel() for values in (sky.fields["direction"], isotropic["direction"])
    )
    declination = _probability(sine, others)
    if declination < IMPOSSIBLE:
        spans = [
            "{:.0f}° to {:.0f}°".format(*np.degrees(np.arcsin([part.min(), part.max()])))
            for part in (others, sine)
        ]
        raise CascadeError(
            f"{path}: was simulated under another exposure: declinations {spans[0]}, those of the "
            f"real sky {spans[1]}, Kolmogorov–Smirnov p = {declination:.1g}"
        )
    energy = _probability(sky.fields["energy"], isotropic["energy"].ravel())
    return Likeness(declination, energy, rays)


def _probability(first: np.ndarray, second: np.ndarray) -> float:
    return float(ks_2samp(first, second, method="asymp").pvalue)
