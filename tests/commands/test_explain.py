"""What is explained is the network in the file."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.study import load_study, resolve
from cascade.training import checkpoint
from cascade.training.network import build


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
    assert hdf5.attributes("out.h5")["content"] == "filters"


def test_what_cannot_be_explained_is_refused(call):
    save("fully_connected")
    with pytest.raises(CascadeError, match="no convolution"):
        call("explain", "jets", "fully_connected", "--model", "fully_connected.ckpt",
             "--method", "filters", "-o", "out.h5")  # fmt: skip
    with pytest.raises(CascadeError, match="'tau21' is no network"):
        call("explain", "jets", "tau21", "--method", "filters", "-o", "out.h5")
    with pytest.raises(CascadeError, match="did you mean 'filters'"):
        call("explain", "jets", "cnn", "--method", "filter", "-o", "out.h5")
