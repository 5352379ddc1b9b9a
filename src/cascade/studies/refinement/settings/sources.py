"""Settings of the simulated stations."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cascade.studies.showers.settings.sources import (
    ArraySettings,
    DetectorSettings,
    NotNegative,
    ShowerSettings,
)

Sites = Annotated[int, Field(ge=3, le=101)]


class StationArraySettings(ArraySettings):
    """The part of a surface detector that stations within reach lie in."""

    rows: Sites = 5
    """Rows of stations, odd, so that one station stands at the centre."""

    columns: Sites = 5
    """Stations in a row, odd."""


class StationDetectorSettings(DetectorSettings):
    """What a station makes of the particles."""

    threshold: NotNegative = 0.0
    """A station is silent if its trace sums up to less than this times the mean noise. At 0 every
    station is read out, and simulation and data hold the same showers; at 1.2, as in the shower
    study, the faint ones that are missing differ between the two."""


class StationSettings(ShowerSettings):
    """Single stations of showers: the shower study's toy, one station a shower."""

    primaries: Annotated[tuple[Literal[1, 4, 14, 56], ...], Field(strict=False, min_length=1)] = (
        1,
    )
    """Mass numbers A of the primaries, in equal parts: 1 protons, 4 helium, 14 nitrogen, 56
    iron."""

    array: StationArraySettings = StationArraySettings()
    """Where the stations stand."""

    detector: StationDetectorSettings = StationDetectorSettings()
    """Noise."""

    distance: Annotated[tuple[float, float], Field(strict=False)] = (500.0, 1500.0)
    """Distances of the stations from the shower axis [m]; one of those that trigger is taken."""

    @model_validator(mode="after")
    def _distances_rise(self) -> Self:
        low, high = self.distance
        if not 0 <= low < high:
            raise ValueError(f"distance must rise from at least 0 m, not [{low:g}, {high:g}]")
        return self

    @model_validator(mode="after")
    def _single_stations(self) -> Self:
        for key in ("front", "min_stations"):
            if getattr(self, key) != type(self).model_fields[key].default:
                raise ValueError(f"{key} says nothing about single stations; leave it out")
        return self
