"""Dropout of single values or of whole channels, in the form that suits the activation.

Dropping whole channels ("spatial dropout", Tompson et al., arXiv:1411.4280) is for feature maps,
whose neighbouring pixels are correlated. Behind SELU, dropped values are set to its negative limit
so that mean and variance stay ("alpha dropout", Klambauer et al., arXiv:1706.02515).
"""

from __future__ import annotations

from torch import nn

from cascade.layers.activations import ActivationName


def dropout(rate: float, behind: ActivationName) -> nn.Module:
    """Return a dropout of single values; nothing but the identity at rate 0."""
    if rate == 0:
        return nn.Identity()
    return nn.AlphaDropout(rate) if behind == "selu" else nn.Dropout(rate)


def channel_dropout(rate: float, behind: ActivationName) -> nn.Module:
    """Return a dropout of whole channels of maps ``(B, C, H, W)``; the identity at rate 0."""
    if rate == 0:
        return nn.Identity()
    return nn.FeatureAlphaDropout(rate) if behind == "selu" else nn.Dropout2d(rate)
