"""A class activation map's mean is the score; Grad-CAM is Captum's, and that of any convolution."""

from __future__ import annotations

import pytest
import torch
from captum.attr import LayerGradCam
from torch import nn

from cascade.errors import CascadeError
from cascade.introspection.class_activation import (
    cam,
    cam_map,
    drawn,
    grad_cam,
    grad_cam_map,
    hires_cam,
)
from cascade.introspection.settings import AttributionSettings, LayerSettings
from cascade.layers.edge_convolution import EdgeConvolution
from cascade.layers.hexagonal import HexagonalConv2d, hexagon
from cascade.layers.hexagonal_groups import GroupConv2d, LiftingConv2d, group_pool
from cascade.layers.neighbours import nearest
from cascade.layers.occupied import OccupiedConv, SquareConv2d, neighbours
from cascade.layers.ragged import Ragged
from cascade.studies.jets.networks import cnn
from cascade.studies.jets.settings.networks import CNNSettings
from introspection.networks import cloud, convolutional, explained

ALL = AttributionSettings()
LAST = LayerSettings()


def close(found, wanted, tolerance=1e-5):
    torch.testing.assert_close(found, wanted, rtol=tolerance, atol=tolerance)


class Functional(nn.Module):
    """A network whose activation, mean and squeeze are no modules."""

    def __init__(self, bias=True):
        super().__init__()
        self.maps = nn.Conv1d(1, 5, 3)
        self.last = nn.Linear(5, 1, bias=bias)

    def forward(self, trace):
        maps = torch.relu(self.maps(trace[:, None]))
        return {"logit": self.last(maps.mean(dim=2)).squeeze(1)}


@pytest.mark.parametrize("bias", [True, False])
def test_the_mean_of_the_map_is_the_score(bias):
    network, inputs = convolutional(head="mean", bias=bias)
    maps = cam_map(network, inputs, ALL)
    assert maps.shape == (5, 6, 6)
    close(maps.mean((1, 2)), network.score(*inputs))


@pytest.mark.parametrize("bias", [True, False])
def test_networks_without_modules_for_the_mean_have_a_map_too(bias):
    torch.manual_seed(0)
    network = explained(Functional(bias), "trace", number=lambda output: output["logit"])
    trace = torch.randn(7, 20)
    close(cam_map(network, [trace], ALL).mean(1), network.score(trace))
    assert cam(network, [trace], ALL)[0].shape == trace.shape


def test_the_map_is_the_weighted_sum_of_the_maps():
    network, inputs = convolutional(head="mean")
    maps = network.body[:6](inputs[0])
    weight, bias = network.body[8].weight[0], network.body[8].bias[0]
    close(cam_map(network, inputs, ALL), (weight[:, None, None] * maps).sum(1) + bias)


def test_batches_do_not_matter():
    network, inputs = convolutional(head="mean")
    for function, one, many in (
        (cam, AttributionSettings(batch=1), ALL),
        (grad_cam, LayerSettings(batch=2), LAST),
        (hires_cam, LayerSettings(batch=2), LAST),
    ):
        close(function(network, inputs, one)[0], function(network, inputs, many)[0])


def test_other_networks_are_told_of_grad_cam():
    for network, inputs in (convolutional(), cloud()):
        with pytest.raises(CascadeError, match="Grad-CAM"):
            cam(network, inputs, ALL)


@pytest.mark.parametrize("head", ["flatten", "mean"])
@pytest.mark.parametrize("place", [0, 4])
def test_grad_cam_is_captums(head, place):
    network, inputs = convolutional(head=head)
    module = network.body[place]
    wanted = LayerGradCam(network.score, module).attribute(
        inputs[0].clone().requires_grad_(), relu_attributions=True
    )
    found = grad_cam_map(network, inputs, LayerSettings(layer=str(place)))
    close(found, wanted[:, 0].detach(), 1e-4)


def test_behind_a_mean_both_ways_to_weigh_are_one():
    network, inputs = convolutional(head="mean")
    chosen = LayerSettings(layer="5")
    close(hires_cam(network, inputs, chosen)[0], grad_cam(network, inputs, chosen)[0])


