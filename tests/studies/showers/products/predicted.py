"""Files of predictions with known errors, for tests of what is made from predictions."""

from __future__ import annotations

import numpy as np

from cascade.events.writing import writing
from cascade.studies.showers import PREDICTIONS, SCHEMA, symmetry
from cascade.studies.showers.settings import ShowerSettings
from cascade.studies.showers.simulation.simulate import draw

FIELDS = {field.name: field for field in (*SCHEMA, *PREDICTIONS)}
TRUTH = ("axis", "core", "lg_energy", "x_max", "mass_number")
QUANTITIES = ("axis", "core", "lg_energy", "x_max")
SIZES = {"axis": 0.02, "core": 30.0, "lg_energy": 0.05, "x_max": 20.0}
"""Standard deviations of the errors: of the axis in each direction [rad], of the core [m]."""


def write(path, columns, sample="toy"):
    """Write columns of the study's fields."""
    facts = {"study": "showers", "sample": sample, "split": "test"}
    with writing(path, [FIELDS[name] for name in columns], facts) as writer:
        writer.append(columns)


def write_showers(path, number, seed):
    """Write simulated showers with at least one station, and return their truth."""
    settings = ShowerSettings()
    events = draw(np.random.default_rng(seed), number, settings)
    facts = {"study": "showers", "sample": "toy", "settings": settings.model_dump_json()}
    with writing(path, [FIELDS[name] for name in events], facts) as writer:
        writer.append(events)
    return {name: np.asarray(events[name]) for name in TRUTH}


def moved(axis, angles):
    """Return unit vectors (n, 3) moved by small angles (n, 2) [rad] in two directions."""
    first = np.cross(axis, [0.0, 1.0, 0.0])
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(axis, first)
    vectors = axis + angles[:, :1] * first + angles[:, 1:] * second
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def predict(truth, seed, quantities=QUANTITIES, scale=1.0, score=False, uncertain=False):
    """Return the truth with predictions that are off by normal errors of ``scale · SIZES``."""
    rng = np.random.default_rng(seed)
    number = len(truth["core"])
    columns = dict(truth)
    for name in quantities:
        size = scale * SIZES[name]
        shape = (number, 2) if name in ("axis", "core") else number
        error = size * rng.normal(size=shape)
        true = truth[name].astype(np.float64)
        columns[f"predicted_{name}"] = moved(true, error) if name == "axis" else true + error
        if uncertain:
            columns[f"{name}_uncertainty"] = np.full(number, size)
    if score:
        columns["score"] = truth["mass_number"] / 56 + scale * rng.normal(size=number)
    return columns


def images(columns):
    """Return columns of showers with their twelve images, vectors turned with them."""
    number = len(columns["core"])
    found = {name: _images(values) for name, values in columns.items()}
    found["turn"] = np.tile(symmetry.TURN, number).astype(np.int8)
    found["mirrored"] = np.tile(symmetry.MIRRORED, number).astype(np.int8)
    return found


def _images(values):
    if values.ndim == 1:
        return np.repeat(values, symmetry.ORDER)
    level = np.einsum("sij,nj->nsi", symmetry.planar(), values[:, :2].astype(np.float64))
    up = np.repeat(values[:, 2:], symmetry.ORDER, axis=0)
    return np.concatenate([level.reshape(-1, 2), up], axis=1)
