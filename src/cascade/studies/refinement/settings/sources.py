"""Settings of the simulated stations."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cascade.studies.showers.settings.sources import ArraySettings, ShowerSettings


class StationSettings(ShowerSettings):
    """Single stations of showers: the shower study's toy, one station a shower."""

    primaries: Annotated[tuple[Literal[1, 4, 14, 56], ...], Field(strict=False, min_length=1)] = (
        1,
    )
    """Mass numbers A of the primaries, in equal parts: 1 protons, 4 helium, 14 nitrogen, 56
    iron."""

    array: ArraySettings = ArraySettings(rows=5, columns=5)
    """Where the stations stand."""

    distance: Annotated[tuple[float, float], Field(strict=False)] = (500.0, 1500.0)
    """Distances of the stations from the shower axis [m]; one of those that trigger is taken."""

    @model_validator(mode="after")
    def _distances_rise(self) -> Self:
        low, high = self.distance
        if not 0 <= low < high:
            raise ValueError(f"distance must rise from at least 0 m, not [{low:g}, {high:g}]")
        return self
