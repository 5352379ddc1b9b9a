"""Settings of the sources ``list`` and ``root``: where a user's files hold directions and energies.

The defaults fit the Pierre Auger Observatory's public list of events above 32 EeV, and the branches
that ``cascade export`` writes.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cascade.settings import Settings
from cascade.studies.skies.settings.sources import NotNegative

Column = Annotated[int, Field(ge=1)] | str


class ReadingSettings(Settings):
    """What the numbers in a file mean, and which rays make a sky."""

    frame: Literal["equatorial", "galactic"] = "equatorial"
    """Whether longitude and latitude are right ascension and declination (J2000), or galactic."""

    angle: Literal["deg", "rad"] = "deg"
    """Unit of the angles."""

    energy_unit: Literal["EeV", "eV"] = "EeV"
    """Unit of the energies."""

    minimum: NotNegative = 0.0
    """Rays of less energy are left out [EeV]."""

    rays: Annotated[int, Field(ge=2)] | None = None
    """Rays in a sky: those of highest energy. Without it a sky has all rays of the file, and all
    skies of a sample must have the same number."""


class ListColumns(Settings):
    """Columns of a text file, by their names in its header or by number, counted from 1."""

    longitude: Column = "RA"
    """Right ascension, or galactic longitude."""

    latitude: Column = "Dec"
    """Declination, or galactic latitude."""

    energy: Column = "E"
    """Energy."""


class ListSettings(ReadingSettings):
    """Text files with a line for each ray; a file is one sky.

    Columns stand apart by blanks or commas. A header may be a comment that starts with ``#``.
    """

    columns: ListColumns = ListColumns()
    """Which columns are read."""


class SkyBranches(Settings):
    """Branches with one number a ray; they are lists if an entry is a sky."""

    energy: str = "energy"
    """Energy."""

    direction: (
        str | Annotated[tuple[str, ...], Field(strict=False, min_length=3, max_length=3)] | None
    ) = None
    """Direction as a vector x, y, z of any length: a branch of threes, or three branches. Without
    this and without angles it is the branch ``direction``."""

    longitude: str | None = None
    """Right ascension, or galactic longitude."""

    latitude: str | None = None
    """Declination, or galactic latitude."""

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.longitude is None) != (self.latitude is None):
            raise ValueError("name both 'longitude' and 'latitude', or neither")
        if self.longitude is not None and self.direction is not None:
            raise ValueError("name either 'direction', or 'longitude' and 'latitude'")
        return self


class TruthBranches(Settings):
    """Branches with what is known of simulated skies, each an entry; the rest is left out."""

    label: str | None = None
    """One number a sky: 1 with sources, 0 isotropic."""

    signal_fraction: str | None = None
    """One number a sky: share of the rays that come from sources."""

    ray_label: str | None = None
    """A list for each sky: 1 for rays of a source with two rays or more, otherwise 0."""


class RootSettings(ReadingSettings):
    """ROOT files: an entry is a sky, its branches lists, or it is a ray, and the file a sky."""

    tree: str
    """Name of the tree or RNTuple, with its directory if it lies in one."""

    branches: SkyBranches = SkyBranches()
    """Branches of directions and energies."""

    truth: TruthBranches = TruthBranches()
    """Branches of the truth."""

    chunk: (
        Annotated[int, Field(ge=1)] | Annotated[str, Field(pattern=r"^\d+(\.\d+)? ?[kMG]?B$")]
    ) = "50 MB"
    """Entries that are held at once, or their size in memory, e.g. ``50 MB``."""
