"""Networks on the traces of stations: the refiner with its critic, energy, two samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

    from cascade.studies.refinement.settings import (
        DiscriminatorSettings,
        EnergySettings,
        RefinerSettings,
    )


def refiner(settings: RefinerSettings) -> nn.Module:
    """Return a refiner with its critic."""
    from cascade.studies.refinement.networks.refiner import Refinement

    return Refinement(settings)


def energy(settings: EnergySettings) -> nn.Module:
    """Return a network for the energy of a shower from one station's trace."""
    from cascade.studies.refinement.networks.reading import Energy

    return Energy(settings)


def discriminator(settings: DiscriminatorSettings) -> nn.Module:
    """Return a network that tells two samples of traces apart."""
    from cascade.studies.refinement.networks.reading import Discriminator

    return Discriminator(settings)
