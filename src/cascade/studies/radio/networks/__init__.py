"""Networks that find, denoise and measure pulses.

Each function builds a network from its settings. All take the field ``trace`` and bring it to a
unit of its own, so no scaler should stand before them; what they return is told in ``outputs``.
"""

from __future__ import annotations

from torch import nn

from cascade.studies.radio.networks import autoencoder, detection, recurrent
from cascade.studies.radio.settings.networks import (
    ClassifierSettings,
    DenoiserSettings,
    JointSettings,
    RecurrentSettings,
)


def classifier(settings: ClassifierSettings) -> nn.Module:
    """Return the convolutional classifier."""
    return detection.Classifier(settings)


def denoiser(settings: DenoiserSettings) -> nn.Module:
    """Return the denoising autoencoder."""
    return autoencoder.Denoiser(settings)


def joint(settings: JointSettings) -> nn.Module:
    """Return the autoencoder that also classifies."""
    return autoencoder.Joint(settings)


def bilstm(settings: RecurrentSettings) -> nn.Module:
    """Return the bidirectional recurrent network."""
    return recurrent.Recurrent(settings)
