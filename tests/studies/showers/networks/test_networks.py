"""What holds for every network that takes the stations alone: symmetries, degenerate events."""

import csv

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.events.writing import writing
from cascade.layers.ragged import Ragged
from cascade.studies.showers import STUDY, networks
from cascade.studies.showers.networks.front import plane_front
from cascade.studies.showers.networks.outputs import OUTPUTS, Reconstruction
from cascade.studies.showers.networks.stations import read_stations
from cascade.studies.showers.settings import DetectorSettings, GraphSettings, UnrolledSettings
from cascade.training.batches import Split
from cascade.training.fit import Fit, fit
from cascade.training.settings import Optimiser, Schedule, Training

NAMES = ("unrolled", "graph")
STATIONS = ("position", "time", "trace")
DEFAULTS = {"unrolled": UnrolledSettings(), "graph": GraphSettings()}


@pytest.fixture(scope="module", params=NAMES)
def network(request):
    """Return a network that corrects as much, untrained, as it will when trained."""
    torch.manual_seed(0)
    network = getattr(networks, request.param)(DEFAULTS[request.param]).eval()
    with torch.no_grad():
        for module in network.modules():
            if hasattr(module, "event"):
                module.event[-1].weight.mul_(30)
    return network


def stations(batch):
    return {name: batch[name] for name in STATIONS}


def apply(network, events):
    with torch.no_grad():
        return network(*(events[name] for name in STATIONS))


def close(found, expected):
    """Outputs are equal but for rounding: 2e-5 rad, 0.1 m, 1e-4, 0.02 g/cm², 1e-3."""
    scale = torch.tensor([2e-5] * 3 + [0.1] * 2 + [1e-4, 0.02] + [1e-3] * 5)
    torch.testing.assert_close(found / scale, expected / scale, rtol=0, atol=1)


def test_corrections_are_not_zero(network, batch):
    found = apply(network, batch)
    assert found.shape == (40, OUTPUTS)
    axis, _ = plane_front(read_stations(*stations(batch).values(), DetectorSettings()))
    assert (found[:, :3] - axis).norm(dim=1).median() > 3e-3
    norm = found[:, :3].norm(dim=1)
    torch.testing.assert_close(norm, torch.ones_like(norm))


def test_the_order_of_the_stations_does_not_matter(network, batch):
    torch.manual_seed(1)
    position = batch["position"]
    # by event, then at random
    order = torch.argsort(position.index() + torch.rand(len(position.values)))
    shuffled = {
        name: rows.with_values(rows.values[order]) for name, rows in stations(batch).items()
    }
    assert not torch.equal(shuffled["time"].values, batch["time"].values)
    close(apply(network, shuffled), apply(network, batch))


@given(st.floats(-180, 180))
@settings(max_examples=15)
def test_axis_and_core_turn_with_the_event(network, batch, degrees):
    angle = np.radians(degrees)
    matrix = torch.tensor([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = matrix.float()
    position = batch["position"]
    plane = position.values[:, :2] @ matrix.T
    values = torch.cat([plane, position.values[:, 2:]], dim=1)
    found = apply(network, {**stations(batch), "position": position.with_values(values)})
    expected = apply(network, batch)
    expected[:, :2] = expected[:, :2] @ matrix.T
    expected[:, 3:5] = expected[:, 3:5] @ matrix.T
    close(found, expected)


def test_an_event_is_reconstructed_alike_in_any_company(network, batch):
    whole = apply(network, batch)
    single = [
        apply(network, {name: batch[name][event : event + 1] for name in STATIONS})
        for event in range(len(whole))
    ]
    close(torch.cat(single), whole)


def test_when_an_event_comes_does_not_matter(network, batch):
    later = {**stations(batch), "time": batch["time"].with_values(batch["time"].values + 700)}
    found, expected = apply(network, later), apply(network, batch)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=2e-3)


def test_the_array_may_stand_elsewhere(network, batch):
    """The core goes along with the stations, and nothing else changes."""
    position = batch["position"]
    away = torch.tensor([4000.0, -3000.0, 0.0])
    moved = {**stations(batch), "position": position.with_values(position.values + away)}
    found, expected = apply(network, moved), apply(network, batch)
    expected[:, 3:5] += away[:2]
    close(found, expected)


def test_degenerate_events_are_finite(network, degenerate):
    inputs = [Ragged(rows.values.clone().requires_grad_(), rows.counts)
              for rows in degenerate.values()]  # fmt: skip
    output = network(*inputs)
    assert output.isfinite().all()
    events = len(output)
    truth = {
        "axis": torch.tensor([[0.0, 0.6, 0.8]]).expand(events, 3),
        "core": torch.zeros(events, 2),
        "lg_energy": torch.full((events,), 19.0),
        "x_max": torch.full((events,), 750.0),
        "mass_number": torch.full((events,), 56),
    }
    network.zero_grad()
    losses, _ = Reconstruction().loss(output, truth)
    losses.backward()
    assert losses.isfinite()
    for name, weight in network.named_parameters():
        assert weight.grad.isfinite().all(), name
    for name, rows in zip(degenerate, inputs, strict=True):
        assert rows.values.grad.isfinite().all(), name


def test_nothing_but_events_without_stations(network):
    counts = torch.zeros(3, dtype=torch.int64)
    shapes = {"position": (0, 3), "time": (0,), "trace": (0, 80)}
    events = {name: Ragged(torch.zeros(shape), counts) for name, shape in shapes.items()}
    assert apply(network, events).isfinite().all()
    events = {name: Ragged(torch.zeros(shape), counts[:0]) for name, shape in shapes.items()}
    assert apply(network, events).shape == (0, OUTPUTS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, showers):
    folder = tmp_path_factory.mktemp("showers")
    schema = [field for field in STUDY.schema if field.name in showers]
    for split, use in (("train", slice(0, 32)), ("validation", slice(32, 40))):
        with writing(folder / f"{split}.h5", schema, {"study": "showers"}) as writer:
            writer.append({name: values[use] for name, values in showers.items()})
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_short_training_lowers_the_loss(name, folder, tmp_path):
    declared = STUDY.methods[name]
    splits = [
        {"train": Split(folder / f"{split}.h5", declared.fields["train"])}
        for split in ("train", "validation")
    ]
    training = Training(
        epochs=4,
        batch_size=8,
        optimiser=Optimiser(name="AdamW", lr=2e-3),
        schedule=Schedule(name="constant"),
        clip=5.0,
        patience=0,
    )
    job = Fit("showers", name, name, declared, DEFAULTS[name], training, 1, 1, *splits)
    fit(job, tmp_path / "model.ckpt", tmp_path / "history.csv", tmp_path / ".resume", "cpu")
    rows = list(csv.DictReader((tmp_path / "history.csv").read_text().splitlines()))
    for column in ("train_loss", "validation_loss"):
        assert float(rows[-1][column]) < 0.8 * float(rows[0][column])
    assert float(rows[-1]["validation_core_resolution"]) > 0
