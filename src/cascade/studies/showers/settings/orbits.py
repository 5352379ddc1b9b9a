"""Settings of the source ``orbits``: showers with all their images under the lattice's symmetry."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cascade.settings import Settings
from cascade.studies.showers.settings.sources import ShowerSettings


class OrbitsSettings(Settings):
    """Showers of the toy, each followed by its images under the symmetries of the lattice."""

    showers: ShowerSettings = ShowerSettings()
    """Showers before they are turned and mirrored."""

    min_stations: Annotated[int, Field(ge=0, le=20)] = 5
    """Showers with fewer triggered stations are drawn again, as are those with a station that some
    symmetry moves off the array."""
