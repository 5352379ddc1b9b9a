"""Settings of the simulated traces. The defaults are the study's reference setting."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from cascade.settings import Settings

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Range = Annotated[list[float], Field(min_length=2, max_length=2)]


def _check_range(name: str, values: list[float]) -> None:
    if values[0] > values[1]:
        raise ValueError(f"{name} is from {values[0]:g} to {values[1]:g}: give the lower end first")


class SamplingSettings(Settings):
    """How a trace is sampled, and the band that antenna and filters let through."""

    samples: Annotated[int, Field(ge=64, le=65536)] = 500
    """Samples of a trace."""

    rate: Positive = 180.0
    """Sampling rate [MHz]."""

    band: Range = [30.0, 80.0]
    """Lowest and highest frequency [MHz]."""

    @model_validator(mode="after")
    def _band_is_sampled(self) -> SamplingSettings:
        _check_range("band", self.band)
        low, high = self.band
        if not 0 < low < high < self.rate / 2:
            raise ValueError(
                f"band {low:g} to {high:g} MHz must lie above 0 and below half the sampling rate, "
                f"{self.rate / 2:g} MHz"
            )
        if (high - low) * self.samples / self.rate < 8:
            raise ValueError(
                f"band {low:g} to {high:g} MHz holds fewer than 8 frequencies of a trace; take a "
                "wider band or more samples"
            )
        return self


class PulseSettings(Settings):
    """Pulses of air showers: amplitude ∝ exp(b f + c (f − f₀)²), f₀ the middle of the band."""

    distance: Range = [0.0, 300.0]
    """Distance of the antenna from the shower axis, uniform [m]."""

    slope: float = -0.005
    """Slope b at the axis [1/MHz]."""

    slope_per_distance: float = -1.0e-4
    """How much steeper b gets with the distance [1/MHz/m]."""

    curvature: NotNegative = 2.0e-4
    """Standard deviation of c, which is normal about 0 [1/MHz²]."""

    delay: Range = [0.05, 0.1]
    """By how much the lowest frequency of the band arrives later than the highest, uniform [µs];
    [0, 0] makes short pulses."""

    margin: NotNegative = 0.3
    """Pulses keep so far from both ends of the trace [µs]."""

    snr: Range = [0.5, 20.0]
    """Signal-to-noise ratio, uniform in its logarithm: largest |signal| over the root mean square
    of the broad-band noise in the trace. Interference does not count."""

    @model_validator(mode="after")
    def _ranges(self) -> PulseSettings:
        for name in ("distance", "delay", "snr"):
            _check_range(name, getattr(self, name))
        if self.distance[0] < 0 or self.delay[0] < 0:
            raise ValueError("distance and delay must not be negative")
        if self.snr[0] <= 0:
            raise ValueError(f"snr begins at {self.snr[0]:g}; it must be above 0")
        return self


class NoiseSettings(Settings):
    """Noise of Galaxy and electronics, normal in each frequency."""

    rms: Positive = 10.0
    """Root mean square of the noise over the band [µV/m]."""

    index: float = 2.55
    """The Galaxy's power falls as f^−index."""

    floor: Share = 0.2
    """Share of the electronics in the noise's power; it is the same at all frequencies."""


class InterferenceSettings(Settings):
    """Radio-frequency interference: carriers in the whole trace and rare short bursts."""

    lines: Annotated[int, Field(ge=0, le=20)] = 3
    """Largest number of carriers in a trace; all numbers from 0 are equally frequent."""

    line_amplitude: Range = [0.3, 3.0]
    """Amplitude of a carrier over the noise's root mean square, uniform in its logarithm."""

    bursts: Share = 0.01
    """Share of the traces with a burst: a carrier within a Gaussian envelope."""

    burst_amplitude: Range = [1.0, 10.0]
    """Amplitude of a burst over the noise's root mean square, uniform in its logarithm."""

    burst_width: Range = [0.05, 0.3]
    """Standard deviation of a burst's envelope, uniform in its logarithm [µs]."""

    @model_validator(mode="after")
    def _ranges(self) -> InterferenceSettings:
        for name in ("line_amplitude", "burst_amplitude", "burst_width"):
            _check_range(name, getattr(self, name))
            if getattr(self, name)[0] <= 0:
                raise ValueError(f"{name} begins at {getattr(self, name)[0]:g}; it must be above 0")
        return self


class DigitiserSettings(Settings):
    """An analogue-to-digital converter."""

    bits: Annotated[int, Field(ge=2, le=24)] = 12
    """Resolution: 2^bits counts over the range, zero in the middle."""

    range: Positive = 1000.0
    """Largest field strength that is not cut off [µV/m]."""


class TraceSettings(Settings):
    """Traces of one antenna, some with the pulse of an air shower."""

    sampling: SamplingSettings = SamplingSettings()
    """Samples and band."""

    pulses: Share = 0.5
    """Share of the traces with a pulse."""

    pulse: PulseSettings = PulseSettings()
    """Pulses."""

    noise: NoiseSettings = NoiseSettings()
    """Broad-band noise."""

    interference: InterferenceSettings = InterferenceSettings()
    """Narrow-band and transient interference."""

    digitiser: DigitiserSettings | None = None
    """Rounds and clips the trace; without it the trace has all digits."""

    @model_validator(mode="after")
    def _pulse_fits(self) -> TraceSettings:
        length = self.sampling.samples / self.sampling.rate
        if 2 * self.pulse.margin + self.pulse.delay[1] >= length:
            raise ValueError(
                f"pulse.margin {self.pulse.margin:g} µs at both ends and a delay of "
                f"{self.pulse.delay[1]:g} µs leave no place in a trace of {length:.3g} µs"
            )
        return self
