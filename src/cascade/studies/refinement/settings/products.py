"""Settings of the study's figures."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field

from cascade.plotting.settings import FigureSettings
from cascade.settings import Settings

Replicas = Annotated[int, Field(ge=10)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


def _rising(edges: list[float]) -> list[float]:
    for low, high in pairwise(edges):
        if not low < high:
            raise ValueError(f"{high:g} stands after {low:g}; the edges of bins must rise")
    return edges


Edges = Annotated[list[NotNegative], Field(min_length=2, max_length=101), AfterValidator(_rising)]
ENERGIES = [18.5, 18.8, 19.1, 19.4, 19.7, 20.0]
DISTANCES = [500.0, 700.0, 900.0, 1100.0, 1300.0, 1500.0]


class TraceSettings(Settings):
    """What is known of a trace: its bins, and the noise that single bins must stand out of."""

    bin_width: Positive = 25.0
    """Width of a time bin [ns]."""

    pedestal: NotNegative = 1.2
    """Mean noise of a bin [particles], which is taken off; the same for all samples."""

    noise: NotNegative = 0.6
    """Standard deviation of a bin without signal [particles]."""

    relative_noise: NotNegative = 0.05
    """Noise of a bin's signal, relative to it."""

    significance: Positive = 2.0
    """Standard deviations by which a bin must exceed its neighbourhood to count as a spike."""


class SamplesSettings(FigureSettings):
    """Samples of traces beside data."""

    data: str = "data"
    """Sample that the others are compared with: drawn in black."""

    trace: TraceSettings = TraceSettings()
    """What is known of a trace."""


class ExampleTracesSettings(SamplesSettings):
    """Mean traces in bins of the distance, and single traces before and after."""

    distance: Annotated[Edges, Field(max_length=5)] = [500.0, 800.0, 1100.0, 1500.0]
    """Edges of the bins in distance [m], one column of panels each."""

    before: str = "simulation"
    """Sample of the single traces before."""

    after: str = "refined"
    """Sample of the same traces after; row by row it belongs to the one before."""

    traces: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=4)] = []
    """Which single traces are drawn, counted from 0 in the order of the file; by default, in each
    bin of the distance, the one whose signal is the median."""


class ObservablesSettings(SamplesSettings):
    """Distributions of what is read off a trace, and how far they are from those of data."""

    bins: Annotated[int, Field(ge=5, le=200)] = 30
    """Bins of each histogram."""

    replicas: Replicas = 200
    """Bootstrap replicas behind intervals."""


class TwoSampleSettings(FigureSettings):
    """ROC curves of classifiers that tell samples from data."""

    data: str = "data"
    """Sample that a high score stands for."""

    pairs: dict[str, str] = {"tells_simulation": "simulation", "tells_refined": "refined"}
    """The other sample, by method. A method that is applied to data and one other sample needs no
    entry."""

    original: str = "simulation"
    """Sample by whose area the shrinkage of the other ones is judged."""

    points: Annotated[int, Field(ge=10, le=2000)] = 200
    """Points at which the curves are drawn and tabled."""

    replicas: Replicas = 200
    """Bootstrap replicas behind bands and intervals."""


class ResolutionSettings(FigureSettings):
    """Reconstructed energies in bins of true energy and distance."""

    lg_energy: Edges = ENERGIES
    """Edges of the bins in true lg(E / eV)."""

    distance: Edges = DISTANCES
    """Edges of the bins in distance [m]."""

    min_events: Annotated[int, Field(ge=2)] = 20
    """Bins with fewer events stay empty."""

    replicas: Replicas = 200
    """Bootstrap replicas behind intervals."""

    reference: str = "data_trained"
    """Method that the others are judged by: drawn as a black line with a band."""


class SideBySideSettings(FigureSettings):
    """Predicted over true energy, one panel a method."""

    bins: Annotated[int, Field(ge=5, le=500)] = 45
    """Bins along either axis."""

    range: Annotated[tuple[float, float], Field(strict=False), AfterValidator(_rising)] | None = (
        None
    )
    """Range of both axes, lg(E / eV); by default what holds all true and nearly all predicted
    energies."""

    replicas: Replicas = 200
    """Bootstrap replicas behind intervals."""


class GapClosedSettings(ResolutionSettings):
    """How much of the gap between simulation and data trained networks is closed.

    The network trained on data is the ``reference``. Of a name NAME_seed1, NAME_seed2, … also
    count as NAME.
    """

    simulation: str = "simulation_trained"
    """Method trained on the original simulation."""

    method: str = "refined_trained"
    """Method whose numbers are ``gap_closed_bias`` and ``gap_closed_resolution``."""

    groups: dict[str, Annotated[list[str], Field(min_length=1)]] = {}
    """Methods that are seeds of one, by the name of the one."""

    goals: Annotated[tuple[float, float], Field(strict=False)] = (0.70, 0.25)
    """Shares of the gap in bias and in width that shall be closed: dotted lines."""


class LabelKeptSettings(ResolutionSettings):
    """Bias of traces whose energy should be that of their simulation."""

    sample: str = "refined"
    """Sample whose numbers are ``label_bias_largest`` and ``label_bias_largest_beyond_data``."""

    data: str = "data"
    """Sample that the others are compared with."""

    band: Annotated[float, Field(gt=0, lt=1)] = 0.03
    """Bias of the energy E'/E − 1 that may remain: drawn as a band."""
