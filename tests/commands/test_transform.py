"""A fitted method makes a sample from another one."""

from __future__ import annotations

import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.events import hdf5


def test_a_learnt_shift_brings_simulation_to_data(call):
    for name, shift in (("simulation", 0.0), ("data", 1.0)):
        for split in ("train", "validation"):
            call("simulate", "blobs", "gauss", "--events", 900, "--sample", name, "--split", split,
                 "--settings", f'{{"shift": {shift}}}', "-o", f"{name}-{split}.h5")  # fmt: skip
    roles = [
        word
        for split in ("train", "validation")
        for role in ("simulation", "data")
        for word in (f"--{split}", f"{role}={role}-{split}.h5")
    ]
    call("train", "blobs", "shift", *roles, "-o", "model.ckpt")
    call("transform", "blobs", "shift", "simulation-validation.h5", "--model", "model.ckpt",
         "--sample", "shifted", "--split", "validation", "-o", "shifted.h5")  # fmt: skip
    before, after = hdf5.read("simulation-validation.h5"), hdf5.read("shifted.h5", study="blobs")
    moved = after["x"] - before["x"]
    # means of 900 events each: three deviations, the first component being √2 wide
    np.testing.assert_allclose(moved.mean(0), [0, 1], atol=3 * np.sqrt(2 * 2 / 900))
    np.testing.assert_allclose(np.ptp(moved, axis=0), 0, atol=1e-5)
    for name in ("label", "weight"):
        np.testing.assert_array_equal(after[name], before[name])
    origin = hdf5.attributes("shifted.h5")
    assert (origin["sample"], origin["source"], origin["split"]) == (
        "shifted", "shift", "validation"
    )  # fmt: skip


def test_a_method_that_makes_no_events_is_refused(call):
    call("simulate", "blobs", "gauss", "--events", 10, "-o", "events.h5")
    with pytest.raises(CascadeError, match="method 'component' makes no events; known: shift"):
        call("transform", "blobs", "component", "events.h5", "-o", "out.h5")


def test_a_transformation_may_add_a_field(call):
    for split in ("train", "validation"):
        call("simulate", "jets", "toy", "--events", 8, "--block", 8, "--split", split,
             "-o", f"{split}.h5")  # fmt: skip
    call("train", "jets", "artefact", "--train", "train=train.h5",
         "--validation", "train=validation.h5", "-o", "model.ckpt")  # fmt: skip
    call("transform", "jets", "artefact", "train.h5", "--model", "model.ckpt", "-o", "marked.h5")
    before, after = hdf5.read("train.h5"), hdf5.read("marked.h5", study="jets")
    assert set(after) == {*before, "mark"}
    np.testing.assert_array_equal(after["mark"].any(axis=(1, 2)), before["label"] == 1)
    changed = after["image"] != before["image"]
    np.testing.assert_array_equal(changed, after["mark"] > 0)
