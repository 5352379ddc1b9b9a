"""Small skies for tests of the baselines."""

import numpy as np

from cascade.events.seeding import Block, sequence
from cascade.studies.skies.settings.sources import SkySettings
from cascade.studies.skies.simulation.simulate import simulate


def drawn(skies, seed, **settings):
    return simulate(Block(0, skies, sequence(seed)), SkySettings(**{"rays": 60} | settings))


def rows(events, which):
    return {name: values[which] for name, values in events.items()}


def reordered(events, rng):
    """The same skies with their rays in another order, and that order (skies, rays)."""
    skies, rays = events["energy"].shape
    order = rng.permuted(np.tile(np.arange(rays), (skies, 1)), axis=1)
    moved = {"energy": np.take_along_axis(events["energy"], order, axis=1)}
    moved["direction"] = np.take_along_axis(events["direction"], order[..., None], axis=1)
    return events | moved, order
