"""Settings of the study's figures."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cascade.plotting.settings import FigureSettings
from cascade.settings import Settings
from cascade.studies.jets.settings.selection import Window


class RocSettings(FigureSettings):
    """Background rejection over signal efficiency, for several methods."""

    replicas: Annotated[int, Field(ge=10)] = 200
    """Bootstrap replicas behind bands and intervals."""

    points: Annotated[int, Field(ge=10, le=2000)] = 200
    """Signal efficiencies at which the curves are drawn and tabled."""


class AverageImagesSettings(FigureSettings):
    """Average image of each class after each step of the preprocessing."""

    jets: Annotated[int, Field(ge=1)] = 20000
    """At most so many jets are averaged, the file's first ones."""

    pt: Window | None = None
    """Narrower window of the jets' transverse momentum [GeV]; by default all."""

    mass: Window | None = None
    """Narrower window of the jets' mass [GeV]; by default all."""

    decades: Annotated[float, Field(gt=0, le=12)] = 5.0
    """Powers of ten that the colour scale spans."""


class PixelCorrelationSettings(FigureSettings):
    """Correlation of each pixel with the output of each method."""

    jets: Annotated[int, Field(ge=2)] = 100000
    """At most so many jets are used, the file's first ones."""


class ObservablesSettings(FigureSettings):
    """Distributions of the jets' observables, of one source or several."""

    bins: Annotated[int, Field(ge=2, le=500)] = 30
    """Bins of each distribution."""

    replicas: Annotated[int, Field(ge=10)] = 200
    """Bootstrap replicas behind the intervals of single observables' areas under the curve."""


class EventDisplaySettings(FigureSettings):
    """One jet of each class."""

    w: Annotated[int, Field(ge=0)] = 0
    """Which W jet is shown, counted from 0 in the order of the file."""

    qcd: Annotated[int, Field(ge=0)] = 0
    """Which QCD jet is shown, counted from 0 in the order of the file."""

    decades: Annotated[float, Field(gt=0, le=12)] = 3.0
    """Powers of ten that the colour scale spans."""


class ScoreSettings(FigureSettings):
    """Products that show areas under the ROC curve with their intervals."""

    replicas: Annotated[int, Field(ge=10)] = 200
    """Bootstrap replicas behind intervals."""


class DepthPoint(Settings):
    """Where a network stands in the figure of the depth."""

    depth: Annotated[int, Field(ge=1)]
    """Number of layers with weights, or what else is called depth: the figure's x axis."""

    kind: str = "network"
    """Networks of one kind are joined by a line."""


class DepthSettings(ScoreSettings):
    """Separation and size of the gradient over the networks' depth."""

    points: dict[str, DepthPoint] = {}
    """Depth and kind of each method."""
