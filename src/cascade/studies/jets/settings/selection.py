"""Settings of the way from particles to jets, which all sources share."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from cascade.settings import Settings


def _ordered(window: tuple[float, float]) -> tuple[float, float]:
    low, high = window
    if not low < high:
        raise ValueError(f"the lower end {low:g} must lie below the upper end {high:g}")
    return window


# YAML knows lists only, which a strict tuple would refuse
Window = Annotated[
    tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(gt=0)]],
    Field(strict=False),
    AfterValidator(_ordered),
]


class Selection(Settings):
    """From particles to jets: detector, clustering, trimming, windows and images."""

    pt: Window = (250.0, 300.0)
    """Window of the trimmed jet's transverse momentum [GeV]."""

    mass: Window = (50.0, 110.0)
    """Window of the trimmed jet's mass [GeV]."""

    eta_max: float = Field(default=2.0, gt=0)
    """Largest |pseudorapidity| of the trimmed jet."""

    radius: float = Field(default=1.0, gt=0, le=1.5)
    """Radius parameter of the anti-kT jets."""

    trim_radius: float = Field(default=0.3, gt=0, le=1.5)
    """Radius parameter of the kT subjets that trimming keeps or drops."""

    trim_fraction: float = Field(default=0.05, ge=0, lt=1)
    """Subjets with less than this fraction of the untrimmed jet's pT are dropped."""

    tower_size: float = Field(default=0.1, ge=0.005, le=1)
    """Size of a calorimeter tower in pseudorapidity and azimuth (the latter to the nearest size
    that divides the circle) [rad]."""

    tower_eta_max: float = Field(default=4.0, gt=0, le=10)
    """Largest |pseudorapidity| of a tower."""

    smearing_stochastic: float = Field(default=0.0, ge=0, le=2)
    """a of the towers' energy resolution σ/E = a/√E ⊕ b [√GeV]; 0 switches it off."""

    smearing_constant: float = Field(default=0.0, ge=0, le=1)
    """b of the towers' energy resolution σ/E = a/√E ⊕ b; 0 switches it off."""

    image_size: int = Field(default=25, ge=1, le=200)
    """Pixels along an edge of the image."""

    image_half_width: float = Field(default=1.25, gt=0, le=3)
    """Half the width of the image in pseudorapidity and azimuth."""

    normalise: bool = False
    """Divide the preprocessed image by its L2 norm (this washes out the mass)."""
