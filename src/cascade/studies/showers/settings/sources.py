"""Settings of the shower simulation. Defaults are those of the toy of arXiv:1708.00647."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cascade.settings import Settings

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class ArraySettings(Settings):
    """A surface detector: stations in offset rows, every second row moved by half a spacing."""

    rows: Annotated[int, Field(ge=3, le=101)] = 9
    """Rows of stations, odd, so that one station stands at the centre."""

    columns: Annotated[int, Field(ge=3, le=101)] = 9
    """Stations in a row, odd."""

    spacing: Positive = 1500.0
    """Distance of neighbouring stations [m]."""

    altitude: Annotated[float, Field(ge=0, le=10_000)] = 1400.0
    """Altitude of the array above the sea [m]."""

    @model_validator(mode="after")
    def _has_a_centre(self) -> Self:
        for key in ("rows", "columns"):
            if getattr(self, key) % 2 == 0:
                raise ValueError(f"{key} must be odd, so that one station stands at the centre")
        return self


class SignalSettings(Settings):
    """Mean signal of a station: muonic and electromagnetic, over distance and depth."""

    scale: Positive = 900.0
    """Signal at 1000 m from the axis and 10¹⁹ eV [particles], before attenuation."""

    muonic: Positive = 0.3
    """Muonic part r₁ for protons; the share is r₁ / (r₁ + r₂)."""

    electromagnetic: Positive = 0.7
    """Electromagnetic part r₂."""

    mass_exponent: float = 0.15
    """The muonic part grows with the mass number A as A^this."""

    muonic_slope: Positive = 4.7
    """Muonic signal falls with distance as r^−this."""

    electromagnetic_slope: Positive = 6.1
    """Electromagnetic signal falls with distance as r^−this."""

    muonic_attenuation: NotNegative = 0.1
    """Muonic signal falls with depth behind the maximum as (ΔX / 100 g/cm²)^−this."""

    electromagnetic_attenuation: NotNegative = 0.4
    """Electromagnetic signal falls with depth behind the maximum as (ΔX / 100 g/cm²)^−this."""

    attenuation_limit: Positive = 10.0
    """Largest factor of either attenuation, close to the maximum."""

    core_distance: Positive = 150.0
    """Within this distance from the axis [m] the signal stays as it is there."""

    limit: Positive = 1e7
    """Largest signal of a station [particles]."""


class TraceSettings(Settings):
    """When particles come: log-normal arrival times of either component."""

    bins: Annotated[int, Field(ge=1, le=10_000)] = 80
    """Time bins of a trace."""

    bin_width: Positive = 25.0
    """Width of a time bin [ns]."""

    spread: Positive = 0.7
    """Standard deviation of the logarithm of the arrival times."""

    muonic_median: NotNegative = 50.0
    """Median arrival time of muons at the axis [ns]."""

    muonic_growth: NotNegative = 140.0
    """What it gains at 750 m, growing as r^1.4 [ns]."""

    muonic_depth: Fraction = 0.2
    """Share of that growth which a depth of 1000 g/cm² behind the maximum takes away."""

    electromagnetic_median: NotNegative = 80.0
    """Median arrival time of electromagnetic particles at the axis [ns], before their delay."""

    electromagnetic_growth: NotNegative = 200.0
    """What it gains at 750 m, growing as r^1.4 [ns]."""

    electromagnetic_depth: Fraction = 0.1
    """Share of that growth which a depth of 1000 g/cm² behind the maximum takes away."""

    delay: NotNegative = 1 / 1.5
    """Electromagnetic particles are late by this part of the difference of the medians."""


class DetectorSettings(Settings):
    """What a station makes of the particles: timing and noise."""

    jitter: NotNegative = 480.0
    """A station's time is uncertain by this / (1 + lg(1 + particles)) [ns]."""

    event_offset: NotNegative = 50.0
    """All times of an event are moved together by a uniform number between ± this [ns]."""

    relative_noise: NotNegative = 0.05
    """Noise of a bin's signal, relative to it."""

    pedestal: NotNegative = 1.2
    """Mean noise of a bin [particles]."""

    pedestal_spread: NotNegative = 0.5
    """Standard deviation of the noise of a bin, in units of its mean."""

    threshold: NotNegative = 1.2
    """A station is silent if its trace sums up to less than this times the mean noise."""

    precision: Annotated[int, Field(ge=4, le=24)] = 11
    """Significant binary digits of a bin's signal. 11 are a hundred times finer than the noise and
    halve the files; 24 are all that the files can hold."""


class ShowerSettings(Settings):
    """Air showers on a surface detector: toy of arXiv:1708.00647, all constants."""

    array: ArraySettings = ArraySettings()
    """Where the stations stand."""

    primaries: Annotated[tuple[Literal[1, 4, 14, 56], ...], Field(strict=False, min_length=1)] = (
        1,
        4,
        14,
        56,
    )
    """Mass numbers A of the primaries, in equal parts: protons, helium, nitrogen, iron."""

    lg_energy: Annotated[tuple[float, float], Field(strict=False)] = (18.5, 20.0)
    """Range of lg(E / eV)."""

    spectral_index: Annotated[float, Field(ge=-10, le=10)] = 0.0
    """Energies follow dN / d lg E ∝ E^−this: 0 is uniform in lg E, 2 the flux ∝ E^−3."""

    zenith_max: Annotated[float, Field(gt=0, le=80)] = 60.0
    """Largest zenith angle [°]; the density goes as sin θ cos θ."""

    core_radius: NotNegative = 750.0
    """Cores lie in a disc of this radius about the central station [m], uniformly."""

    front: Literal["planar", "spherical"] = "planar"
    """Shape of the shower front; the spherical one starts at half the depth of the maximum."""

    clearance: NotNegative = 200.0
    """The maximum lies at least this high above the ground along the axis [m]; else the depth is
    drawn again."""

    min_stations: Annotated[int, Field(ge=0, le=20)] = 0
    """Events with fewer triggered stations are drawn again."""

    signal: SignalSettings = SignalSettings()
    """Mean signals."""

    traces: TraceSettings = TraceSettings()
    """Arrival times."""

    detector: DetectorSettings = DetectorSettings()
    """Timing and noise."""

    @model_validator(mode="after")
    def _rising(self) -> Self:
        low, high = self.lg_energy
        if not 17 <= low <= high <= 21:
            raise ValueError(f"lg_energy must rise within 17 … 21, not [{low:g}, {high:g}]")
        return self
