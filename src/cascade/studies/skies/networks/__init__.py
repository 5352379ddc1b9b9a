"""Networks that search skies for sources.

Each function builds a network from its settings. All take the fields ``direction`` and ``energy``,
make their own views of them (so no scaler should stand before them), and return the logits of
``outputs``. The order of the rays means nothing to any of them. Without declinations, none but
``deep_sets`` knows the directions themselves, only the rays' places relative to each other, so a
turned sky is the same to them.
"""

from __future__ import annotations

from torch import nn

from cascade.studies.skies.networks.deep_sets import DeepSets
from cascade.studies.skies.networks.graph import GraphNetwork
from cascade.studies.skies.networks.spectral import SpectralNetwork
from cascade.studies.skies.settings.networks import (
    DeepSetsSettings,
    GraphSettings,
    SpectralSettings,
)


def graph(settings: GraphSettings) -> nn.Module:
    """Return a network of edge convolutions: dynamic or static, with moments or arcs."""
    return GraphNetwork(settings)


def spectral(settings: SpectralSettings) -> nn.Module:
    """Return the network of Chebyshev convolutions."""
    return SpectralNetwork(settings)


def deep_sets(settings: DeepSetsSettings) -> nn.Module:
    """Return the network without neighbours."""
    return DeepSets(settings)
