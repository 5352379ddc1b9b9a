"""The plain unit of a convolutional network: convolution, normalisation, activation.

With a dilation d the taps of the kernel lie d pixels apart: a wider view for the same number of
weights (Yu and Koltun, arXiv:1511.07122). Normalisation over the batch stands between the
convolution and the activation (Ioffe and Szegedy, arXiv:1502.03167).
"""

from __future__ import annotations

from typing import Literal

from torch import nn

from cascade.layers.activations import ActivationName, activation, initialise

NormalisationName = Literal["none", "batch"]


def normalisation(name: NormalisationName, channels: int) -> nn.Module:
    """Return the normalisation of maps ``(B, channels, H, W)``."""
    return nn.BatchNorm2d(channels) if name == "batch" else nn.Identity()


def convolution(
    inputs: int,
    outputs: int,
    kernel: int,
    *,
    before: ActivationName | Literal["linear"],
    stride: int = 1,
    dilation: int = 1,
    bias: bool = True,
) -> nn.Conv2d:
    """Return a convolution that keeps height and width (divides them, with a stride).

    Parameters
    ----------
    inputs, outputs
        Channels.
    kernel
        Odd length of the kernel's sides, in pixels.
    before
        The activation behind it, which sets the size of the initial weights.

    Shapes
    ------
    ``(B, inputs, H, W) -> (B, outputs, ⌈H / stride⌉, ⌈W / stride⌉)``
    """
    padding = dilation * (kernel // 2)
    layer = nn.Conv2d(
        inputs, outputs, kernel, stride=stride, padding=padding, dilation=dilation, bias=bias
    )
    return initialise(layer, before)


def convolution_unit(
    inputs: int,
    outputs: int,
    kernel: int,
    *,
    activate: ActivationName,
    normalise: NormalisationName = "none",
    stride: int = 1,
    dilation: int = 1,
) -> nn.Sequential:
    """Return convolution, normalisation and activation.

    Shapes
    ------
    ``(B, inputs, H, W) -> (B, outputs, ⌈H / stride⌉, ⌈W / stride⌉)``
    """
    return nn.Sequential(
        convolution(
            inputs,
            outputs,
            kernel,
            before=activate,
            stride=stride,
            dilation=dilation,
            # a normalisation takes any offset away again
            bias=normalise == "none",
        ),
        normalisation(normalise, outputs),
        activation(activate),
    )
