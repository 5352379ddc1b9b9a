"""Settings of the networks on traces."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cascade.settings import Settings
from cascade.training.settings import Adversary

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]


class TraceNetworkSettings(Settings):
    """What every network on traces must know of them."""

    bins: Annotated[int, Field(ge=8)] = 80
    """Time bins of a trace."""

    pedestal: Annotated[float, Field(ge=0)] = 1.2
    """Mean noise of a bin [particles], which the signal does not count."""

    typical_signal: Positive = 400.0
    """Signal of a station [particles], about: where the networks' numbers are of order 1."""

    faint_signal: Positive = 20.0
    """Below this [particles] noise rules: the scale of signals becomes linear."""


class ReadingSettings(TraceNetworkSettings):
    """A network that reads one number from a trace."""

    channels: Count = 24
    """Channels of the convolutions over time."""

    hidden: Count = 64
    """Width of the dense layers behind them."""


class EnergySettings(ReadingSettings):
    """The energy of the shower from the trace of one station."""

    typical_lg_energy: float = 19.25
    """lg(E / eV) of showers that give the typical signal, about."""


class DiscriminatorSettings(ReadingSettings):
    """To which of two samples a trace belongs."""


class CriticSettings(Settings):
    """Dense layers that tell refined traces from data."""

    hidden: Annotated[tuple[Count, ...], Field(strict=False, min_length=1)] = (128, 128)
    """Widths of the hidden layers."""

    signal_hidden: Annotated[tuple[Count, ...], Field(strict=False, min_length=1)] = (64, 64)
    """Widths of those hidden layers that see signal, distance and zenith angle alone."""

    normalisation: Literal["none", "spectral"] = "none"
    """``spectral`` limits the slope of every layer; it replaces the gradient penalty."""

    signal_weight: Positive = 10.0
    """Factor of the lg of the whole signal: how much it counts for the critic beside one bin."""


class RefinerSettings(TraceNetworkSettings):
    """A refiner of traces and its critic."""

    channels: Count = 16
    """Channels of the refiner's convolutions."""

    dilations: Annotated[tuple[Count, ...], Field(strict=False, min_length=1)] = (1, 2, 4)
    """Distances between the taps of its convolutions, one residual branch each."""

    critic: CriticSettings = CriticSettings()
    """The critic."""

    adversary: Adversary = Adversary()
    """How both take turns."""

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.critic.normalisation == "none") == (self.adversary.penalty == 0):
            raise ValueError(
                "the critic's slope needs one limit: adversary.penalty above 0, or "
                "critic.normalisation spectral and adversary.penalty 0"
            )
        return self
