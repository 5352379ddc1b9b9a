"""Settings of the figures that show what a network makes of jets."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cascade.plotting.settings import FigureSettings

Numbers = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(strict=False)]
Ways = Annotated[tuple[str, ...], Field(strict=False)]


class WaysSettings(FigureSettings):
    """Ways of explaining beside each other."""

    ways: Ways = ()
    """Which ways are drawn, in this order; by default all of the explanation."""


class HeatmapsSettings(WaysSettings):
    """Relevance in single jets."""

    w: Numbers = (0, 1)
    """Which W jets are shown, counted from 0 in the order of the explanation."""

    qcd: Numbers = (0, 1)
    """Which QCD jets are shown, counted from 0 in the order of the explanation."""

    decades: Annotated[float, Field(gt=0, le=12)] = 3.0
    """Powers of ten that the images' colour scale spans."""


class AverageRelevanceSettings(WaysSettings):
    """Relevance in the mean over the jets of a class."""

    decades: Annotated[float, Field(gt=0, le=12)] = 4.0
    """Powers of ten that the images' colour scale spans."""


class MaximisedSettings(FigureSettings):
    """Images that excite parts of a network."""

    starts: Annotated[int, Field(ge=1, le=8)] = 2
    """From how many starts, at most."""

    decades: Annotated[float, Field(gt=0, le=12)] = 2.5
    """Powers of ten that the colour scale of an image spans."""


class PatchesSettings(FigureSettings):
    """Patches that excite the channels of a network most."""

    decades: Annotated[float, Field(gt=0, le=12)] = 3.0
    """Powers of ten that the colour scale of the patches spans."""


class FeatureMapsSettings(FigureSettings):
    """What layers make of one jet."""

    jet: Annotated[int, Field(ge=0)] = 0
    """Which jet is shown, counted from 0 in the order of the explanations."""

    channels: Annotated[int, Field(ge=1, le=12)] = 8
    """How many channels of each layer, those with the largest sum over the map."""
