"""Settings of the networks on showers."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cascade.settings import Settings
from cascade.studies.showers.settings.sources import ArraySettings, DetectorSettings

Width = Annotated[int, Field(ge=1, le=4096)]


class TraceEncoderSettings(Settings):
    """How a trace becomes few numbers, by the same weights at each station."""

    kind: Literal["dense", "convolution", "lstm"] = "dense"
    """A dense layer on all bins, three strided convolutions over time, or a recurrent network."""

    hidden: Annotated[int, Field(ge=4, le=4096)] = 64
    """Neurons of the dense layer; of both directions of the recurrent one; twice the channels of
    the last convolution."""

    width: Width = 32
    """Numbers that stand for a trace."""

    rebin: Annotated[int, Field(ge=1, le=100)] = 4
    """Bins that the recurrent network takes together."""


class ShowerNetworkSettings(Settings):
    """What all networks on showers are told."""

    bins: Annotated[int, Field(ge=1, le=10_000)] = 80
    """Time bins of a trace, as simulated."""

    detector: DetectorSettings = DetectorSettings()
    """Pedestal and timing errors of the stations."""

    encoder: TraceEncoderSettings = TraceEncoderSettings()
    """What is read from the traces."""


class UnrolledSettings(ShowerNetworkSettings):
    """The unrolled fit: an estimate that is corrected step by step."""

    steps: Annotated[int, Field(ge=1, le=20)] = 3
    """Corrections, each with weights of its own."""

    hidden: Width = 64
    """Neurons of the hidden layers."""

    memory: Annotated[int, Field(ge=0, le=1024)] = 48
    """Numbers that a step hands to the next one besides the estimate."""

    weighted: Annotated[int, Field(ge=1, le=1024)] = 16
    """Numbers of each station whose sums are also weighted with the gradients of its distance to
    the axis; at most ``hidden``."""


class GraphSettings(ShowerNetworkSettings):
    """The graph network: edge convolutions over neighbouring stations."""

    neighbours: Annotated[int, Field(ge=1, le=100)] = 8
    """Nearest stations that a station is compared with, and any others as far as the last one."""

    convolutions: Annotated[int, Field(ge=0, le=20)] = 2
    """Edge convolutions, one after the other."""

    width: Width = 48
    """Numbers that stand for a station."""

    hidden: Width = 64
    """Neurons of the dense layers behind the sum over the stations."""

    aggregation: Literal["max", "mean", "add"] = "mean"
    """How the messages of a station's neighbours are taken together."""


class GridSettings(ShowerNetworkSettings):
    """Convolutional networks that see the array as a map."""

    array: ArraySettings = ArraySettings()
    """The array that the stations' numbers refer to."""

    radius: Annotated[int, Field(ge=1, le=4)] = 1
    """Steps from the middle of a filter to its edge."""

    channels: Width = 40
    """Channels of the maps. With the defaults all three networks have as many parameters."""

    units: Annotated[int, Field(ge=0, le=20)] = 2
    """Residual units of two convolutions behind the first convolution."""

    numbers: Width = 32
    """Numbers that each station says behind the convolutions."""

    arrows: Width = 16
    """Vectors in the plane that each station says; a multiple of ``heads``."""

    heads: Width = 4
    """Weighted means over the stations, each with weights of its own."""

    hidden: Width = 64
    """Neurons of the dense layers."""

    @model_validator(mode="after")
    def _shared_out(self) -> Self:
        if self.arrows % self.heads:
            raise ValueError(f"arrows ({self.arrows}) must be a multiple of heads ({self.heads})")
        return self


class CartesianSettings(GridSettings):
    """Square convolutions on the array in offset rows."""

    channels: Width = 35
    """Channels of the maps."""


class HexagonalSettings(GridSettings):
    """Hexagonal convolutions."""


class HexagonalGroupSettings(GridSettings):
    """Hexagonal convolutions equivariant under rotations by 60°, and mirrors."""

    group: Literal["p6", "p6m"] = "p6"
    """Rotations alone, or rotations and mirrors."""

    channels: Width = 18
    """Filters, each with a map for each element of the group: 6 or 12."""