def test_the_place_counts_where_dense_layers_read_it():
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(1, 2, 1), nn.Flatten(), nn.Linear(32, 1))
    with torch.no_grad():
        # what speaks for the score on the left speaks against it on the right
        weight = torch.ones(2, 4, 4)
        weight[:, :, 2:] = -1
        layers[2].weight.copy_(weight.view(1, -1))
        layers[0].weight.fill_(1)
        layers[0].bias.zero_()
    network = explained(layers, number=lambda output: output[:, 0])
    image = [torch.rand(3, 1, 4, 4) + 0.1]
    assert not grad_cam(network, image, LAST)[0].any()
    found = hires_cam(network, image, LAST)[0]
    close(found[..., :2], 2 * image[0][..., :2])
    assert not found[..., 2:].any()


def test_the_last_convolution_is_taken():
    network, inputs = convolutional()
    close(grad_cam(network, inputs, LAST)[0],
          grad_cam(network, inputs, LayerSettings(layer="4"))[0])  # fmt: skip


def test_an_activation_in_place_does_not_change_the_map():
    network, inputs = convolutional()
    wanted = grad_cam_map(network, inputs, LAST)
    network.body[5].inplace = True
    close(grad_cam_map(network, inputs, LAST), wanted)


def test_a_map_is_drawn_on_the_positions_of_an_input():
    ramp = torch.arange(4.0).expand(2, 4, 4)
    image, images = drawn(ramp, [torch.zeros(2, 8, 8), torch.zeros(2, 3, 8, 8)])
    close(images, image[:, None].expand(2, 3, 8, 8))
    # linear in between, constant beyond the middle of the first and last pixel
    close(image[0, 0], torch.tensor([0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]))


def test_what_has_no_positions_gets_none():
    found = drawn(torch.ones(2, 5), [torch.zeros(2, 9), torch.zeros(2), torch.ones(2, 9).int()])
    assert [each is None for each in found] == [False, True, True]
    with pytest.raises(CascadeError, match="lies on no input"):
        drawn(torch.ones(2, 5, 5), [torch.zeros(2, 9)])


def test_the_jets_network_has_a_map_with_either_head():
    torch.manual_seed(0)
    image = [torch.rand(3, 25, 25) * 20]
    mean = explained(cnn(CNNSettings(head="global_average", dense=())))
    close(cam_map(mean, image, ALL).mean((1, 2)), mean.score(*image))
    flat = explained(cnn(CNNSettings()))
    with pytest.raises(CascadeError, match="Grad-CAM"):
        cam(flat, image, ALL)
    assert grad_cam(flat, image, LAST)[0].shape == (3, 25, 25)


class Hexagonal(nn.Module):
    """Convolutions of a group on a dense map in axial storage."""

    def __init__(self):
        super().__init__()
        self.lift = LiftingConv2d(1, 3, 1)
        self.group = GroupConv2d(3, 4, 1)
        self.last = nn.Linear(4, 1)

    def forward(self, maps):
        x = torch.relu(self.group(torch.relu(self.lift(maps[:, None]))))
        return self.last(group_pool(x.flatten(3).mean(3))).squeeze(1)


def test_hexagonal_and_group_convolutions_have_grad_cam():
    torch.manual_seed(0)
    plain = nn.Sequential(HexagonalConv2d(2, 3, 1), nn.ReLU(), nn.Flatten(), nn.Linear(75, 1))
    network = explained(plain, number=lambda output: output[:, 0])
    maps = [torch.randn(4, 2, 5, 5)]
    assert grad_cam(network, maps, LAST)[0].shape == (4, 2, 5, 5)
    group = explained(Hexagonal())
    found = grad_cam(group, [torch.randn(4, 5, 5)], LAST)[0]
    assert found.shape == (4, 5, 5)
    assert found.any()


