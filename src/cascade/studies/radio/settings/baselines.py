"""Settings of what networks are compared with: threshold, filters, information limit."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from cascade.settings import Settings
from cascade.studies.radio.settings.sources import Positive, Range

Values = Annotated[tuple[float, ...], Field(strict=False, min_length=1, max_length=100)]
Delays = Annotated[
    tuple[Annotated[float, Field(ge=0)], ...], Field(strict=False, min_length=1, max_length=100)
]


class BandSettings(Settings):
    """How traces are sampled, and at which frequencies a method looks."""

    rate: Positive = 180.0
    """Sampling rate [MHz]."""

    band: Range | None = None
    """Lowest and highest frequency [MHz]; without it, where the noise of the training traces has
    power."""

    @model_validator(mode="after")
    def _band_is_sampled(self) -> BandSettings:
        if self.band is not None and not 0 < self.band[0] < self.band[1] <= self.rate / 2:
            raise ValueError(
                f"band {self.band[0]:g} to {self.band[1]:g} MHz must rise from above 0 to at most "
                f"half the sampling rate, {self.rate / 2:g} MHz"
            )
        return self


class LimitSettings(BandSettings):
    """The information limit: true pulse and noise are known, only the time is not."""


class EnvelopeSettings(BandSettings):
    """A threshold on the Hilbert envelope of the band-passed trace."""

    band: Range | None = [30.0, 80.0]
    """Lowest and highest frequency [MHz]; without it (null), where the noise of the training traces
    has power."""

    window: Positive = 100.0
    """The fluence is integrated from so long before the maximum to so long after [ns]."""


class MatchedFilterSettings(BandSettings):
    """Matched filters for a bank of pulses: all delays by all slopes."""

    delays: Delays = (0.06, 0.075, 0.09)
    """By how much the lowest frequency of the band arrives later than the highest [µs]."""

    slopes: Values = (-0.025,)
    """Slopes b of the amplitude spectra exp(b f) [1/MHz]."""

    clip: Positive = 3.0
    """Amplitudes are cut off at so many times the noise's at their frequency, so that carriers do
    not dominate."""


class WienerSettings(BandSettings):
    """A Wiener filter, linear and the same for all traces."""

    snr: Positive = 6.0
    """Signal-to-noise ratio of the pulses that the filter is made for."""

    window: Positive = 100.0
    """The fluence is integrated from so long before the maximum to so long after [ns]."""
