"""Networks that reconstruct showers from the triggered stations.

Each function builds a network from its settings. All take the fields ``position``, ``time`` and
``trace`` (those on a grid also ``station``), make their own views of them (so no scaler should
stand before them), and return the 12 numbers of ``outputs``.
"""

from __future__ import annotations

from torch import nn

from cascade.studies.showers.networks.graph import GraphReconstruction
from cascade.studies.showers.networks.grid import GridReconstruction
from cascade.studies.showers.networks.unrolled import UnrolledReconstruction
from cascade.studies.showers.settings.networks import (
    CartesianSettings,
    GraphSettings,
    HexagonalGroupSettings,
    HexagonalSettings,
    UnrolledSettings,
)


def unrolled(settings: UnrolledSettings) -> nn.Module:
    """Return the unrolled fit."""
    return UnrolledReconstruction(settings)


def graph(settings: GraphSettings) -> nn.Module:
    """Return the graph network."""
    return GraphReconstruction(settings)


def cartesian(settings: CartesianSettings) -> nn.Module:
    """Return the network of square convolutions on offset rows."""
    return GridReconstruction(settings)


def hexagonal(settings: HexagonalSettings) -> nn.Module:
    """Return the network of hexagonal convolutions."""
    return GridReconstruction(settings)


def hexagonal_p6(settings: HexagonalGroupSettings) -> nn.Module:
    """Return the network of hexagonal convolutions that turns with the event."""
    return GridReconstruction(settings)
