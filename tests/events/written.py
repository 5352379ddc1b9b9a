"""Events of every kind of field, and files of them."""

from __future__ import annotations

import awkward as ak
import numpy as np

from cascade.events.schema import Field
from cascade.events.writing import writing

SCHEMA = (
    Field("image", "GeV", "energy", ("eta", "phi")),
    Field("towers", "GeV, rad", "constituents", ("tower", "pt_eta_phi"), ragged=True),
    Field("times", "ns", "arrival times", ("hit",), dtype="float64", ragged=True),
    Field("pt", "GeV", "transverse momentum"),
    Field("label", "1", "class", dtype="int8"),
)
ATTRIBUTES = {"study": "test", "sample": "toy", "seed": 3, "settings": '{"a": 1}'}


def events(number, seed=1):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 5, number)
    hits = rng.integers(0, 3, number)
    return {
        "image": rng.random((number, 3, 4)).astype("f4"),
        "towers": ak.unflatten(rng.random((counts.sum(), 3)).astype("f4"), counts),
        "times": ak.unflatten(rng.random(hits.sum()), hits),
        "pt": rng.random(number).astype("f4"),
        "label": rng.integers(0, 2, number).astype("i1"),
    }


def assert_equal(first, second):
    assert list(first) == list(second)
    for name in first:
        if isinstance(first[name], ak.Array):
            assert ak.num(first[name]).tolist() == ak.num(second[name]).tolist()
            first_values, second_values = (ak.flatten(item[name]) for item in (first, second))
            np.testing.assert_array_equal(first_values, second_values)
        else:
            assert first[name].dtype == second[name].dtype
            np.testing.assert_array_equal(first[name], second[name])


def in_order(found):
    return {field.name: found[field.name] for field in SCHEMA}


def write(path, parts, schema=SCHEMA, attributes=ATTRIBUTES):
    with writing(path, schema, attributes) as writer:
        for part in parts:
            writer.append(part)
    return path


def sliced(all_events, start, stop):
    return {name: array[start:stop] for name, array in all_events.items()}
