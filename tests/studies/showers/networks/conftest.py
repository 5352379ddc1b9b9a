"""Simulated showers as the networks get them, and events that hardly hold anything."""

from __future__ import annotations

import pytest
import torch

from cascade.events.seeding import Block, sequence
from cascade.layers.ragged import Ragged
from cascade.studies.showers.settings import ShowerSettings
from cascade.studies.showers.simulation.simulate import simulate
from cascade.training.batches import tensor


@pytest.fixture(scope="session")
def showers():
    """Return 40 events as the simulation makes them."""
    return simulate(Block(0, 40, sequence(3)), ShowerSettings())


@pytest.fixture(scope="session")
def batch(showers):
    """Return the same events as a batch."""
    return {name: tensor(values) for name, values in showers.items()}


@pytest.fixture(scope="session")
def degenerate():
    """Return events without stations, with one, two, several in a line, and two at one place."""
    places = [
        [],
        [(0, 0)],
        [(0, 0), (1500, 0)],
        [(-1500 + 750 * i, 400 * i) for i in range(5)],
        [(750, 1299), (750, 1299)],
        [(0, 0), (0, 0), (1500, 0), (750, 1299)],
        [(0, 0), (1500, 0), (750, 1299), (-750, 1299)],
    ]
    torch.manual_seed(5)
    counts = torch.tensor([len(event) for event in places])
    plane = torch.tensor([place for event in places for place in event], dtype=torch.float32)
    rows = len(plane)
    trace = 1.2 + 5 * torch.rand(rows, 80)
    trace[-3] = 0  # noise may be cut off at 0 in all bins
    time = 300 * torch.randn(rows)
    time[-4:] = 0  # a vertical shower
    return {
        "position": Ragged(torch.cat([plane, torch.zeros(rows, 1)], dim=1), counts),
        "time": Ragged(time, counts),
        "trace": Ragged(trace, counts),
    }
