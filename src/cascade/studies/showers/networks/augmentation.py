"""Augmentation by the lattice's symmetries: each event is turned and mirrored at random.

Six turns and a mirror map the lattice onto itself, and the physics does not know them. Labels with
a direction, axis and core, go along; energy, depth and mass stay. Each event of a batch draws a
symmetry of its own.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from cascade.layers.ragged import Ragged
from cascade.settings import Settings
from cascade.studies.showers import symmetry
from cascade.studies.showers.networks.lattice import sites

DIRECTED = ("axis", "core", "position")
"""Fields whose first two components are vectors in the plane."""


def augment(batch: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Return a batch with each event under a random symmetry of the lattice.

    The sites of stations follow if the batch has them, and the settings an ``array``; stations
    whose image lies outside the array are left out then.
    """
    first = next(iter(batch.values()))
    device = first.device
    drawn = torch.randint(symmetry.ORDER, (len(first),)).to(device)
    matrices = torch.from_numpy(symmetry.planar()).float().to(device)[drawn]
    changed = {name: _turned(batch[name], matrices) for name in DIRECTED if name in batch}
    if "station" not in batch:
        return {**batch, **changed}
    images = torch.from_numpy(symmetry.images(settings.array)).to(device)
    station = batch["station"]
    image = images[drawn[station.index()], sites(station, settings.array)]
    changed["station"] = station.with_values(image.to(station.values.dtype))
    stays = image >= 0
    counts = station.with_values(stays.long()).sum()
    return {
        name: Ragged(values.values[stays], counts) if isinstance(values, Ragged) else values
        for name, values in {**batch, **changed}.items()
    }


def _turned(values: Tensor | Ragged, matrices: Tensor) -> Tensor | Ragged:
    """Apply each event's matrix (B, 2, 2) to the first two components of its vectors."""
    if isinstance(values, Ragged):
        return values.with_values(_turned(values.values, matrices[values.index()]))
    plane = torch.einsum("bij,bj->bi", matrices.to(values), values[:, :2])
    return torch.cat([plane, values[:, 2:]], dim=1)
