"""Settings of the sources ``hdf5`` and ``root``: how a user's files hold traces.

The defaults fit the datasets and branches that Cascade itself writes.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cascade.settings import Settings
from cascade.studies.radio.settings.sources import Positive, Range


class TraceNames(Settings):
    """What is read, each by its name: one entry a trace. What is not named is left out."""

    trace: str = "trace"
    """Measured field strength."""

    signal: str | None = None
    """The pulse within the trace, 0 throughout without one."""

    noise: str | None = None
    """The trace without the pulse; the signal is then trace − noise."""

    interference: str | None = None
    """Carriers and bursts within the trace, which do not count as noise in ``snr``."""

    label: str | None = None
    """One number a trace: 1 with a pulse, 0 without. With a signal it follows by itself."""

    @model_validator(mode="after")
    def _either(self) -> Self:
        if self.signal is not None and self.noise is not None:
            raise ValueError("name either 'signal' or 'noise', not both")
        return self


class ReadingSettings(Settings):
    """What the numbers in a file mean, and how they become traces of one length, rate and band.

    Networks want the length, rate and band with which they were trained.
    """

    unit: Literal["uV/m", "mV/m", "V/m"] = "uV/m"
    """Unit of the field strengths in the file."""

    scale: Positive = 1.0
    """The file's numbers times this are in ``unit``, such as a gain that was not taken off."""

    channel: Annotated[int, Field(ge=0)] | None = None
    """Which of several channels or antennas is read, if an entry holds a list of traces."""

    file_rate: Positive = 180.0
    """Sampling rate of the file [MHz]."""

    rate: Positive = 180.0
    """Sampling rate of the traces that are made [MHz]. If it differs from the file's, traces are
    resampled by their Fourier series."""

    samples: Annotated[int, Field(ge=64, le=65536)] = 500
    """Samples of the traces that are made."""

    band: Range | None = [30.0, 80.0]
    """Other frequencies than from the lowest to the highest are filtered out [MHz]. With null, all
    are kept."""

    window: Annotated[int, Field(ge=0)] | Literal["centred"] | None = None
    """Cut longer traces: from this sample on, at the new rate, or with the largest Hilbert envelope
    in the middle, as far as the trace reaches. Without it traces must be exactly as long."""

    pad: bool = False
    """Lengthen shorter traces by zeros at their end. They do count as noise."""

    labels: dict[str, Literal[0, 1]] | None = None
    """Label of all traces of a file, by its name or a pattern of names, e.g. ``"noise*.h5": 0``.
    Where all are 0, all of the truth is known."""

    chunk: Annotated[int, Field(ge=1)] = 2000
    """Traces that are held at once."""

    @property
    def ratio(self) -> Fraction:
        """The new sampling rate over the file's, as a ratio of small numbers."""
        return Fraction(self.rate / self.file_rate).limit_denominator(1000)

    @model_validator(mode="after")
    def _band_is_sampled(self) -> Self:
        low, high = self.band or (0.0, 0.0)
        if self.band is not None and not 0 < low < high:
            raise ValueError(f"band {low:g} to {high:g} MHz: give the lower end first, above 0")
        for name in ("rate", "file_rate"):
            half = getattr(self, name) / 2
            if high >= half:
                raise ValueError(
                    f"band {low:g} to {high:g} MHz must end below half the sampling rate, which is "
                    f"{half:g} MHz by '{name}'"
                )
        return self


class Hdf5Settings(ReadingSettings):
    """A user's HDF5 files: datasets of shape (traces, samples) or (traces, channels, samples)."""

    datasets: TraceNames = TraceNames()
    """Names of datasets, with their groups if they lie in some."""

    @model_validator(mode="after")
    def _one_label(self) -> Self:
        if self.datasets.label is not None and self.labels is not None:
            raise ValueError("give the label by either 'datasets.label' or 'labels'")
        return self


class RootSettings(ReadingSettings):
    """A user's ROOT files: a trace in each entry, or a list of them, of any length."""

    tree: str
    """Name of the tree or RNTuple, with its directory if it lies in one."""

    branches: TraceNames = TraceNames()
    """Names of branches."""

    @model_validator(mode="after")
    def _one_label(self) -> Self:
        if self.branches.label is not None and self.labels is not None:
            raise ValueError("give the label by either 'branches.label' or 'labels'")
        return self
