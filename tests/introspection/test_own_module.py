"""A user's own module on a user's own HDF5 file, by the lines that docs/own_network.md shows."""

from __future__ import annotations

import sys
from types import ModuleType

import h5py
import numpy as np
import pytest
import torch
from torch import nn

from cascade.errors import CascadeError
from cascade.introspection.explained import Explained
from cascade.introspection.explanation import attribution
from programs import ROOT


def shown():
    """Return the lines of the page."""
    text = (ROOT / "docs" / "own_network.md").read_text()
    (block,) = [part for part in text.split("```python\n")[1:] if "from detector import" in part]
    return block.split("```")[0]


@pytest.fixture
def network(monkeypatch):
    """Return a module that sums up what is above a threshold, and nothing else."""
    layers = nn.Sequential(nn.Conv1d(1, 1, 1), nn.ReLU(), nn.Flatten(), nn.Linear(40, 1))
    with torch.no_grad():
        for layer, bias in ((layers[0], -1.0), (layers[3], 0.0)):
            layer.weight.fill_(1)
            layer.bias.fill_(bias)
    detector = ModuleType("detector")
    detector.network = layers
    monkeypatch.setitem(sys.modules, "detector", detector)
    return layers


def test_the_lines_of_the_page_find_the_pulse(network, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    waveforms = np.random.default_rng(1).uniform(-0.9, 0.9, (300, 1, 40))
    waveforms[:, :, 10:13] += 5
    with h5py.File("waveforms.h5", "w") as file:
        file["waveform"] = waveforms
    assert len([line for line in shown().splitlines() if line]) <= 10
    found = {}
    exec(shown(), found)
    assert set(found["maps"]) == {"lrp", "integrated_gradients"}
    for relevance in found["maps"].values():
        assert relevance.shape == (256, 1, 40)
        there = np.zeros(40, bool)
        there[10:13] = True
        assert (relevance[..., there] > 1).all()
        np.testing.assert_allclose(relevance[..., ~there], 0, atol=0.05)


def test_mistakes_are_named(network):
    looked = Explained(network, ("waveform",), lambda output: output[:, 0])
    events = {"waveform": np.ones((2, 1, 40))}
    with pytest.raises(CascadeError, match="way: no way of attributing 'filters'"):
        attribution(looked, events, "filters")
    with pytest.raises(CascadeError, match="unknown key"):
        attribution(looked, events, "lrp", rul="gamma")
