"""Settings of what networks are compared with: fits, likelihoods, trees."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from cascade.settings import Settings
from cascade.studies.showers.settings.sources import (
    ArraySettings,
    DetectorSettings,
    Fraction,
    Positive,
    SignalSettings,
    TraceSettings,
)


class FitSettings(Settings):
    """Plane front and lateral distribution."""

    array: ArraySettings = ArraySettings()
    """Where the stations stand: tells which of them are silent."""

    detector: DetectorSettings = DetectorSettings()
    """Timing errors, noise and threshold of the stations."""

    slope: Positive = 5.5
    """Mean slope β of the lateral distribution, expected beforehand."""

    slope_spread: Positive = 0.3
    """Standard deviation of β, expected beforehand."""

    lateral_error: Fraction = 0.02
    """Relative error of the lateral distribution at a station."""

    iterations: Annotated[int, Field(ge=1, le=1000)] = 40
    """Most steps of the fit of an event."""

    calibration_events: Annotated[int, Field(ge=1)] = 5000
    """At most so many training events calibrate the energy, the file's first ones."""


class LikelihoodSettings(FitSettings):
    """Maximum likelihood on times and signals of the stations; starts from the fit."""

    signal: SignalSettings = SignalSettings()
    """Mean signals."""

    traces: TraceSettings = TraceSettings()
    """Arrival times: which part of a signal comes within the trace, or within a time window."""

    windows: Annotated[tuple[Positive, ...], Field(strict=False)] = ()
    """Times at which traces are cut, after their start [ns]: each window's signal counts by itself.
    Without any only the sum of a trace counts."""

    model_error: Fraction = 0.04
    """Relative error of the expected signals. It keeps the station next to the core from outvoting
    all others: its signal is known to a percent, but the core has to be found first."""

    @model_validator(mode="after")
    def _windows_rise(self) -> Self:
        if list(self.windows) != sorted(set(self.windows)):
            raise ValueError(f"windows must rise, not {list(self.windows)}")
        return self


class TraceLikelihoodSettings(LikelihoodSettings):
    """Maximum likelihood on times and traces: signals in time windows."""

    windows: Annotated[tuple[Positive, ...], Field(strict=False)] = (
        100.0,
        200.0,
        350.0,
        600.0,
        1e3,
    )
    """Times at which traces are cut, after their start [ns]: each window's signal counts by itself.
    """

    model_error: Fraction = 0.07
    """Relative error of the expected signals in each window."""


class TreesSettings(Settings):
    """Gradient-boosted trees on the likelihood's results and the shapes of the traces."""

    reconstruction: LikelihoodSettings = LikelihoodSettings()
    """The likelihood that they start from."""

    stations: Annotated[int, Field(ge=1, le=30)] = 6
    """Stations, those with the largest signals, whose traces are described one by one."""

    iterations: Annotated[int, Field(ge=1, le=10000)] = 300
    """Most trees for each quantity; as many are kept as are best on the validation events."""

    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Fraction of a tree's answer that is added to the sum."""

    leaves: Annotated[int, Field(ge=2, le=1024)] = 12
    """Most leaves of a tree."""

    min_samples_leaf: Annotated[int, Field(ge=1)] = 40
    """Fewest training events in a leaf."""

    l2: Annotated[float, Field(ge=0)] = 1.0
    """L2 penalty on the values of the leaves."""

    threads: Annotated[int, Field(ge=1, le=256)] = 1
    """Threads that grow the trees; the result does not depend on them."""
