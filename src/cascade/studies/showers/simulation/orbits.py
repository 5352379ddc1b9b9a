"""The source ``orbits``: showers of the toy with their twelve images under the lattice's symmetry.

A method that respects the symmetry predicts for an image the image of what it predicts for the
shower. Events come in orbits of twelve: turn 0 … 5, then the same of the mirrored shower. Only
showers whose stations all stay on the array are used, so that every image is complete; on the
default array these are the stations within four spacings about the central one, which leaves out
some inclined showers of high energy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import awkward as ak
import numpy as np

from cascade.errors import CascadeError
from cascade.events.seeding import Block
from cascade.studies.showers import symmetry
from cascade.studies.showers.settings.orbits import OrbitsSettings
from cascade.studies.showers.settings.sources import ArraySettings
from cascade.studies.showers.simulation.simulate import simulate

if TYPE_CHECKING:
    from cascade.events.schema import Events

PATIENCE = 2000
"""Showers in a row without a usable one after which the settings are held to be a mistake."""
DRAWN = 100
"""Showers in the smallest draw."""


def simulate_orbits(block: Block, settings: OrbitsSettings) -> Events:
    """Draw showers and return each with its images; the last orbit is cut where the block ends.

    Parameters
    ----------
    block
        Its events are counted with the images.

    Raises
    ------
    CascadeError
        Hardly any shower of these settings stays on the array under all symmetries.
    """
    wanted = -(-block.events // symmetry.ORDER)
    kept, number, idle = [], 0, 0
    while number < wanted or not kept:
        showers = simulate(_draw(block, len(kept), max(wanted - number, DRAWN)), settings.showers)
        use = usable(showers, settings)
        kept.append({name: values[use] for name, values in showers.items()})
        number += int(use.sum())
        idle = 0 if use.any() else idle + len(use)
        if idle >= PATIENCE:
            raise CascadeError(
                f"orbits: not one of {idle} showers has {settings.min_stations} triggered stations "
                "or more and keeps them on the array under all symmetries; ask for fewer "
                "stations, lower energies or a larger array"
            )
    showers = {name: _join([part[name] for part in kept])[:wanted] for name in kept[0]}
    return {
        name: values[: block.events]
        for name, values in orbits(showers, settings.showers.array).items()
    }


def usable(showers: Events, settings: OrbitsSettings) -> np.ndarray:
    """Return which showers have enough stations and keep them all under symmetry: (showers,)."""
    counts = ak.to_numpy(ak.num(showers["station"]))
    stays = (symmetry.images(settings.showers.array) >= 0).all(axis=0)
    station = ak.to_numpy(ak.flatten(showers["station"]))
    lost = np.bincount(
        np.repeat(np.arange(len(counts)), counts)[~stays[station]], minlength=len(counts)
    )
    return (counts >= settings.min_stations) & (lost == 0)


def orbits(showers: Events, array: ArraySettings) -> Events:
    """Return showers with their images, one orbit after the other, with ``turn``, ``mirrored``."""
    number = len(showers["core"])
    parts = [image(showers, array, element) for element in range(symmetry.ORDER)]
    # from symmetry-major to shower-major
    order = np.arange(symmetry.ORDER * number).reshape(symmetry.ORDER, number).T.reshape(-1)
    return {name: _join([part[name] for part in parts])[order] for name in parts[0]}


def image(showers: Events, array: ArraySettings, element: int) -> Events:
    """Return the image of showers under one symmetry; times, traces and scalars stay.

    Parameters
    ----------
    element
        Number of the symmetry, see ``symmetry``. All stations must stay on the array.
    """
    matrix, table = symmetry.planar()[element], symmetry.images(array)[element]
    counts = ak.num(showers["station"])
    station = table[ak.to_numpy(ak.flatten(showers["station"]))].astype(np.int16)
    position = _moved(ak.to_numpy(ak.flatten(showers["position"])), matrix)
    number = len(showers["core"])
    return {
        **showers,
        "station": ak.unflatten(station, counts),
        "position": ak.unflatten(position, counts),
        "axis": _moved(showers["axis"], matrix),
        "core": _moved(showers["core"], matrix),
        "turn": np.full(number, symmetry.TURN[element], np.int8),
        "mirrored": np.full(number, symmetry.MIRRORED[element], np.int8),
    }


def _draw(block: Block, tries: int, showers: int) -> Block:
    """Return a block of showers with a stream of its own within the block's."""
    seed = np.random.SeedSequence(block.seed.entropy, spawn_key=(*block.seed.spawn_key, tries))
    return Block(block.index, showers, seed)


def _moved(vectors: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return vectors (…, 2 or 3) whose first two components went through a matrix, in float32."""
    level = vectors[..., :2].astype(np.float64) @ matrix.T
    return np.concatenate([level.astype(np.float32), vectors[..., 2:]], axis=-1)


def _join(arrays: list[np.ndarray | ak.Array]) -> np.ndarray | ak.Array:
    return ak.concatenate(arrays) if isinstance(arrays[0], ak.Array) else np.concatenate(arrays)
