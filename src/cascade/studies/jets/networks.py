"""Networks that tell W jets from QCD jets by their images.

Each function builds a network from its settings. A network takes images ``(B, H, W)`` [GeV], makes
its own views of the energies (so no scaler should stand before it), and returns one logit a jet
``(B,)``. The family spans what the literature on jet images compares:
MaxOut and convolutional networks with large first filters (arXiv:1511.05190), and the textbook's
units, activations, poolings, normalisation and dropout.
"""

from __future__ import annotations

from itertools import chain, pairwise

import torch
from torch import Tensor, nn

from cascade.errors import CascadeError
from cascade.layers.activations import activation, initialise
from cascade.layers.convolution import convolution_unit, normalisation
from cascade.layers.dropout import channel_dropout, dropout
from cascade.layers.inception import InceptionUnit
from cascade.layers.intensity import IntensityViews
from cascade.layers.maxout import MaxOut
from cascade.layers.pooling import global_pooling, pooling
from cascade.layers.residual import ResidualUnit
from cascade.layers.separable import separable_unit
from cascade.studies.jets.feature_maps import dilation, map_lengths, pooling_sizes
from cascade.studies.jets.settings import (
    CNNSettings,
    FullyConnectedSettings,
    ImageNetworkSettings,
    MaxOutSettings,
)


class ImageClassifier(nn.Module):
    """Feature maps of an image, and a head that reads one logit from them.

    Attributes
    ----------
    views
        ``(B, H, W) -> (B, V, H, W)``: the image's channels.
    features
        ``(B, V, H, W) -> (B, C, H', W')``: a sequence of stages.
    head
        ``(B, C, H', W') -> (B, 1)``: flattening or global pooling, then dense layers.

    Shapes
    ------
    ``(B, H, W) -> (B,)``
    """

    def __init__(self, views: nn.Module, features: nn.Sequential, head: nn.Sequential) -> None:
        super().__init__()
        self.views = views
        self.features = features
        self.head = head
        # convolutions and poolings take a quarter less time with channels side by side
        self.to(memory_format=torch.channels_last)

    def forward(self, image: Tensor) -> Tensor:
        """Return the logit of each image."""
        return self.head(self.features(self.views(image))).squeeze(1)


def fully_connected(settings: FullyConnectedSettings) -> nn.Module:
    """Return a fully connected network: ``(B, image_size, image_size) -> (B,)``."""
    hidden_widths = (width for width in settings.widths for _ in range(settings.depth))
    widths = [_pixels(settings), *hidden_widths]
    hidden = (
        (
            initialise(nn.Linear(inputs, outputs), settings.activation),
            nn.BatchNorm1d(outputs) if settings.normalisation == "batch" else nn.Identity(),
            activation(settings.activation),
            dropout(settings.dropout, settings.activation),
        )
        for inputs, outputs in pairwise(widths)
    )
    return nn.Sequential(
        IntensityViews(settings.views, settings.reference),
        nn.Flatten(),
        nn.Dropout(settings.input_dropout),
        *chain.from_iterable(hidden),
        initialise(nn.Linear(widths[-1], 1), "linear"),
        nn.Flatten(0),  # (B, 1) -> (B,)
    )


def maxout(settings: MaxOutSettings) -> nn.Module:
    """Return a MaxOut network: ``(B, image_size, image_size) -> (B,)``.

    Raises
    ------
    CascadeError
        There are not as many dropouts as layers.
    """
    widths = [_pixels(settings), *settings.maxout_widths, *settings.widths]
    if len(settings.dropouts) != len(widths) - 1:
        raise CascadeError(
            f"maxout: dropouts has {len(settings.dropouts)} entries for {len(widths) - 1} layers "
            "(maxout_widths and widths together): give one to each"
        )
    layers = [IntensityViews(settings.views, settings.reference), nn.Flatten()]
    for index, (inputs, outputs) in enumerate(pairwise(widths)):
        if index < len(settings.maxout_widths):
            layers.append(MaxOut(inputs, outputs, settings.pieces))
        else:
            layers += [initialise(nn.Linear(inputs, outputs), "relu"), nn.ReLU()]
        layers.append(dropout(settings.dropouts[index], "relu"))
    return nn.Sequential(*layers, initialise(nn.Linear(widths[-1], 1), "linear"), nn.Flatten(0))


