"""Depthwise-separable convolution (Chollet, Xception, arXiv:1610.02357).

One filter a channel sees the neighbourhood, a 1 × 1 convolution then mixes the channels: for C
channels in and out and a k × k kernel, C (k² + C) weights instead of C² k².
"""

from __future__ import annotations

from torch import nn

from cascade.layers.activations import ActivationName, activation, initialise
from cascade.layers.convolution import NormalisationName, convolution, normalisation


def separable_unit(
    inputs: int,
    outputs: int,
    kernel: int,
    *,
    activate: ActivationName,
    normalise: NormalisationName = "none",
) -> nn.Sequential:
    """Return depthwise and pointwise convolution, normalisation, activation.

    Shapes
    ------
    ``(B, inputs, H, W) -> (B, outputs, H, W)``
    """
    depthwise = nn.Conv2d(inputs, inputs, kernel, padding=kernel // 2, groups=inputs, bias=False)
    return nn.Sequential(
        # no activation between the two, as in Xception
        initialise(depthwise, "linear"),
        convolution(inputs, outputs, 1, before=activate, bias=normalise == "none"),
        normalisation(normalise, outputs),
        activation(activate),
    )
