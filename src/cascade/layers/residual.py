"""Residual unit with full pre-activation (He et al., arXiv:1603.05027).

The unit adds a branch to its input, y = x + F(x), with F two times normalisation, activation,
convolution: the shortcut itself carries no activation, so a gradient reaches the first unit of a
deep network unchanged. The last convolution of F starts at zero: at first the unit is the
identity, which lets deep networks start without any normalisation (arXiv:1901.09321).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cascade.layers.activations import ActivationName, activation
from cascade.layers.convolution import NormalisationName, convolution, normalisation


class ResidualUnit(nn.Module):
    """A shortcut and a branch of two convolutions.

    Where the number of channels changes, the shortcut is a 1 × 1 convolution.

    Shapes
    ------
    ``(B, inputs, H, W) -> (B, outputs, H, W)``
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        activate: ActivationName,
        normalise: NormalisationName = "none",
    ) -> None:
        super().__init__()
        self.shortcut = (
            nn.Identity()
            if inputs == outputs
            else convolution(inputs, outputs, 1, before="linear", bias=False)
        )
        self.branch = nn.Sequential(
            normalisation(normalise, inputs),
            activation(activate),
            convolution(inputs, outputs, kernel, before=activate, bias=normalise == "none"),
            normalisation(normalise, outputs),
            activation(activate),
            convolution(outputs, outputs, kernel, before="linear"),
        )
        nn.init.zeros_(self.branch[-1].weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return shortcut plus branch."""
        return torch.add(self.shortcut(x), self.branch(x))