class Occupied(nn.Module):
    """A convolution at the occupied cells alone."""

    def __init__(self):
        super().__init__()
        self.layer = OccupiedConv(SquareConv2d(2, 4, 1), torch.ones(3, 3, dtype=torch.bool))
        self.last = nn.Linear(4, 1)

    def forward(self, cells, signal):
        near = neighbours(cells, (4, 4), torch.ones(3, 3, dtype=torch.bool))
        rows = torch.relu(self.layer(signal.values, near))
        return self.last(signal.with_values(rows).mean()).squeeze(1)


def test_rows_of_events_have_grad_cam():
    torch.manual_seed(0)
    counts = torch.tensor([3, 0, 2])
    cells = Ragged(torch.tensor([[0, 0], [1, 2], [3, 3], [2, 1], [2, 2]]), counts)
    signal = Ragged(torch.randn(5, 2), counts)
    network = explained(Occupied(), "cells", "signal")
    nothing, found = grad_cam(network, [cells, signal], LAST)
    assert nothing is None
    # the weights of an event are the mean gradients over its own rows
    body = network.body
    rows = body.layer(signal.values, neighbours(cells, (4, 4), torch.ones(3, 3).bool()))
    gradient = body.last.weight * (rows > 0) / counts[signal.index()][:, None]
    weight = signal.with_values(gradient).mean()[signal.index()]
    wanted = torch.relu((weight * rows).sum(1))
    close(found.values, wanted[:, None].expand(5, 2))


def test_a_network_without_convolution_is_refused():
    network, inputs = cloud()
    with pytest.raises(CascadeError, match="no convolution"):
        grad_cam(network, inputs, LAST)


def test_no_events_are_a_users_mistake():
    network, inputs = convolutional()
    with pytest.raises(CascadeError, match="no events"):
        grad_cam(network, [inputs[0][:0]], LAST)


def test_a_missing_layer_names_the_nearest():
    network, inputs = convolutional()
    with pytest.raises(CascadeError, match="no layer '9'"):
        grad_cam(network, inputs, LayerSettings(layer="9"))


def test_hexagons_are_symmetric_maps():
    """The map of a symmetric event has its symmetry: turned by 180° it is itself."""
    torch.manual_seed(0)
    maps = torch.zeros(1, 5, 5)
    maps[0][hexagon(2)] = torch.rand(19)
    maps = maps + maps.flip(1, 2)
    found = grad_cam(explained(Hexagonal()), [maps], LAST)[0]
    close(found, found.flip(1, 2), 1e-4)


class Points(nn.Module):
    """An edge convolution on dense clouds, then a mean over the points and a linear layer."""

    def __init__(self):
        super().__init__()
        self.convolution = EdgeConvolution(2, 6, 5, "mean")
        self.last = nn.Linear(5, 1)

    def forward(self, position, energy):
        points = torch.stack([energy, energy**2], dim=-1)
        said = self.convolution(points, nearest(position, 3))
        return self.last(torch.relu(said).mean(dim=1)).squeeze(1)


def test_edge_convolutions_have_a_map_of_points():
    torch.manual_seed(0)
    network = explained(Points(), "position", "energy")
    inputs = [torch.randn(4, 9, 3), torch.rand(4, 9)]
    kept = []
    hook = network.body.convolution.register_forward_hook(lambda *seen: kept.append(seen[2]))
    network.score(*inputs)
    hook.remove()
    weight = network.body.last.weight[0] / 9  # the gradient where the ReLU is open
    (position, energy), maps = hires_cam(network, inputs, LAST), kept[0]
    assert position is None
    close(energy, torch.relu((weight * torch.relu(maps)).sum(-1)))
    alpha = (weight * (maps > 0)).mean(1, keepdim=True)
    close(grad_cam(network, inputs, LAST)[1], torch.relu((alpha * maps).sum(-1)))


def test_a_layer_that_the_number_does_not_hang_on_is_named():
    class Aside(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.aside = nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3)

        def forward(self, image):
            score = self.used(image).mean((1, 2, 3))
            self.aside(image)
            return score

    with pytest.raises(CascadeError, match=r"does not depend on 'aside'; name another"):
        grad_cam(explained(Aside()), [torch.ones(2, 1, 5, 5)], LayerSettings())
