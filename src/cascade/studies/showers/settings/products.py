"""Settings of the study's figures."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from cascade.plotting.settings import FigureSettings
from cascade.settings import Settings

Replicas = Annotated[int, Field(ge=10)]


def _ordered(window: tuple[float, float]) -> tuple[float, float]:
    low, high = window
    if not low < high:
        raise ValueError(f"the lower end {low:g} must lie below the upper end {high:g}")
    return window


# YAML knows lists only, which a strict tuple would refuse
Window = Annotated[tuple[float, float], Field(strict=False), AfterValidator(_ordered)]


class ShowerChoiceSettings(FigureSettings):
    """Which single events are shown."""

    events: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=4)] = []
    """Which events are shown, counted from 0 in the order of the file. By default, one next to
    each of ``lg_energies``."""

    lg_energies: Annotated[list[float], Field(min_length=1, max_length=4)] = [19.0, 19.7]
    """lg(E / eV) of the events that are looked for, where no numbers are given."""

    zenith: Window = (30.0, 50.0)
    """Zenith angles of the events that are looked for [°]."""

    min_stations: Annotated[int, Field(ge=1)] = 6
    """Least number of stations of the events that are looked for."""

    core_distance: Annotated[float, Field(ge=0)] = 400.0
    """Least distance of any station from the core [m] in the events that are looked for."""


class ShowerDisplaySettings(ShowerChoiceSettings):
    """Single events: map of the stations and the traces of the hottest ones."""

    traces: Annotated[int, Field(ge=1, le=6)] = 3
    """Stations whose traces are drawn, those with the largest signals."""


Ways = Annotated[list[str], Field(max_length=6)]


class FootprintRelevanceSettings(ShowerChoiceSettings):
    """Single events: relevance of the stations on the map, and of time bins of the hottest one."""

    ways: Annotated[Ways, Field(max_length=4)] = []
    """Ways of explaining that are shown; by default the first four of the explanation."""


class RelevanceProfilesSettings(FigureSettings):
    """Mean relevance over distance and time."""

    ways: Ways = []
    """Ways of explaining that are shown; by default the first six of the explanation."""

    bins: Annotated[int, Field(ge=2, le=50)] = 8
    """Bins in the distance from the axis."""

    reach: Annotated[float, Field(gt=0)] = 3.2
    """Distance from the axis up to which the bins go [km]."""

    min_stations: Annotated[int, Field(ge=2)] = 10
    """Bins with fewer stations are left empty."""


class MethodsSettings(FigureSettings):
    """Numbers of several methods with their bootstrap intervals."""

    replicas: Replicas = 200
    """Bootstrap replicas behind intervals."""

    references: list[str] = ["likelihood"]
    """Methods that the others are judged by: drawn as black lines, without symbols."""


class ResolutionSettings(MethodsSettings):
    """Bias and resolution in bins of a true quantity."""

    bins: Annotated[int, Field(ge=1, le=50)] = 6
    """Bins over the range."""

    range: Window | None = None
    """Range of the bins: lg(E / eV), or zenith angle [°]; by default what holds all events."""

    min_events: Annotated[int, Field(ge=2)] = 20
    """Bins with fewer events are left empty."""


class HistogramsSettings(FigureSettings):
    """Two-dimensional histograms of predicted over true values."""

    bins: Annotated[int, Field(ge=5, le=500)] = 50
    """Bins along either axis."""

    replicas: Replicas = 200
    """Bootstrap replicas behind intervals."""


class MassSettings(MethodsSettings):
    """Separation of protons from iron."""

    bins: Annotated[int, Field(ge=2, le=200)] = 30
    """Bins of each distribution of scores."""

    energy_bins: Annotated[int, Field(ge=1, le=50)] = 6
    """Bins in lg E of the merit factor."""

    points: Annotated[int, Field(ge=10, le=2000)] = 200
    """Signal efficiencies at which the ROC curves are drawn and tabled."""


class EquivarianceSettings(MethodsSettings):
    """How predictions follow when events are rotated and mirrored."""

    event: Annotated[int, Field(ge=0)] | None = None
    """Orbit that is drawn, counted from 0; by default one of typical spread and zenith angle."""


class Group(Settings):
    """Fits of one network to one number of events, from several seeds."""

    events: Annotated[int, Field(ge=1)]
    """Training events: the figure's x axis."""

    methods: Annotated[list[str], Field(min_length=1)]
    """Methods, one for each seed; a name stands for all NAME_seed1, NAME_seed2, … as well."""

    kind: str | None = None
    """Groups of one kind are joined by a line and share a name in the figure; by default the
    group's own name."""


class ComparisonSettings(FigureSettings):
    """Networks compared over seeds and numbers of training events."""

    groups: dict[str, Group] = {}
    """Which methods make up each point of the figure."""


class UncertaintySettings(FigureSettings):
    """Predicted uncertainties against actual errors."""

    bins: Annotated[int, Field(ge=5, le=500)] = 40
    """Bins of the distributions of pulls."""
