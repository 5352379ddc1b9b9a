"""Settings of the networks on traces."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from cascade.settings import Settings
from cascade.studies.radio.settings.sources import Range, SamplingSettings

Width = Annotated[int, Field(ge=1, le=1024)]
Share = Annotated[float, Field(ge=0, le=1)]


class PairingSettings(Settings):
    """How training traces are made anew in each step, from pulses and noise of other traces."""

    snr: Range = [1.5, 10.0]
    """Signal-to-noise ratios of the pulses, uniform in their logarithm."""

    @model_validator(mode="after")
    def _range(self) -> Self:
        if not 0 < self.snr[0] <= self.snr[1]:
            raise ValueError(
                f"snr is from {self.snr[0]:g} to {self.snr[1]:g}; it must be above 0 and rise"
            )
        return self


class TraceNetworkSettings(Settings):
    """What all networks on traces are told."""

    sampling: SamplingSettings = SamplingSettings()
    """How the traces are sampled, and the band that is looked at."""

    pairing: PairingSettings | None = PairingSettings()
    """New pairs of pulse and noise in each step; null takes the traces as they are."""


class ViewSettings(TraceNetworkSettings):
    """Networks that look at a trace through a gate in frequency and a bank of filters."""

    taper: Annotated[float, Field(gt=0, le=1)] = 0.13
    """Smallest weight of a sample relative to the largest, before traces go to frequencies."""

    gate: Width = 16
    """Channels of the gate."""

    filters: Width = 8
    """Filters that the gated trace passes."""

    channels: Width = 24
    """Channels of the convolutions over time at full resolution."""


class ClassifierSettings(ViewSettings):
    """A network that says whether there is a pulse."""

    evidence: Width = 8
    """Kinds of evidence that are summed up over time."""

    hidden: Width = 32
    """Width of the layer before the answer."""


class DenoiserSettings(ViewSettings):
    """An autoencoder that gives back the pulse alone."""

    widths: Annotated[list[Width], Field(min_length=1, max_length=4)] = [32, 48, 48]
    """Channels of the encoder; each layer halves the resolution, the decoder doubles it again."""

    latent: Width = 8
    """Channels of the bottleneck, at each time of the lowest resolution."""

    shortcuts: bool = False
    """Links from encoder to decoder at equal resolution, around the bottleneck."""


class JointSettings(DenoiserSettings, ClassifierSettings):
    """Denoiser, classifier and measurement of the fluence, on common layers."""


class RecurrentSettings(TraceNetworkSettings):
    """Bidirectional recurrent layers (LSTM) in a row."""

    widths: Annotated[list[Width], Field(min_length=1, max_length=8)] = [32, 64, 10]
    """Width of each layer, in each direction."""

    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    """Share of the numbers that are left out in training before the answer."""
