"""Settings of the simulated skies. The defaults are the study's reference setting, ``mix``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from cascade.settings import Settings

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Charge = Annotated[int, Field(ge=1, le=92)]

LIGHT, MEDIUM = {1: 0.15, 2: 0.45}, {6: 0.4 / 3, 7: 0.4 / 3, 8: 0.4 / 3}


class SpectrumSettings(Settings):
    """Energies of all rays, signal and background alike."""

    shape: Literal["auger", "power_law"] = "auger"
    """``auger``: the spectrum measured by the Pierre Auger Observatory; or one power law."""

    index: Annotated[float, Field(gt=1)] = 3.0
    """Spectral index γ of the power law, dN/dE ∝ E^−γ."""

    minimum: Annotated[float, Field(ge=1, le=500)] = 40.0
    """Threshold, in energies as they are measured [EeV]."""

    resolution: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """Relative uncertainty of a measured energy."""


class ExposureSettings(Settings):
    """Exposure of an observatory that is fully efficient up to a zenith angle."""

    latitude: Annotated[float, Field(ge=-90, le=90)] = -35.25
    """Latitude of the observatory [deg]."""

    zenith: Annotated[float, Field(gt=0, le=90)] = 80.0
    """Largest zenith angle [deg]."""


class SkySettings(Settings):
    """Skies of a fixed number of rays: some isotropic, some with a few sources."""

    rays: Annotated[int, Field(ge=2)] = 500
    """Rays in a sky."""

    isotropic: Share = 0.5
    """Share of isotropic skies."""

    fractions: list[Annotated[float, Field(gt=0, le=1)]] = [0.02, 0.03, 0.05, 0.07, 0.1, 0.15]
    """Signal fractions of the other skies; each sky draws one of them."""

    sources: Annotated[int, Field(ge=1, le=100)] = 3
    """Sources in a sky with signal, equally bright."""

    spectrum: SpectrumSettings = SpectrumSettings()
    """Energies."""

    composition: dict[Charge, Share] = LIGHT | MEDIUM
    """Share of the rays by charge number."""

    coherent: NotNegative = 30.0
    """Coherent deflection at a rigidity of 10 EV [deg]; falls as 1/R."""

    turbulent: NotNegative = 6.0
    """Turbulent smearing at 10 EV [deg], the σ of a Fisher distribution; falls as 1/R."""

    exposure: ExposureSettings | None = None
    """Exposure of the observatory; without it all directions are seen alike."""

    angular_resolution: Annotated[float, Field(ge=0, le=30)] = 0.0
    """Uncertainty of a measured direction [deg], the σ of a Fisher distribution."""

    @field_validator("fractions")
    @classmethod
    def _some(cls, fractions: list[float]) -> list[float]:
        if not fractions:
            raise ValueError("must name at least one signal fraction")
        return fractions

    @field_validator("composition")
    @classmethod
    def _adds_up(cls, composition: dict[int, float]) -> dict[int, float]:
        if abs(sum(composition.values()) - 1) > 1e-6:
            raise ValueError(f"shares add up to {sum(composition.values()):g}, not to 1")
        return composition
