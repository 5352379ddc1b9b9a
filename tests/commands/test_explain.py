"""What is explained is the network in the file."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from cascade.declarations import load_study, resolve
from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.events.schema import Field
from cascade.introspection import WAYS, Way
from cascade.training import checkpoint
from cascade.training.network import build

ATTRIBUTION = "cascade.introspection.settings:AttributionSettings"


def save(name):
    torch.manual_seed(1)
    method = load_study("jets").methods[name]
    record = {
        "study": "jets", "name": name, "method": name, "training": "{}", "scaling": "{}",
        "settings": resolve(method.settings)().model_dump_json(),
        "shapes": '{"image": [25, 25]}', "seed": 1, "threads": 1,
    }  # fmt: skip
    network = build(method, record)
    checkpoint.save(f"{name}.ckpt", record, network.state_dict())
    return network


def test_filters_are_the_weights_of_the_first_convolution(call):
    network = save("cnn")
    call("explain", "jets", "cnn", "--model", "cnn.ckpt", "--method", "filters", "-o", "out.h5")
    first = next(item for item in network.modules() if isinstance(item, torch.nn.Conv2d))
    expected = first.weight.detach().numpy()
    found = hdf5.read("out.h5", study="jets")
    for channel in range(expected.shape[1]):
        seen = found["filters"][found["input"] == channel]
        np.testing.assert_array_equal(seen, expected[:, channel])
    assert hdf5.attributes("out.h5")["content"] == "explanation"
    assert hdf5.attributes("out.h5")["ways"] == "filters"


def test_what_cannot_be_explained_is_refused(call):
    save("fully_connected")
    with pytest.raises(CascadeError, match="no convolution"):
        call("explain", "jets", "fully_connected", "--model", "fully_connected.ckpt",
             "--method", "filters", "-o", "out.h5")  # fmt: skip
    with pytest.raises(CascadeError, match="'tau21' is no network"):
        call("explain", "jets", "tau21", "--method", "filters", "-o", "out.h5")
    with pytest.raises(CascadeError, match="did you mean 'filters'"):
        call("explain", "jets", "cnn", "--method", "filter", "-o", "out.h5")


def test_events_are_named_where_they_are_read_and_only_there(call):
    save("cnn")
    call("simulate", "jets", "toy", "--events", "40", "--block", "20", "-o", "test.h5")
    with pytest.raises(CascadeError, match="--events: 'neighbours' looks at events; name a file"):
        call("explain", "jets", "cnn", "--model", "cnn.ckpt", "--method", "neighbours",
             "-o", "out.h5")  # fmt: skip
    with pytest.raises(CascadeError, match="--events: 'filters' looks at the network alone"):
        call("explain", "jets", "cnn", "--model", "cnn.ckpt", "--method", "filters",
             "--events", "test.h5", "-o", "out.h5")  # fmt: skip
    with pytest.raises(CascadeError, match="looks for no neighbours"):
        call("explain", "jets", "cnn", "--model", "cnn.ckpt", "--method", "neighbours",
             "--events", "test.h5", "-o", "out.h5")  # fmt: skip


def test_what_is_explained_of_events_stands_beside_them(call, monkeypatch):
    save("cnn")
    call("simulate", "jets", "toy", "--events", "40", "--block", "20", "-o", "test.h5")
    monkeypatch.setitem(WAYS, "mean", Way(f"{__name__}:mean_pixel", "columns", ATTRIBUTION))
    call("explain", "jets", "cnn", "--model", "cnn.ckpt", "--method", "mean",
         "--settings", '{"events": 7}', "--events", "test.h5", "-o", "out.h5")  # fmt: skip
    events, found = hdf5.read("test.h5", stop=7), hdf5.read("out.h5", study="jets")
    np.testing.assert_allclose(found["mean"], events["image"].mean((1, 2)), rtol=1e-5)
    for name in ("image", "label"):
        np.testing.assert_array_equal(found[name], events[name])


def mean_pixel(explained, inputs, settings):
    """Return a number for each event, of what the network sees."""
    assert explained.fields == ("image",)
    return (Field("mean", "1", "mean pixel"),), {"mean": inputs[0].mean((1, 2)).numpy()}


def test_attributions_stand_beside_truth_and_evidence(call):
    save("cnn")
    call("simulate", "jets", "toy", "--events", "40", "--block", "20", "-o", "test.h5")
    settings = '{"events": 12, "randomised": 0, "ways": {"integrated_gradients": {"steps": 4}}}'
    line = ["explain", "jets", "cnn", "--model", "cnn.ckpt", "--events", "test.h5",
            "--method", "integrated_gradients", "--method", "grad_cam", "--settings"]  # fmt: skip
    call(*line, settings, "-o", "out.h5")
    found, attributes = hdf5.read("out.h5", study="jets"), hdf5.attributes("out.h5")
    assert attributes["ways"] == "integrated_gradients grad_cam"
    assert "subjets" in attributes["evidence"]
    events = hdf5.read("test.h5", ["image", "label"], stop=12)
    np.testing.assert_array_equal(found["image"], events["image"])
    for way in ("integrated_gradients", "grad_cam"):
        assert found[way].shape == found["evidence"].shape == (12, 25, 25)
        assert found[f"{way}_flipped"].shape == (12, 10)
    assert (found["evidence"][events["image"] == 0] <= 0).all()
    call(*line, settings, "-o", "again.h5")
    again = hdf5.read("again.h5", study="jets")
    for name, values in found.items():
        np.testing.assert_array_equal(values, again[name])


def test_events_without_truth_are_explained_without_evidence(call):
    save("cnn")
    call("simulate", "jets", "toy", "--events", "20", "--block", "20", "-o", "test.h5")
    with h5py.File("test.h5", "a") as file:
        for name in ("delta_r", "label"):
            del file[name]
    line = ["explain", "jets", "cnn", "--model", "cnn.ckpt", "--events", "test.h5",
            "--method", "saliency", "-o", "out.h5"]  # fmt: skip
    call(*line, "--settings", '{"randomised": 0}')
    found = hdf5.read("out.h5", study="jets")
    assert "saliency" in found
    assert not {"evidence", "saliency_share", "label"} & set(found)
    with pytest.raises(CascadeError, match=r"settings.evidence: 'subjets' needs delta_r"):
        call(*line, "--settings", '{"evidence": "subjets"}')


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--method", "lrp", "--method", "filters"], "'filters' has rows that are no events"),
        ([], "--method: name at least one of"),
        (["--method", "lrp", "--settings", '{"ways": {"lrp": {"rul": "gamma"}}}'],
         "settings.ways.lrp.rul: unknown key; did you mean 'rule'"),
        (["--method", "lrp", "--settings", '{"evidence": "subjet"}'], "did you mean 'subjets'"),
        (["--method", "lrp", "--settings", '{"number": "lg_energy"}'],
         "no number 'lg_energy' to be explained"),
        (["--method", "cam"], "cam: the network does not end with a mean over maps"),
    ],
)  # fmt: skip
def test_mistakes_are_named_and_leave_no_file(call, words, message):
    save("cnn")
    call("simulate", "jets", "toy", "--events", "20", "--block", "20", "-o", "test.h5")
    with pytest.raises(CascadeError, match=re.escape(message)):
        call("explain", "jets", "cnn", "--model", "cnn.ckpt", "--events", "test.h5", *words,
             "-o", "out.h5")  # fmt: skip
    assert not Path("out.h5").exists()
