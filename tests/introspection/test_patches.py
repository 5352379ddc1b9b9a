"""Receptive fields are what a feature depends on; the most excited events come first."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cascade.errors import CascadeError
from cascade.introspection.feature_maps import layer
from cascade.introspection.patches import most_excited, receptive_field
from cascade.introspection.settings import DeconvNetSettings
from cascade.studies.jets.networks import cnn
from cascade.studies.jets.settings.networks import CNNSettings
from introspection.networks import convolutional, explained


def looked_at(network, maps, place, shape, tries=60):
    """Return by trial what of the input a feature depends on, for any weights and images."""
    network.double()
    found = torch.zeros(shape, dtype=torch.bool)
    pixels = found.numel()
    for attempt in range(tries):
        torch.manual_seed(attempt)
        for parameter in network.parameters():
            parameter.normal_()
        image = torch.randn(shape, dtype=torch.float64)
        changed = image.repeat(pixels, *[1] * len(shape))
        changed.view(pixels, pixels).diagonal().add_(5 * torch.randn(pixels))
        before, after = (maps(x)[(slice(None), 0, *place)] for x in (image[None], changed))
        found |= ((after - before).abs() > 1e-9).view(shape)
    return found


NETWORKS = {
    "pooled": lambda: nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(2, 1, 3)
    ),
    "strided, dilated": lambda: nn.Sequential(
        nn.Conv2d(1, 2, 3, stride=2), nn.ReLU(), nn.Conv2d(2, 1, 2, dilation=2, bias=False)
    ),
    "trace": lambda: nn.Sequential(
        nn.Conv1d(1, 2, 5, padding=2), nn.BatchNorm1d(2), nn.ReLU(), nn.MaxPool1d(3, 2),
        nn.Conv1d(2, 1, 3, padding=1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_receptive_fields_are_what_a_feature_depends_on(name):
    network = NETWORKS[name]()
    shape = (1, 20) if name == "trace" else (1, 9, 9)
    place = (3,) if name == "trace" else (1, 0)
    known = explained(network, number=lambda output: output.flatten(1).sum(1))
    x = torch.randn(1, *shape)
    chosen = layer(known, [x], -1)
    found = receptive_field(known, [x], chosen, torch.tensor([place]))[0][0]
    assert torch.equal(found, looked_at(network, network, place, shape))


def test_a_shortcut_is_part_of_the_field():
    torch.manual_seed(0)
    network = explained(cnn(CNNSettings(unit="residual", pooling="max")))
    image = torch.rand(1, 25, 25)
    chosen = layer(network, [image], "features.1")
    field = receptive_field(network, [image], chosen, torch.tensor([[3, 3]]))[0][0]
    # pooling 2, two 3 × 3, pooling 2, 11 × 11: 2 + 4 = 6 pixels of 2, and 10 more
    rows, columns = field.any(1).nonzero()[:, 0], field.any(0).nonzero()[:, 0]
    assert (len(rows), len(columns)) == (22, 22)
    assert field.sum() == 22 * 22


def test_the_most_excited_come_first_and_their_patterns_lie_in_their_fields():
    network, inputs = convolutional()
    settings = DeconvNetSettings(layer="4", channel=2, count=3, batch=2)
    found = most_excited(network, inputs, settings)
    maps = network.body[:5](inputs[0])[:, 2]
    largest = maps.flatten(1).amax(1)
    assert found.events.tolist() == largest.argsort(descending=True)[:3].tolist()
    torch.testing.assert_close(found.activations, largest[found.events])
    for rank, event in enumerate(found.events):
        assert maps[event][tuple(found.places[rank])] == found.activations[rank]
    assert not found.projections[0][~found.fields[0]].any()


def test_dilated_pooling_is_refused():
    network = nn.Sequential(nn.Conv1d(1, 1, 3), nn.MaxPool1d(2, dilation=2))
    known = explained(network, number=lambda output: output.flatten(1).sum(1))
    with pytest.raises(CascadeError, match="dilated pooling"):
        most_excited(known, [torch.randn(2, 1, 9)], DeconvNetSettings(layer="1"))
