"""Scalers against numpy, and their way into the model file."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from cascade.events import hdf5
from cascade.events.schema import Field
from cascade.events.writing import writing
from cascade.training import checkpoint
from cascade.training.batches import Split
from cascade.training.scaling import Scaled, Scaler

EVENTS = 500
FIELDS = {
    "features": ("feature",),
    "image": ("row", "column"),
    "scalar": (),
    "number": (),
    "constant": ("feature",),
}


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(1)
    return {
        "features": rng.normal([1, -200, 1e6], [2, 0.1, 30], size=(EVENTS, 3)).astype("f4"),
        "image": rng.lognormal(1, 2, size=(EVENTS, 4, 5)).astype("f4"),
        "scalar": rng.normal(5, 2, EVENTS).astype("f4"),
        "number": rng.integers(0, 9, EVENTS).astype("i4"),
        "constant": np.tile(np.array([0.1, 0.0, -3e7], "f4"), (EVENTS, 1)),
    }


@pytest.fixture(scope="module")
def path(events, tmp_path_factory):
    path = tmp_path_factory.mktemp("scaling") / "events.h5"
    schema = [
        Field(name, "1", name, dims, dtype=events[name].dtype.name) for name, dims in FIELDS.items()
    ]
    with writing(path, schema, {"study": "test"}) as writer:
        writer.append(events)
    return path


def fitted(path, events, name, logarithmic=False, size=8192):
    scaler = Scaler(logarithmic, events[name].shape[1:])
    scaler.fit(Split(path, (name,)), name, size)
    return scaler


@pytest.mark.parametrize("size", [7, 64, 8192])
@pytest.mark.parametrize("name", ["features", "image", "scalar", "number"])
def test_mean_and_deviation_are_those_of_numpy(path, events, name, size):
    scaler = fitted(path, events, name, size=size)
    axes = 0 if name == "features" else None
    values = events[name].astype(float)
    np.testing.assert_allclose(scaler.mean, values.mean(axes), rtol=1e-6)
    np.testing.assert_allclose(scaler.deviation, values.std(axes), rtol=1e-5)
    scaled = scaler(torch.from_numpy(events[name])).numpy()
    np.testing.assert_allclose(scaled.mean(axes), 0, atol=2e-3)
    np.testing.assert_allclose(scaled.std(axes), 1, rtol=1e-3)


def test_the_logarithm_comes_first_and_knows_no_negative_numbers(path, events):
    scaler = fitted(path, events, "image", logarithmic=True)
    values = np.log1p(events["image"].astype(float))
    np.testing.assert_allclose(scaler.mean, values.mean(), rtol=1e-6)
    np.testing.assert_allclose(scaler.deviation, values.std(), rtol=1e-6)
    given = torch.tensor([-1.0, 0.0, np.e - 1])
    expected = (np.array([0, 0, 1]) - values.mean()) / values.std()
    np.testing.assert_allclose(scaler(given), expected, rtol=1e-5)


def test_a_constant_field_is_not_blown_up(path, events):
    scaler = fitted(path, events, "constant")
    assert scaler.deviation.tolist() == [1, 1, 1]
    assert not scaler(torch.from_numpy(events["constant"])).any()


def test_what_is_not_finite_stays_out(tmp_path):
    values = np.array([1, np.nan, 3, np.inf, 5, -np.inf], "f4")
    path = tmp_path / "holes.h5"
    with writing(path, [Field("x", "1", "x")], {"study": "test"}) as writer:
        writer.append({"x": values})
    scaler = fitted(path, {"x": values}, "x", size=2)
    assert scaler.mean.item() == 3
    np.testing.assert_allclose(scaler.deviation, np.std([1, 3, 5]), rtol=1e-6)


def test_nothing_but_holes_leaves_the_field_as_it_is(tmp_path):
    path = tmp_path / "holes.h5"
    with writing(path, [Field("x", "1", "x")], {"study": "test"}) as writer:
        writer.append({"x": np.full(4, np.nan)})
    scaler = fitted(path, {"x": np.zeros(4)}, "x")
    assert (scaler.mean.item(), scaler.deviation.item()) == (0, 1)


def test_a_scaler_reads_no_field_but_its_own(path, events, monkeypatch):
    read, asked = hdf5.parts, []

    def watched(file, names, places, ragged):
        asked.append((tuple(names), len(places)))
        return read(file, names, places, ragged)

    monkeypatch.setattr(hdf5, "parts", watched)
    Scaler(False, (3,)).fit(Split(path, tuple(events)), "features", 200)
    assert asked == [(("features",), 3)]


class Sum(nn.Module):
    def forward(self, features, image, scalar):
        return features.sum(1) + image.sum((1, 2)) + scalar


def scaled(events):
    names = ("features", "image", "scalar")
    shapes = {name: events[name].shape[1:] for name in names}
    return Scaled(Sum(), names, {"features": "standard", "image": "log", "scalar": "none"}, shapes)


def test_scalers_travel_with_the_weights(path, events, tmp_path):
    network = scaled(events)
    assert set(network.scalers) == {"features", "image"}
    network.fit(Split(path, ("features", "image", "scalar")))
    checkpoint.save(tmp_path / "model.ckpt", {"study": "test"}, network.state_dict())
    fresh = scaled(events)
    fresh.load_state_dict(checkpoint.load(tmp_path / "model.ckpt")[1])
    inputs = [torch.from_numpy(events[name]) for name in network.inputs]
    assert torch.equal(fresh(*inputs), network(*inputs))
    by_hand = (
        network.scalers["features"](inputs[0]).sum(1)
        + network.scalers["image"](inputs[1]).sum((1, 2))
        + inputs[2]
    )
    assert torch.equal(network(*inputs), by_hand)