def _pixels(settings: ImageNetworkSettings) -> int:
    """Return the number of pixels in all views of an image."""
    return len(settings.views) * settings.image_size**2


def cnn(settings: CNNSettings) -> ImageClassifier:
    """Return a convolutional network: ``(B, image_size, image_size) -> (B,)``.

    Raises
    ------
    CascadeError
        The settings do not fit each other or the image: an even filter, a filter that reaches
        beyond a map on all sides, more poolings than the map has pixels for.
    """
    lengths = map_lengths(settings)
    channels = [settings.first_channels, *settings.channels]
    first = convolution_unit(
        len(settings.views),
        settings.first_channels,
        settings.first_kernel,
        activate=settings.activation,
        normalise=settings.normalisation,
    )
    features = [nn.Sequential(first, *_reduction(settings, 0, channels[0]))]
    for index, (inputs, outputs) in enumerate(pairwise(channels), start=1):
        units = (
            _unit(settings, outputs if position else inputs, outputs, position)
            for position in range(settings.depth)
        )
        features.append(
            nn.Sequential(
                *units, *_closing(settings, outputs), *_reduction(settings, index, outputs)
            )
        )
    return ImageClassifier(
        IntensityViews(settings.views, settings.reference),
        nn.Sequential(*features),
        _head(settings, channels[-1], lengths[-1]),
    )


def _unit(settings: CNNSettings, inputs: int, outputs: int, position: int) -> nn.Module:
    """Return the unit at a position of a stage."""
    names = {"activate": settings.activation, "normalise": settings.normalisation}
    match settings.unit:
        case "plain":
            return convolution_unit(inputs, outputs, settings.kernel, **names)
        case "residual":
            return ResidualUnit(inputs, outputs, settings.kernel, **names)
        case "inception":
            return InceptionUnit(inputs, outputs, **names)
        case "separable":
            return separable_unit(inputs, outputs, settings.kernel, **names)
        case "dilated":
            return convolution_unit(
                inputs, outputs, settings.kernel, dilation=dilation(position), **names
            )


def _closing(settings: CNNSettings, channels: int) -> list[nn.Module]:
    """Return what ends a stage: residual units leave out the activation that others end with."""
    if settings.unit != "residual":
        return []
    return [normalisation(settings.normalisation, channels), activation(settings.activation)]


def _reduction(settings: CNNSettings, stage: int, channels: int) -> list[nn.Module]:
    """Return the dropouts and the pooling behind a stage."""
    return [
        channel_dropout(settings.spatial_dropout, settings.activation),
        dropout(settings.pooling_dropout, settings.activation),
        pooling(
            settings.pooling,
            pooling_sizes(settings)[stage],
            channels,
            activate=settings.activation,
            normalise=settings.normalisation,
        ),
    ]


def _head(settings: CNNSettings, channels: int, length: int) -> nn.Sequential:
    """Return the head: ``(B, channels, length, length) -> (B, 1)``."""
    if settings.head == "flatten":
        read, values = nn.Flatten(), channels * length**2
    else:
        read, values = global_pooling(settings.head), channels
    layers: list[nn.Module] = [read]
    for inputs, outputs in pairwise([values, *settings.dense]):
        layers += [
            dropout(settings.dropout, settings.activation),
            initialise(nn.Linear(inputs, outputs), settings.activation),
            activation(settings.activation),
        ]
    last = settings.dense[-1] if settings.dense else values
    return nn.Sequential(
        *layers,
        dropout(settings.dropout, settings.activation),
        initialise(nn.Linear(last, 1), "linear"),
    )
