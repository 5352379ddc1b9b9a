"""Settings of the networks on jet images."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cascade.settings import Settings

Width = Annotated[int, Field(ge=1, le=4096)]
Widths = Annotated[tuple[Width, ...], Field(strict=False)]
Rate = Annotated[float, Field(ge=0, lt=1)]
Rates = Annotated[tuple[Rate, ...], Field(strict=False)]
Size = Annotated[int, Field(ge=1, le=1000)]
Sizes = Annotated[tuple[Size, ...], Field(strict=False)]
ActivationName = Literal["relu", "leaky_relu", "elu", "selu", "tanh", "sigmoid"]


class ImageNetworkSettings(Settings):
    """What all networks on jet images are told about their input."""

    image_size: Size = 25
    """Pixels along a side of the image, as simulated."""

    views: Annotated[tuple[Literal["linear", "log"], ...], Field(strict=False, min_length=1)] = (
        "linear",
        "log",
    )
    """Channels made of the transverse energy E of a pixel: E itself, log(1 + E / GeV). The
    jet's mass is a sum over E, soft radiation shows in the logarithm."""

    reference: Annotated[float, Field(gt=0)] = 10.0
    """Transverse energy [GeV] for which each view is 1."""


class FullyConnectedSettings(ImageNetworkSettings):
    """A fully connected network on the pixels of a jet image."""

    widths: Widths = (256, 128, 64)
    """Neurons of the hidden layers."""

    depth: Annotated[int, Field(ge=1, le=200)] = 1
    """How often each hidden layer is repeated."""

    activation: ActivationName = "relu"
    """Activation behind each hidden layer."""

    normalisation: Literal["none", "batch"] = "batch"
    """Normalisation between a hidden layer and its activation."""

    input_dropout: Rate = 0.0
    """Fraction of pixels that are dropped in training."""

    dropout: Rate = 0.5
    """Fraction of neurons of each hidden layer that are dropped in training."""


class MaxOutSettings(ImageNetworkSettings):
    """The MaxOut network of arXiv:1511.05190, on the pixels of a jet image."""

    maxout_widths: Widths = (256, 128)
    """Outputs of the MaxOut layers."""

    pieces: Annotated[int, Field(ge=1, le=64)] = 5
    """Linear functions of which a MaxOut output is the largest."""

    widths: Widths = (64, 25)
    """Neurons of the layers with ReLU behind the MaxOut layers."""

    dropouts: Rates = (0.3, 0.2, 0.2, 0.3)
    """Fraction dropped in training behind each layer, the MaxOut layers first."""


class CNNSettings(ImageNetworkSettings):
    """A convolutional network on jet images.

    A first convolution with a large filter (the images are sparse), then stages of units, each
    followed by a pooling, then a dense head.
    """

    first_channels: Width = 32
    """Filters of the first convolution."""

    first_kernel: Annotated[int, Field(ge=1, le=101)] = 11
    """Side of the first filters in pixels, odd."""

    channels: Widths = (64, 64)
    """Channels of each stage; with an empty list the first convolution stands alone."""

    depth: Annotated[int, Field(ge=1, le=200)] = 1
    """Units in a stage, one after the other; a residual unit holds two convolutions."""

    unit: Literal["plain", "residual", "inception", "separable", "dilated"] = "plain"
    """Kind of unit in the stages."""

    kernel: Annotated[int, Field(ge=1, le=101)] = 3
    """Side of the units' filters in pixels, odd; an inception unit has 1, 3 and 5."""

    activation: ActivationName = "relu"
    """Activation of all layers."""

    normalisation: Literal["none", "batch"] = "batch"
    """Normalisation of the convolutions."""

    pooling: Literal["max", "average", "overlapping_max", "stride", "none"] = "average"
    """How maps are made smaller behind the first convolution and behind each stage."""

    pooling_size: Size | Sizes = 2
    """Factor of a pooling, one for all, or a list: behind the first convolution and each stage."""

    pooling_dropout: Rate = 0.0
    """Fraction of single values that are dropped in training before each pooling."""

    spatial_dropout: Rate = 0.0
    """Fraction of whole channels that are dropped in training before each pooling."""

    head: Literal["flatten", "global_average", "global_max"] = "flatten"
    """What the dense layers read: all pixels of the last maps, or one number a channel."""

    dense: Widths = (64,)
    """Neurons of the dense layers before the output; empty for none."""

    dropout: Rate = 0.3
    """Fraction of values that are dropped in training before each dense layer and the output."""
