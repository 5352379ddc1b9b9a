"""Settings of the study's figures."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cascade.plotting.settings import FigureSettings

Replicas = Annotated[int, Field(ge=10)]
Fraction = Annotated[float, Field(gt=0, le=1)]
# YAML knows lists only, which a strict tuple would refuse
Pair = Annotated[tuple[str, str], Field(strict=False)]


class SkyMapsSettings(FigureSettings):
    """Single skies: an isotropic one and one with sources."""

    fraction: Fraction = 0.1
    """Signal fraction of the sky with sources; the first sky of the file that has it is drawn."""


class NeighbourGraphsSettings(FigureSettings):
    """Neighbours that a network finds layer by layer."""

    fraction: Fraction = 0.1
    """Signal fraction of the sky that is drawn; of those explained the first that is next to
    it."""

    rays: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=4)] = []
    """Rays whose neighbours are drawn, counted from 0 in the order of the file. By default the
    signal ray of highest energy (of any source) and the background ray of highest energy."""


class RocSettings(FigureSettings):
    """ROC curves of whole skies at one signal fraction."""

    fraction: Fraction = 0.05
    """Signal fraction of the skies with sources."""

    points: Annotated[int, Field(ge=10, le=2000)] = 200
    """True positive rates at which the curves are drawn and tabled."""

    replicas: Replicas = 200
    """Bootstrap replicas behind bands and intervals."""


class DetectionSettings(FigureSettings):
    """True positive rates at a false positive rate of 1 %, over the signal fraction."""

    replicas: Replicas = 200
    """Bootstrap replicas behind the intervals of areas."""


class DifferencesSettings(FigureSettings):
    """Differences of true positive rates between methods on the same skies."""

    pairs: list[Pair] = []
    """Which methods are compared: ``[a, b]`` stands for a − b. A name stands for the mean over
    all its seeds."""

    replicas: Replicas = 500
    """Bootstrap replicas of the skies."""


class RayScoresSettings(FigureSettings):
    """Scores of single rays."""

    fraction: Fraction = 0.1
    """Signal fraction of the sky that is drawn, and of the ROC curves."""

    method: str | None = None
    """Method whose scores are drawn on the sky; by default the first that scores rays."""

    points: Annotated[int, Field(ge=10, le=2000)] = 200
    """True positive rates at which the curves are drawn and tabled."""

    replicas: Replicas = 100
    """Bootstrap replicas of the skies."""


class RealSkySettings(FigureSettings):
    """A real sky among isotropic ones."""

    method: str | None = None
    """Method whose ray scores are drawn, a mean over its seeds; by default the first that scores
    rays."""

    circled: Annotated[int, Field(ge=0)] = 25
    """Rays of highest score that are circled."""

    bins: Annotated[int, Field(ge=5, le=200)] = 40
    """Bins of each distribution of scores."""


class RelevanceMapSettings(FigureSettings):
    """Relevance of the rays of single skies."""

    ways: list[str] = []
    """Ways of explaining that are shown; by default all that the explanation has."""

    fractions: Annotated[list[Fraction], Field(max_length=2)] = [0.1, 0.06]
    """Signal fractions of the skies that are drawn: of those explained the first that is next to
    each. An isotropic sky is drawn as well if there is one."""

    edges: Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=2)] = [
        0.015, 0.045, 0.075, 0.105, 0.155,
    ]  # fmt: skip
    """Edges of the bins in the signal fraction."""
