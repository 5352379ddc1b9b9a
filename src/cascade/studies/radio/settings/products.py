"""Settings of the study's figures."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field

from cascade.plotting.settings import FigureSettings

Positive = Annotated[float, Field(gt=0)]
Replicas = Annotated[int, Field(ge=10)]


def _rising(edges: list[float]) -> list[float]:
    for low, high in pairwise(edges):
        if not low < high:
            raise ValueError(f"{high:g} stands after {low:g}; the edges of bins must rise")
    return edges


Edges = Annotated[list[Positive], Field(min_length=2), AfterValidator(_rising)]


class ExampleTracesSettings(FigureSettings):
    """Single traces as measured, as they truly are, and denoised."""

    snr: Annotated[list[Positive], Field(max_length=6)] = [2.0, 4.0, 8.0]
    """Signal-to-noise ratios of the pulses that are drawn; of each the trace that is next to it."""

    noise: bool = True
    """Draw a trace without a pulse as well: the one whose interference is the median of all that
    have some."""

    traces: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=7)] = []
    """Which traces are drawn instead, counted from 0 in the order of the file."""

    method: str | None = None
    """Method that denoises; by default the first of those that do."""

    window: Positive = 0.5
    """Length of the close-up around a pulse [µs]."""

    rate: Positive | None = None
    """Sampling rate [MHz]; by default what the file says, or else 180."""


class MethodsSettings(FigureSettings):
    """Several methods against each other."""

    limit: str = "limit"
    """Method that the others are judged by, the limit of what a trace can tell: drawn as a black
    line."""

    replicas: Replicas = 200
    """Bootstrap replicas behind intervals."""


class RocSettings(MethodsSettings):
    """ROC curves in bins of the signal-to-noise ratio, one panel each."""

    edges: Edges = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0]
    """Edges of the bins."""

    lowest: Annotated[float, Field(gt=0, lt=1)] = 1e-3
    """False positive rate at which the axis begins."""

    points: Annotated[int, Field(ge=10, le=2000)] = 100
    """False positive rates at which the curves are drawn and tabled."""

    replicas: Replicas = 100
    """Bootstrap replicas behind bands and intervals."""


class SnrSettings(MethodsSettings):
    """Something in bins of the signal-to-noise ratio."""

    edges: Edges = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0, 12.0, 20.0]
    """Edges of the bins."""

    min_events: Annotated[int, Field(ge=2)] = 20
    """Bins with fewer pulses stay empty."""


class DetectionSettings(SnrSettings):
    """True positive rates at a false positive rate of 0.2 %."""

    method: str | None = None
    """Method that is compared with each of the others; by default the last one."""

    rivals: list[str] = []
    """Methods of which the best in each bin is compared with ``method`` in the caption and in the
    numbers; by default all others but the limit."""


class LatentSettings(FigureSettings):
    """What a network keeps of traces, as a map in two dimensions."""

    traces: Annotated[int, Field(ge=50, le=20000)] = 2000
    """Traces that are drawn, the first ones of the file."""

    neighbours: Annotated[int, Field(ge=1, le=100)] = 10
    """Nearest traces that each one is compared with."""

    perplexity: Annotated[float, Field(ge=5, le=100)] = 30.0
    """Neighbours that t-SNE keeps each trace close to, about."""


class InventedPulsesSettings(FigureSettings):
    """Pulses in denoised traces that had none."""

    claimed: Positive = 3.0
    """Signal-to-noise ratio that a denoised trace must claim to count as a pulse in the numbers."""

    largest: Positive = 8.0
    """Claimed signal-to-noise ratio at which the axis ends."""

    points: Annotated[int, Field(ge=10, le=2000)] = 161
    """Claimed signal-to-noise ratios at which the curves are drawn and tabled."""


class CompressionSettings(FigureSettings):
    """Quality over the compression by a network's bottleneck."""

    groups: dict[str, list[str]] = {}
    """Methods that are joined by a line, by the name of the line; by default all in one."""

    widths: dict[str, Annotated[int, Field(ge=1)]] = {}
    """Width of a method's bottleneck, where it is not that of its column ``latent``."""

    replicas: Replicas = 100
    """Bootstrap replicas behind intervals."""


class TraceRelevanceSettings(FigureSettings):
    """Relevance along traces."""

    ways: list[str] = []
    """Ways of explaining that are shown; by default all that the explanation has."""

    snr: Annotated[list[Positive], Field(max_length=3)] = [8.0, 3.5]
    """Signal-to-noise ratios of the pulses that are drawn; of each the explained trace that is
    next to it. A trace without a pulse is drawn as well if there is one."""

    edges: Edges = [1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0]
    """Edges of the bins in the signal-to-noise ratio."""

    around: Positive = 0.6
    """Time before and after the pulse over which the mean relevance is drawn [µs]."""

    least: Positive = 4.0
    """Signal-to-noise ratio of the weakest pulses in that mean."""
