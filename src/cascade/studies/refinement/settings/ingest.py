"""Settings of the source ``hdf5``: how a user's files hold stations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cascade.settings import Settings
from cascade.studies.showers.settings.sources import Positive


class StationNames(Settings):
    """What is read, each by its name: one entry a station. What is not named is left out.

    Measured stations need neither energy nor depth.
    """

    trace: str = "trace"
    """Signal in time bins, (stations, bins)."""

    distance: str = "distance"
    """Distance of the station from the shower axis."""

    zenith: str = "zenith"
    """Zenith angle of the shower."""

    lg_energy: str | None = None
    """Energy of the shower, as ``energy`` says."""

    delta_x: str | None = None
    """Slant depth between the station and the shower maximum [g/cm²]."""


class Hdf5Settings(Settings):
    """A user's HDF5 files with the traces of single stations."""

    datasets: StationNames = StationNames()
    """Names of datasets, with their groups if they lie in some."""

    scale: Positive = 1.0
    """The file's contents times this are particles. What is below 0 counts as 0, as in the
    simulation."""

    bins: Annotated[int, Field(ge=1, le=10_000)] = 80
    """Bins of the traces that are made. Networks want those with which they were trained: 80 of
    25 ns in the simulation."""

    rebin: Annotated[int, Field(ge=1, le=1000)] = 1
    """Neighbouring bins of the file that are added up to one."""

    first_bin: Annotated[int, Field(ge=0)] | None = None
    """Cut longer traces, from this bin of the file. Without it traces must be exactly as long."""

    length: Literal["m", "km"] = "m"
    """Unit of the distances."""

    angle: Literal["deg", "rad"] = "deg"
    """Unit of the zenith angles."""

    energy: Literal["lg", "eV", "EeV"] = "lg"
    """What stands for the energy: lg(E / eV), or the energy in a unit."""

    chunk: Annotated[int, Field(ge=1)] = 10_000
    """Stations that are held at once."""
