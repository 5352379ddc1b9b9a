"""Settings of the source ``root``: branches of a user's file, their units, and the array.

The defaults of the stations' branches are the names that ``cascade export`` gives them.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from cascade.settings import Settings
from cascade.studies.showers.settings.sources import ArraySettings, NotNegative, Positive


def _one_or(*numbers: int) -> AfterValidator:
    """Accept one branch, or a list of as many as one of ``numbers``, of any length without."""

    def check(named: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if not isinstance(named, str) and not (len(named) in numbers or (named and not numbers)):
            wanted = " or ".join(map(str, numbers)) or "one or more"
            raise ValueError(f"name one branch, or a list of {wanted}, not of {len(named)}")
        return named

    return AfterValidator(check)


Several = str | Annotated[tuple[str, ...], Field(strict=False)]
Place = Annotated[tuple[float, float, float], Field(strict=False)]


class StationBranches(Settings):
    """Branches with a list an event: an entry for each station that was triggered.

    Lists of fixed length (all stations of the array, NaN where one is silent) will do as well.
    """

    position: Annotated[Several, _one_or(2, 3)] = "position"
    """Where the stations stand: one branch of x, y, z, be it a list of threes or flat, one station
    after the other; or a list of three branches, or of two if z is not known."""

    time: str = "time"
    """Branch of the start of each station's trace."""

    trace: Annotated[Several, _one_or()] = "trace"
    """Branch of the traces, a list of lists or flat, one station after the other. A list of several
    branches is added up, such as those of muons and of electromagnetic particles."""


class TruthBranches(Settings):
    """Branches with what is known of the shower; those that are not named are left out."""

    axis: Annotated[Several, _one_or(3)] | None = None
    """Direction as a vector: a branch of three numbers, or three branches."""

    zenith: str | None = None
    """Zenith angle."""

    azimuth: str | None = None
    """Azimuth, counter-clockwise from x."""

    core: Annotated[Several, _one_or(2)] | None = None
    """Core, in the coordinates of the stations: a branch of two numbers (more are passed over), or
    two branches."""

    energy: str | None = None
    """Energy of the primary, in ``units.energy``."""

    lg_energy: str | None = None
    """lg(E / eV), in place of the energy."""

    x_max: str | None = None
    """Slant depth of the shower maximum [g/cm²]."""

    mass_number: str | None = None
    """Primary, as ``units.primary`` says."""

    turn: str | None = None
    """Sixths of a turn of an image in an orbit."""

    mirrored: str | None = None
    """Whether an image in an orbit was mirrored."""

    @model_validator(mode="after")
    def _once(self) -> Self:
        if (self.zenith is None) != (self.azimuth is None):
            raise ValueError("name both 'zenith' and 'azimuth', or neither")
        for first, second in (("axis", "zenith"), ("energy", "lg_energy")):
            if getattr(self, first) is not None and getattr(self, second) is not None:
                raise ValueError(f"name either '{first}' or '{second}', not both")
        return self


class Units(Settings):
    """Units of the numbers in the file."""

    length: Literal["m", "km"] = "m"
    """Of positions and cores."""

    time: Literal["ns", "us", "s"] = "ns"
    """Of the stations' times."""

    angle: Literal["deg", "rad"] = "deg"
    """Of zenith and azimuth."""

    energy: Literal["eV", "GeV", "TeV", "PeV", "EeV"] = "eV"
    """Of the energy."""

    primary: Literal["A", "CORSIKA", "PDG"] = "A"
    """How primaries are numbered: mass number, or CORSIKA's or the Particle Data Group's numbers
    (iron is 56, 5626, 1000260560)."""


class TraceReading(Settings):
    """From the file's traces to those of all events: how many bins, how wide, how many particles.

    The file's bins ``first_bin`` … ``first_bin + bins · rebin`` are used. Networks want the bins
    with which they were trained: 80 of 25 ns in the simulation.
    """

    bins: Annotated[int, Field(ge=1, le=10_000)] = 80
    """Bins of a trace in Cascade."""

    rebin: Annotated[int, Field(ge=1, le=1000)] = 1
    """Neighbouring bins of the file that are added up to one."""

    first_bin: Annotated[int, Field(ge=0)] | None = None
    """Cut longer traces, from this bin of the file. Without it traces must be exactly as long."""

    pad: float | None = None
    """Lengthen shorter traces by bins of this content, in the file's unit, such as its noise."""

    bin_width: Positive = 25.0
    """Width of a bin [ns], once ``rebin`` bins of the file are added up. A station's time moves by
    the bins that are cut off in front."""

    scale: Positive = 1.0
    """The file's contents times this are particles."""


class RootSettings(Settings):
    """A user's ROOT files with the stations of simulated or measured showers.

    Axes, cores and positions become those in the frame of the array: x along its rows.
    """

    tree: str
    """Name of the tree or RNTuple, with its directory if it lies in one."""

    stations: StationBranches = StationBranches()
    """Branches of the stations."""

    truth: TruthBranches = TruthBranches()
    """Branches of the truth."""

    direction: Literal["origin", "flight"] = "origin"
    """Whether the axis or azimuth in the file points to where the shower comes from, or to where it
    flies (as CORSIKA's do)."""

    units: Units = Units()
    """Units in the file."""

    traces: TraceReading = TraceReading()
    """How traces are cut, added up and scaled."""

    array: ArraySettings = ArraySettings()
    """The lattice of the stations; sites without a station do no harm."""

    centre: Place = (0.0, 0.0, 0.0)
    """Where the array's central site lies in the file's coordinates x, y, z, in the file's unit."""

    rotation: Annotated[float, Field(ge=-360, le=360)] = 0.0
    """Angle from the file's x axis to the rows of the array, counter-clockwise [°]."""

    tolerance: NotNegative = 100.0
    """How far from its site a station may stand [m], heights aside."""

    strays: Literal["error", "drop"] = "error"
    """What becomes of a station that stands off the lattice or the array, or at a site which
    another station of the event has: a complaint, or it is left out."""

    centred_on: Literal["array", "largest"] = "array"
    """With ``largest``, each event's array is moved so that the site of the station with the
    largest signal becomes its centre, and positions and core with it: for arrays larger than
    what a network looks at. Stations beyond are strays."""

    time_zero: Literal["file", "largest"] = "file"
    """With ``largest``, times count from that of the station with the largest signal."""

    min_stations: Annotated[int, Field(ge=0, le=1000)] = 0
    """Events with fewer stations are left out."""

    chunk: (
        Annotated[int, Field(ge=1)] | Annotated[str, Field(pattern=r"^\d+(\.\d+)? ?[kMG]?B$")]
    ) = "50 MB"
    """Events that are held at once, or their size in memory, e.g. ``50 MB``."""
