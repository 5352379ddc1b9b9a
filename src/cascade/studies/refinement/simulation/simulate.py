"""Single stations of simulated air showers: one trace of each shower, and how it was hit.

The showers are those of the shower study's toy (Erdmann, Glombitza, Walz, arXiv:1708.00647). Two
samples with other shares of muons and another noise play simulation and data, as in the work on
the Wasserstein refiner (Erdmann, Geiger, Glombitza, Schmidt, arXiv:1802.03325).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import awkward as ak
import numpy as np

from cascade.errors import CascadeError
from cascade.studies.refinement.settings.sources import StationSettings
from cascade.studies.showers.array import positions
from cascade.studies.showers.simulation.simulate import detect, draw_showers, geometry

if TYPE_CHECKING:
    from cascade.events.schema import Events
    from cascade.events.seeding import Block

BATCH = 500
"""Showers drawn at once."""
PATIENCE = 20
"""Batches without a single station after which the settings are held to be a mistake."""


def simulate(block: Block, settings: StationSettings) -> Events:
    """Draw a block of stations.

    Raises
    ------
    CascadeError
        Hardly any shower triggers a station at the wanted distance.
    """
    rng = block.rng()
    parts, number, tries = [], 0, 0
    while number < block.events:
        parts.append(draw(rng, BATCH, settings))
        number, tries = number + len(parts[-1]["trace"]), tries + 1
        if tries >= PATIENCE and number < tries:
            low, high = settings.distance
            raise CascadeError(
                f"distance: {number} of {tries * BATCH} showers trigger a station "
                f"between {low:g} and {high:g} m; widen the range or enlarge the array"
            )
    return {
        name: np.concatenate([part[name] for part in parts])[: block.events] for name in parts[0]
    }


def draw(rng: np.random.Generator, number: int, settings: StationSettings) -> Events:
    """Draw showers, and of each that has any one triggered station at the wanted distance."""
    showers = draw_showers(rng, number, settings)
    seen = detect(rng, showers, settings)
    distance, delta_x = geometry(positions(settings.array), showers, settings)
    event = np.repeat(np.arange(number), ak.to_numpy(ak.num(seen["station"])))
    station = ak.to_numpy(ak.flatten(seen["station"]))
    low, high = settings.distance
    near = (distance[event, station] >= low) & (distance[event, station] <= high)
    # the first of an event's stations in random order
    order = np.lexsort((rng.random(len(event)), event, ~near))[: near.sum()]
    chosen = order[np.unique(event[order], return_index=True)[1]]
    event, station = event[chosen], station[chosen]
    columns = {
        "distance": distance[event, station],
        "zenith": np.degrees(np.arccos(showers.axis[event, 2])),
        "lg_energy": showers.lg_energy[event],
        "delta_x": delta_x[event, station],
    }
    traces = ak.to_numpy(ak.flatten(seen["trace"], axis=1))[chosen]
    return {"trace": traces, **{name: x.astype(np.float32) for name, x in columns.items()}}
