"""Settings of the methods that make simulation data-like without a network."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from cascade.settings import Settings
from cascade.studies.refinement.settings.sources import StationSettings


class OracleSettings(StationSettings):
    """Those with which the data were simulated."""

    @model_validator(mode="after")
    def _one_primary(self) -> Self:
        if len(set(self.primaries)) > 1:
            raise ValueError("primaries: events do not tell their masses, so the oracle wants one")
        return self


class QuantileMappingSettings(Settings):
    """Total signals of simulation mapped onto those of data, quantile by quantile."""

    distance_bins: Annotated[int, Field(ge=1, le=100)] = 3
    """Bins of the distance from the axis, with equally many stations."""

    zenith_bins: Annotated[int, Field(ge=1, le=100)] = 1
    """Bins of the zenith angle, with equally many stations."""

    quantiles: Annotated[int, Field(ge=1, le=10_000)] = 30
    """Quantiles in each bin; between them the map is linear in lg S."""
