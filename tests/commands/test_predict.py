"""Predictions are those of the method, event by event, with the truth beside them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cascade.declarations import load_study
from cascade.events import hdf5
from cascade.events.writing import writing
from cascade.training import checkpoint
from cascade.training.network import build


@pytest.fixture
def events(call):
    call("simulate", "blobs", "gauss", "--events", 250, "--split", "test", "-o", "test.h5")
    return hdf5.read("test.h5")


@pytest.fixture
def network(call):
    """Save an untrained perceptron behind a scaler that does something."""
    torch.manual_seed(1)
    record = {
        "study": "blobs", "name": "mine", "method": "perceptron", "settings": '{"width": 5}',
        "training": "{}", "scaling": '{"x": "standard"}', "shapes": '{"x": [2]}', "seed": 1,
        "threads": 1,
    }  # fmt: skip
    network = build(load_study("blobs").methods["perceptron"], record)
    network.scalers["x"].mean.copy_(torch.tensor([1.0, -2.0]))
    network.scalers["x"].deviation.copy_(torch.tensor([0.5, 3.0]))
    checkpoint.save("model.ckpt", record, network.state_dict())
    return network.eval()


def test_a_formula_is_applied_to_each_event(call, events):
    call("predict", "blobs", "component", "test.h5", "-o", "predictions.h5")
    found = hdf5.read("predictions.h5")
    assert set(found) == {"score", "label", "weight"}
    assert found["score"].dtype == np.float64
    np.testing.assert_array_equal(found["score"], events["x"][:, 0])
    np.testing.assert_array_equal(found["label"], events["label"])
    origin = hdf5.attributes("predictions.h5")
    kept = {key: origin[key] for key in ("study", "method", "kind", "sample", "split", "content")}
    assert kept == {
        "study": "blobs", "method": "component", "kind": "component", "sample": "default",
        "split": "test", "content": "predictions",
    }  # fmt: skip


@pytest.mark.parametrize("chunk", [8192, 33])
def test_a_network_is_applied_behind_its_scaler_in_any_chunks(
    call, events, network, chunk, monkeypatch
):
    monkeypatch.setattr("cascade.commands.predict.CHUNK", chunk)
    call("predict", "blobs", "perceptron", "test.h5", "--model", "model.ckpt", "--name", "mine",
         "--settings", '{"width": 5}', "--accelerator", "cpu", "-o", "predictions.h5")  # fmt: skip
    scaled = (torch.from_numpy(events["x"]) - torch.tensor([1.0, -2.0])) / torch.tensor([0.5, 3.0])
    with torch.inference_mode():
        expected = torch.sigmoid(network.network(scaled).double())
    np.testing.assert_allclose(hdf5.read("predictions.h5")["score"], expected, rtol=1e-5)
    assert hdf5.attributes("predictions.h5")["method"] == "mine"


def test_events_without_truth_are_predicted_too(call, events):
    schema = [field for field in load_study("blobs").schema if field.name == "x"]
    with writing("bare.h5", schema, {"study": "blobs"}) as writer:
        writer.append(events)
    call("predict", "blobs", "component", "bare.h5", "-o", "predictions.h5")
    assert set(hdf5.read("predictions.h5")) == {"score"}
