"""Networks on the traces of stations: the refiner with its critic, energy, two samples."""

from __future__ import annotations

from torch import nn

# here and not within the functions: an import there would put the module in its function's place
from cascade.studies.refinement.networks.reading import Discriminator, Energy
from cascade.studies.refinement.networks.refiner import Refinement
from cascade.studies.refinement.settings.networks import (
    DiscriminatorSettings,
    EnergySettings,
    RefinerSettings,
)


def refiner(settings: RefinerSettings) -> nn.Module:
    """Return a refiner with its critic."""
    return Refinement(settings)


def energy(settings: EnergySettings) -> nn.Module:
    """Return a network for the energy of a shower from one station's trace."""
    return Energy(settings)


def discriminator(settings: DiscriminatorSettings) -> nn.Module:
    """Return a network that tells two samples of traces apart."""
    return Discriminator(settings)
