"""The study's command lines on small samples, in this process, and what they leave behind."""

from __future__ import annotations

import json

import torch

from cascade.cli import cascade
from cascade.events import hdf5
from cascade.events.writing import writing
from cascade.studies.refinement import SCHEMA
from cascade.training import checkpoint

from ..simulation.drawn import DATA

SPLITS = {"train": 600, "validation": 300, "test": 1000}
DETECTOR = {"threshold": 0.0}
SAMPLES = {
    "simulation": {"detector": DETECTOR},
    "data": DATA | {"detector": DATA["detector"] | DETECTOR},
}
SMALL = {
    "refiner": {
        "channels": 4, "dilations": [1, 2], "critic": {"hidden": [16]},
        "adversary": {"critic_steps": 3, "averaging": 0.5},
    },
    "discriminator": {"channels": 6, "hidden": 16},
    "energy": {"channels": 6, "hidden": 16},
}  # fmt: skip
TRAINING = {
    "epochs": 3, "batch_size": 64, "patience": 0, "optimiser": {"lr": 3e-3},
    "schedule": {"name": "cosine"},
}  # fmt: skip


def call(*words):
    cascade([str(word) for word in words], standalone_mode=False)


def simulate(path, events, sample, settings, seed=1):
    split = path.stem.rpartition("-")[2]
    call("simulate", "refinement", "toy", "--events", events, "--sample", sample, "--split", split,
         "--seed", seed, "--settings", json.dumps(settings), "-o", path)  # fmt: skip


def simulate_samples(folder):
    for sample, settings in SAMPLES.items():
        for split, events in SPLITS.items():
            simulate(folder / f"{sample}-{split}.h5", events, sample, settings)
    return folder


def rewritten(source, target, drop=(), **changes):
    """Copy a file of events without some fields, or with other values in them."""
    events = {name: x for name, x in hdf5.read(source).items() if name not in drop} | changes
    schema = [field for field in SCHEMA if field.name in events]
    with writing(target, schema, {"study": "refinement"}) as writer:
        writer.append(events)
    return target


def roles(simulation, data):
    """Return the option of each role's file for both splits, ``SAMPLE-{}.h5`` by its path."""
    return [
        word
        for split in ("train", "validation")
        for role, path in (("simulation", simulation), ("data", data))
        for word in (f"--{split}", f"{role}={str(path).format(split)}")
    ]


def both(folder):
    return roles(folder / "simulation-{}.h5", folder / "data-{}.h5")


def training_words(method, splits, output, settings=None, training=None, seed=1):
    """Return the command line that trains a method."""
    return [
        "train", "refinement", method, *splits, "--seed", seed, "--accelerator", "cpu",
        "--settings", json.dumps(SMALL[method] if settings is None else settings),
        "--training", json.dumps(TRAINING | (training or {})), "-o", output / "model.ckpt",
    ]  # fmt: skip


def train(*arguments, **options):
    """Train a method; return its weights and the text of its history."""
    words = training_words(*arguments, **options)
    call(*words)
    return left_behind(words[-1].parent)


def left_behind(output):
    """Return the weights and the history in a folder."""
    return checkpoint.load(output / "model.ckpt")[1], (output / "history.csv").read_text()


def same(first, second):
    """Return whether two sets of weights are equal, bit for bit."""
    assert first.keys() == second.keys()
    return all(torch.equal(first[name], second[name]) for name in first)


def transform(model, events, output, seed=1):
    call("transform", "refinement", "refiner", events, "--model", model, "--sample", "refined",
         "--split", "test", "--seed", seed, "--accelerator", "cpu", "-o", output)  # fmt: skip
    return hdf5.read(output)


def predict(method, model, events, output):
    call("predict", "refinement", method, events, "--model", model, "--accelerator", "cpu",
         "-o", output)  # fmt: skip
    return hdf5.read(output)
