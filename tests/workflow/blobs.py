"""A sixth study, to prove that the common rooms know none of the five: two Gaussian blobs.

Simulation and data differ by a shift. A transformation learns it from unlabelled data.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from cascade.events.schema import Field
from cascade.settings import Settings
from cascade.study import (
    Estimator,
    Finalise,
    Formula,
    Ingestion,
    Metric,
    Network,
    Product,
    Simulation,
    Study,
)


class BlobSettings(Settings):
    distance: float = 2.0
    shift: float = 0.0


class PerceptronSettings(Settings):
    width: int = 8


def draw(block, settings):
    rng = block.rng()
    label = rng.integers(0, 2, block.events)
    x = rng.normal(size=(block.events, 2))
    x[:, 0] += settings.distance * label
    x[:, 1] += settings.shift
    return {"x": x, "label": label}


def read(files, settings, keep):
    for number, file in enumerate(files):
        chosen = keep(number, 1)
        yield {"x": np.loadtxt(file, ndmin=2)[:1][chosen], "label": np.zeros(chosen.sum())}


def weights(chunks):
    for events in chunks:
        yield {"weight": np.ones(len(events["label"]))}


def first_component(events, settings):
    return {"score": events["x"][:, 0]}


def fit_shift(train, validation, settings, seed):
    shift = train["data"]["x"].mean(0) - train["simulation"]["x"].mean(0)
    rest = validation["data"]["x"].mean(0) - validation["simulation"]["x"].mean(0) - shift
    return {"shift": shift}, [{"step": 1, "validation_loss": float((rest**2).sum())}]


def apply_shift(model, events, settings, rng):
    return {**events, "x": events["x"] + model["shift"].astype("f4")}


def perceptron(settings):
    from torch import nn

    return nn.Sequential(
        nn.Linear(2, settings.width), nn.ReLU(), nn.Dropout(0.1), nn.Linear(settings.width, 1),
        nn.Flatten(0),
    )  # fmt: skip


def auc(predictions):
    from cascade.evaluation import roc

    return roc.auc(predictions["score"], predictions["label"])


def comparison(inputs, settings):
    from cascade.events import hdf5
    from cascade.plotting.product import Number, Result
    from cascade.plotting.style import subplots

    values = {key: auc(hdf5.read(path)) for key, path in inputs.predictions.items()}
    figure, axes = subplots(1, 1)
    axes[0, 0].plot(list(values.values()), "o")
    axes[0, 0].set(xlabel="method", ylabel="AUC")
    return Result(
        figure,
        {"method": [f"{m} on {s}" for m, s in values], "auc": list(values.values())},
        f"Area under the curve of {len(values)} applications.",
        {f"{m}/{s}": Number(v, v, v, "1", 1) for (m, s), v in values.items()},
    )


STUDY = Study(
    finalise=Finalise("blobs:weights", reads=("label",)),
    name="blobs",
    title="Two Gaussian blobs",
    schema=(
        Field("x", "1", "position", ("component",)),
        Field("label", "1", "which blob", dtype="int8"),
        Field("weight", "1", "weight of the event"),
    ),
    truth=("label", "weight"),
    predictions=(Field("score", "1", "grows with the probability of blob 1", dtype="float64"),),
    sources={
        "gauss": Simulation("blobs:draw", "blobs:BlobSettings", block=100),
        "list": Ingestion("blobs:read"),
    },
    methods={
        "component": Formula("blobs:first_component", inputs=("x",)),
        "shift": Estimator(
            "blobs:fit_shift",
            inputs=("x",),
            fields={"simulation": ("x",), "data": ("x",)},
            transform="blobs:apply_shift",
        ),
        "perceptron": Network(
            "blobs:perceptron",
            "cascade.training.objectives:BinaryClassification",
            inputs=("x",),
            fields={"train": ("x", "label", "weight")},
            settings="blobs:PerceptronSettings",
            scaling=MappingProxyType({"x": "standard"}),
        ),
    },
    metrics={"auc": Metric("blobs:auc")},
    products={"comparison": Product("blobs:comparison")},
)
