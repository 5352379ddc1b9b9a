"""Where the stations of an event stand in the map that a convolution sees.

A square convolution sees the array as it is numbered: in offset rows, where the stations above and
below one another are not the same neighbours in odd and even rows. A hexagonal one sees it in axial
coordinates, where all stations have the same six.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from cascade.errors import CascadeError
from cascade.layers.ragged import Ragged
from cascade.studies.showers.array import axial
from cascade.studies.showers.settings.sources import ArraySettings

Storage = Literal["offset", "axial"]


def cells(array: ArraySettings, storage: Storage) -> Tensor:
    """Return row and column of each site in the map: (sites, 2), from 0.

    The map has no more rows and columns than it needs. Rows run north; columns run east in either
    storage, but in the axial one each row starts half a spacing further east than the one below.
    """
    if storage == "axial":
        places = torch.from_numpy(axial(array)).flip(1)
        return places - places.min(dim=0).values
    sites = torch.arange(array.rows * array.columns)
    return torch.stack([sites // array.columns, sites % array.columns], dim=1)


def sites(station: Ragged, array: ArraySettings) -> Tensor:
    """Return the stations' sites as indices (K,).

    Raises
    ------
    CascadeError
        The array has no such site.
    """
    number = station.values.long()
    outside = (number < 0) | (number >= array.rows * array.columns)
    if outside.any():
        raise CascadeError(
            f"station {int(number[outside][0])} lies outside the network's array of {array.rows} "
            f"rows of {array.columns}, sites 0 to {array.rows * array.columns - 1}: let "
            "settings.array of the network be the array of the events"
        )
    return number
