"""A DeconvNet puts values at their switches, and rectifies on the way back."""

from __future__ import annotations

import pytest
import torch
from captum.attr import NeuronDeconvolution
from torch import nn
from torch.nn import functional as F

from cascade.errors import CascadeError
from cascade.introspection.deconvnet import Deconvolution, deconvnet, way_back
from cascade.introspection.feature_maps import layer
from cascade.introspection.settings import DeconvNetSettings
from cascade.studies.jets.networks import cnn
from cascade.studies.jets.settings.networks import CNNSettings
from introspection.networks import cloud, convolutional, explained


def close(found, wanted, tolerance=1e-5):
    torch.testing.assert_close(found, wanted, rtol=tolerance, atol=tolerance)


def test_unpooling_puts_the_value_at_the_switch():
    network = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.MaxPool2d(2), nn.Flatten())
    nn.init.ones_(network[0].weight)
    image = torch.zeros(1, 1, 4, 4)
    image[0, 0, 1, 2], image[0, 0, 3, 3], image[0, 0, 2, 0] = 5.0, 3.0, 4.0
    known = explained(network, number=lambda output: output.sum(1))
    found = deconvnet(known, [image], DeconvNetSettings(layer="1"))[0]
    wanted = torch.zeros_like(image)
    wanted[0, 0, 1, 2] = 5.0
    close(found, wanted)


def test_two_poolings_are_undone_as_torch_undoes_them():
    # a training in this process asks for algorithms that torch's unpooling does not have
    torch.use_deterministic_algorithms(False)
    torch.manual_seed(0)
    image = torch.rand(3, 1, 16, 16)
    network = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    )  # fmt: skip
    known = explained(network, number=lambda output: output.sum(1))
    first, second = network[0], network[3]
    with torch.no_grad():  # the same by hand: unpool, rectify, transposed filters
        maps, switches = F.max_pool2d(F.relu(first(image)), 2, return_indices=True)
        top, last = F.max_pool2d(F.relu(second(maps)), 2, return_indices=True)
        kept = torch.zeros_like(top)
        for event in range(3):
            place = top[event, 1].argmax()
            kept[event, 1].view(-1)[place] = top[event, 1].view(-1)[place]
        back = F.conv_transpose2d(F.relu(F.max_unpool2d(kept, last, 2)), second.weight, padding=1)
        back = F.relu(F.max_unpool2d(back, switches, 2))
        wanted = F.conv_transpose2d(back, first.weight, padding=1)
    close(deconvnet(known, [image], DeconvNetSettings(layer="5", channel=1))[0], wanted)


def test_where_all_is_positive_it_is_the_gradient():
    network, inputs = convolutional(pooling=False, bias=False)
    for parameter in network.body.parameters():
        parameter.abs_()
    network.body[1].running_mean.zero_()
    x = inputs[0].abs().requires_grad_()
    maps = network.body[:6](x)[:, 2].flatten(1)
    largest, _ = maps.max(dim=1)
    (gradient,) = torch.autograd.grad((largest**2 / 2).sum(), x)
    close(deconvnet(network, [x.detach()], DeconvNetSettings(layer="5", channel=2))[0], gradient)


@pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU")
def test_captum_goes_the_same_way_back():
    network, inputs = convolutional()
    wanted = NeuronDeconvolution(network.body, network.body[4]).attribute(
        inputs[0].clone().requires_grad_(), (1, 3, 2)
    )

    def start(maps):
        back = torch.zeros_like(maps)
        back[:, 1, 3, 2] = 1.0
        return back

    found = way_back(network, inputs, layer(network, inputs, "4"), Deconvolution(), start)[0]
    close(found, wanted.detach(), 1e-4)


def test_batches_do_not_matter():
    network, inputs = convolutional()
    one, many = (
        deconvnet(network, inputs, DeconvNetSettings(layer="4", channel=3, batch=size))[0]
        for size in (1, 64)
    )
    close(one, many)


@pytest.mark.parametrize(
    "settings",
    [CNNSettings(), CNNSettings(unit="residual", pooling="max"), CNNSettings(unit="inception")],
)
def test_the_jets_networks_have_a_way_back_to_the_image(settings):
    torch.manual_seed(0)
    network = explained(cnn(settings))
    image = torch.rand(2, 25, 25) * 20
    found = deconvnet(network, [image], DeconvNetSettings(layer="features.1", channel=1))[0]
    assert found.shape == image.shape
    assert found.flatten(1).any(dim=1).all()


def test_a_network_of_another_kind_is_refused():
    network = explained(cnn(CNNSettings(activation="elu")))
    with pytest.raises(CascadeError, match="no way back through torch's 'elu'"):
        deconvnet(network, [torch.rand(2, 25, 25)], DeconvNetSettings(layer="features.1"))
    points, inputs = cloud()
    with pytest.raises(CascadeError, match="images and traces"):
        deconvnet(points, inputs, DeconvNetSettings(layer="row"))


def test_a_channel_that_is_not_there_is_a_users_mistake():
    network, inputs = convolutional()
    with pytest.raises(CascadeError, match="the layer has 4"):
        deconvnet(network, inputs, DeconvNetSettings(layer="4", channel=4))
