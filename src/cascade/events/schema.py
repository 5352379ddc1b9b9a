"""What the fields of an event are called, which shape and unit they have.

In memory, events are a dictionary from a field's name to an array whose first axis is the event:
a NumPy array for a fixed shape, an Awkward array for a ragged field (a variable number of
constituents, of triggered stations).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import awkward as ak
    import numpy as np

    Events = dict[str, np.ndarray | ak.Array]


@dataclass(frozen=True)
class Field:
    """One field of a study's events.

    Attributes
    ----------
    name
        Name of the dataset in the file.
    unit
        Physical unit, ``"1"`` if it has none.
    description
        One sentence for the reader of the file.
    dims
        Names of the axes behind the event axis; their sizes are the settings' business.
    dtype
        NumPy type of the stored numbers.
    ragged
        The first of ``dims`` varies from event to event.
    """

    name: str
    unit: str
    description: str
    dims: tuple[str, ...] = ()
    dtype: str = "float32"
    ragged: bool = False
