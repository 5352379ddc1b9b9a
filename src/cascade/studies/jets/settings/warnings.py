"""Settings of the experiments that warn of explanations: a planted artefact, shifts, saturation."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cascade.plotting.settings import FigureSettings
from cascade.settings import Settings
from cascade.studies.jets.settings.products import ScoreSettings

Pixel = Annotated[int, Field(ge=0)]
Energy = Annotated[float, Field(gt=0)]


class ArtefactSettings(Settings):
    """A mark in the images of one class."""

    label: Literal[0, 1] = 1
    """Class that gets the mark: 1 for W jets, 0 for QCD jets."""

    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of its jets that get it."""

    place: Annotated[tuple[Pixel, Pixel], Field(strict=False)] = (21, 21)
    """First pixel of the mark in η and φ; by default near a corner, where jets are empty."""

    size: Annotated[int, Field(ge=1, le=100)] = 2
    """Pixels along a side of the mark."""

    energy: Annotated[tuple[Energy, Energy], Field(strict=False)] = (1.0, 100.0)
    """Window from which the transverse energy of each of its pixels [GeV] is drawn, jet by jet,
    uniformly in the logarithm."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.energy[0] > self.energy[1]:
            low, high = self.energy
            raise ValueError(f"energy: the lower end {low:g} is above the upper end {high:g}")
        return self


class ArtefactMapsSettings(ScoreSettings):
    """Where a fooled network looks, and what becomes of it without the artefact."""

    edge: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Pixels belong to the place that is found if their mean relevance exceeds this part of the
    highest pixel's."""


class BlindSpotSettings(FigureSettings):
    """What attributions say of a mark that grows, while the network depends on it alone."""

    bins: Annotated[int, Field(ge=2, le=100)] = 8
    """Bins in the logarithm of the mark's energy."""
