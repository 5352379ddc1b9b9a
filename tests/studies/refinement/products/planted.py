"""Simulated stations, and predictions of a planted bias and width, for tests of products."""

from __future__ import annotations

import numpy as np

from cascade.events.seeding import Block, sequence
from cascade.events.writing import writing
from cascade.settings import validate
from cascade.studies.refinement import PREDICTIONS, SCHEMA, TRUTH
from cascade.studies.refinement.settings import StationSettings
from cascade.studies.refinement.simulation.simulate import simulate

FIELDS = {field.name: field for field in (*SCHEMA, *PREDICTIONS)}
DATA = {
    "signal": {"muonic": 0.7, "electromagnetic": 0.3},
    "detector": {"relative_noise": 0.1, "pedestal_spread": 1.0},
}


def make_stations(number, seed=1, **settings):
    """Return simulated stations."""
    return simulate(Block(0, number, sequence(seed)), validate(StationSettings, settings))


def refine(stations, seed=1):
    """Return traces that lie between simulation and data: scaled, with more noise."""
    rng = np.random.default_rng(seed)
    trace = stations["trace"]
    factor = 1 + 0.25 * (stations["distance"][:, np.newaxis] - 800) / 700
    noise = rng.normal(size=trace.shape) * np.hypot(0.07 * trace, 0.7)
    return stations | {"trace": np.maximum(factor * trace + noise, 0).astype(np.float32)}


def write(path, columns, sample="data"):
    """Write columns of the study's fields."""
    facts = {"study": "refinement", "sample": sample, "split": "test"}
    with writing(path, [FIELDS[name] for name in columns], facts) as writer:
        writer.append(columns)
    return path


def truth(number, seed=1):
    """Return what predictions carry along, drawn evenly."""
    rng = np.random.default_rng(seed)
    drawn = {
        "lg_energy": rng.uniform(18.5, 20, number),
        "distance": rng.uniform(500, 1500, number),
        "zenith": rng.uniform(0, 60, number),
    }
    return {name: drawn[name].astype(np.float32) for name in TRUTH}


def tilt(columns):
    """Return a bias that is constant in bins of 200 m from 500 m on, of RMS 0.1 over five bins."""
    place = np.minimum((columns["distance"] - 500) // 200, 4)
    return 0.1 * (place - 2) / np.sqrt(2)


def predict(columns, bias, width, seed=1):
    """Return the truth with a predicted energy of that bias and width.

    The fluctuation of an event is the same for all of one seed, so that only what is planted
    differs.
    """
    noise = np.random.default_rng(seed).normal(size=len(columns["lg_energy"]))
    kept = {name: columns[name] for name in TRUTH}
    return kept | {"predicted_lg_energy": columns["lg_energy"] + bias + width * noise}
