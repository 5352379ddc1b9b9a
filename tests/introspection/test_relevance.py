"""Relevance is conserved, agrees with slow and with others' code, has the network's symmetry."""

from __future__ import annotations

import copy
import gc

import pytest
import torch
from captum.attr import LRP
from captum.attr._utils.lrp_rules import EpsilonRule
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from torch import nn

from cascade.errors import CascadeError
from cascade.introspection.explained import Explained
from cascade.introspection.gradients import gradient_times_input
from cascade.introspection.relevance import account, relevance
from cascade.introspection.relevance_propagation import Propagation
from cascade.introspection.settings import AttributionSettings, RelevanceSettings
from cascade.layers.convolution import convolution_unit
from cascade.layers.edge_convolution import EdgeConvolution
from cascade.layers.hexagonal import HexagonalConv2d, hexagon
from cascade.layers.hexagonal_groups import GroupConv2d, LiftingConv2d, group_pool
from cascade.layers.hexagonal_pooling import HexagonalMaxPool2d, HexagonalMeanPool2d
from cascade.layers.hexagonal_symmetry import rotate
from cascade.layers.inception import InceptionUnit
from cascade.layers.neighbours import nearest
from cascade.layers.ragged import Ragged
from cascade.layers.residual import ResidualUnit

RULES = ("zero", "epsilon", "gamma", "composite")
CELLS = hexagon(4)


class Graph(nn.Module):
    """Two edge convolutions on points (B, N, 3), with the nearest neighbours in space."""

    def __init__(self, aggregation="max", layer=EdgeConvolution):
        super().__init__()
        self.layers = nn.ModuleList([layer(3, 8, 6, aggregation), layer(6, 8, 4, aggregation)])
        self.out = nn.Linear(4, 1)

    def forward(self, points):
        near = nearest(points, 4)
        for layer in self.layers:
            points = torch.relu(layer(points, near))
        return self.out(points.mean(dim=1)).squeeze(1)


class Sets(nn.Module):
    """Dense layers on ragged rows, then their sum, mean and largest."""

    def __init__(self):
        super().__init__()
        self.rows = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 5), nn.ReLU())
        self.out = nn.Linear(15, 1)

    def forward(self, rows):
        said = rows.with_values(self.rows(rows.values))
        return self.out(torch.cat([said.sum(), said.mean(), said.max()], dim=1)).squeeze(1)


class Group(nn.Module):
    """Lifting and group convolution on a hexagonal array, one number that does not turn."""

    def __init__(self):
        super().__init__()
        self.lift = LiftingConv2d(2, 3, 1, mask=CELLS)
        self.further = GroupConv2d(3, 4, 1, mask=CELLS)
        self.out = nn.Linear(4, 1)

    def forward(self, x):
        x = torch.relu(self.further(torch.relu(self.lift(x))))
        return self.out(group_pool(x).mean((-2, -1))).squeeze(1)


def head(channels):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1))


def dense(inputs=6):
    return nn.Sequential(
        nn.Linear(inputs, 8), nn.ReLU(), nn.Linear(8, 7), nn.ReLU(), nn.Linear(7, 1)
    )


def convolutional():
    return nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 5, 3, padding=1), nn.ReLU(inplace=True), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(5, 1),
    )  # fmt: skip


def hexagonal():
    return nn.Sequential(
        HexagonalConv2d(2, 4, 1, mask=CELLS), nn.ReLU(),
        HexagonalMaxPool2d(mask=CELLS, stride=1), HexagonalConv2d(4, 4, 1, mask=CELLS), nn.ReLU(),
        HexagonalMeanPool2d(mask=CELLS), nn.Flatten(), nn.Linear(4 * 25, 1),
    )  # fmt: skip


def residual():
    unit = ResidualUnit(4, 6, 3, activate="relu")
    nn.init.normal_(unit.branch[-1].weight, std=0.2)
    return nn.Sequential(convolution_unit(2, 4, 3, activate="relu"), unit, nn.ReLU(), head(6))


NETWORKS = {
    "dense": lambda: nn.Sequential(nn.Flatten(), dense(2 * 81)),
    "convolutional": convolutional,
    "residual": residual,
    "inception": lambda: nn.Sequential(InceptionUnit(2, 8, activate="relu"), head(8)),
    "hexagonal": hexagonal,
    "group": Group,
    "graph_max": Graph,
    "graph_mean": lambda: Graph("mean"),
    "graph_sum": lambda: Graph("sum"),
    "sets": Sets,
}


def build(name, bias=False, seed=1):
    """Return a network in double precision with a score (B,), its biases random or 0."""
    torch.manual_seed(seed)
    network = NETWORKS[name]().double().eval()
    for parameter_name, parameter in network.named_parameters():
        if parameter_name.endswith("bias"):
            nn.init.normal_(parameter, std=0.1 if bias else 0.0)
    network = network if isinstance(network, Graph | Group | Sets) else with_score(network)
    return Explained(network.requires_grad_(False), ("x",), lambda output: output)


def with_score(network):
    return nn.Sequential(network, nn.Flatten(0))


def inputs(name, events=4, seed=2):
    torch.manual_seed(seed)
    if name.startswith("graph"):
        return [torch.randn(events, 12, 3).double()]
    if name == "sets":
        counts = torch.tensor([3, 0, 5, 1])[:events]
        return [Ragged(torch.randn(int(counts.sum()), 3).double(), counts)]
    images = torch.randn(events, 2, 9, 9).double()
    return [images * CELLS if name in ("hexagonal", "group") else images]


def values(found):
    return found[0].values if isinstance(found[0], Ragged) else found[0]


def per_event(found):
    x = found[0]
    if isinstance(x, Ragged):
        return x.with_values(x.values.sum(1)).sum()
    return x.flatten(1).sum(1)


def settings(rule, **others):
    return RelevanceSettings(rule=rule, **others)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", NETWORKS)
def test_relu_networks_without_bias_conserve_the_score(name, rule):
    explained, x = build(name), inputs(name)
    score = explained.score(*x)
    found = relevance(explained, x, settings(rule))
    assert score.abs().mean() > 0.01
    assert (per_event(found) - score).abs().max() < 0.01 * score.abs().mean()


@pytest.mark.parametrize("name", NETWORKS)
def test_lrp_0_without_bias_is_gradient_times_input(name):
    explained, x = build(name), inputs(name)
    found = relevance(explained, x, settings("zero"))
    wanted = gradient_times_input(explained, x, AttributionSettings())
    assert torch.allclose(values(found), values(wanted), rtol=1e-4, atol=1e-5)


def slow_layer(x, weight, bias, out_relevance, rule, epsilon, gamma):
    """Share out the relevance of one event's linear layer, connection by connection."""
    outputs, inputs_ = weight.shape
    z = [sum(weight[k, j] * x[j] for j in range(inputs_)) + bias[k] for k in range(outputs)]
    mean = sum(abs(zk) for zk in z) / outputs
    shares = torch.zeros(inputs_).double()
    for k in range(outputs):
        terms = [*(weight[k, j] * x[j] for j in range(inputs_)), bias[k]]
        if rule == "gamma":
            sign = 1 if z[k] >= 0 else -1
            terms = [term * (1 + gamma) if sign * term > 0 else term for term in terms]
        total = sum(terms)
        if rule == "epsilon" and outputs > 1:
            total = total + (epsilon if z[k] >= 0 else -epsilon) * mean
        for j in range(inputs_):
            shares[j] += terms[j] / total * out_relevance[k]
    return shares


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
def test_dense_networks_agree_with_a_slow_reference(rule, activation):
    torch.manual_seed(3)
    layers = [nn.Linear(*shape).double() for shape in ((5, 6), (6, 6), (6, 4), (4, 1))]
    acts = [activation() for _ in layers[:-1]]
    network = nn.Sequential(
        *(part for pair in zip(layers, acts, strict=False) for part in pair), layers[-1]
    )
    x = torch.randn(3, 5).double()
    explained = Explained(with_score(network), ("x",), lambda output: output)
    found = relevance(explained, [x], settings(rule, epsilon=0.2, gamma=0.4))[0]
    rules = ["gamma", "gamma", "epsilon", "zero"] if rule == "composite" else [rule] * 4
    for event, relevances in zip(x, found, strict=True):
        seen = [event]
        for layer, act in zip(layers[:-1], acts, strict=True):
            seen.append(act(layer(seen[-1])).detach())
        wanted = layers[-1](seen[-1]).detach()
        for layer, here, kind in zip(layers[::-1], seen[::-1], rules[::-1], strict=True):
            wanted = slow_layer(
                here, layer.weight.detach(), layer.bias.detach(), wanted, kind, 0.2, 0.4
            )
        assert torch.allclose(relevances, wanted, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("make", [dense, convolutional])
def test_captum_agrees(make):
    torch.manual_seed(4)
    network = make()
    x = torch.rand(3, 6) if make is dense else torch.rand(3, 2, 9, 9)
    x.requires_grad_()
    others = copy.deepcopy(network)
    for layer in others:
        if isinstance(layer, nn.ReLU):
            layer.inplace = False
        if isinstance(layer, nn.Flatten):
            layer.rule = EpsilonRule()
    explained = Explained(with_score(network), ("x",), lambda output: output)
    found = relevance(explained, [x], settings("zero"))[0]
    wanted = LRP(others).attribute(x, target=0).detach()
    assert torch.allclose(found, wanted, atol=1e-4 * float(wanted.abs().max()))


def test_captum_agrees_on_epsilon():
    """Captum's ε is one number a layer: that of one event."""
    torch.manual_seed(5)
    network, x = dense(), torch.rand(1, 6, requires_grad=True)
    explained = Explained(with_score(network), ("x",), lambda output: output)
    found = relevance(explained, [x], settings("epsilon", epsilon=0.3))[0]
    seen, others = x, copy.deepcopy(network)
    for layer, other in zip(network, others, strict=True):
        seen = layer(seen).detach()
        if isinstance(layer, nn.Linear):
            several = seen.shape[1] > 1
            other.rule = EpsilonRule(0.3 * float(seen.abs().mean()) if several else 1e-9)
    wanted = LRP(others).attribute(x, target=0).detach()
    assert torch.allclose(found, wanted, atol=1e-4 * float(wanted.abs().max()))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", NETWORKS)
def test_an_event_is_explained_the_same_in_any_batch(name, rule):
    explained, x = build(name, bias=True), inputs(name)
    whole = relevance(explained, x, settings(rule, epsilon=0.1))
    for batch in (1, 3):
        parts = relevance(explained, x, settings(rule, epsilon=0.1, batch=batch))
        assert torch.allclose(values(whole), values(parts), rtol=1e-6, atol=1e-10)


@hypothesis_settings(max_examples=10)
@given(order=st.permutations(range(12)), rule=st.sampled_from(RULES))
def test_relevance_follows_the_points_of_a_cloud(order, rule):
    explained, (x,) = build("graph_max", bias=True), inputs("graph_max", events=1)
    found = relevance(explained, [x], settings(rule))[0]
    moved = relevance(explained, [x[:, order]], settings(rule))[0]
    assert torch.allclose(moved, found[:, order], rtol=1e-6, atol=1e-10)


@hypothesis_settings(max_examples=10)
@given(down=st.integers(0, 5), right=st.integers(0, 5), rule=st.sampled_from(RULES))
def test_relevance_follows_the_image(down, right, rule):
    torch.manual_seed(6)
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.ReLU(), head(4), nn.Flatten(0)
    ).double()
    explained = Explained(network, ("x",), lambda output: output)
    x = torch.zeros(1, 1, 16, 16).double()
    x[..., 4:7, 4:7] = torch.rand(3, 3).double()
    shift = {"shifts": (down, right), "dims": (2, 3)}
    found = relevance(explained, [x], settings(rule))[0]
    moved = relevance(explained, [x.roll(**shift)], settings(rule))[0]
    assert torch.allclose(moved, found.roll(**shift), rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("rule", ["zero", "gamma"])  # ε looks at cells that do not exist too
@pytest.mark.parametrize("turns", [1, 2, 5])
def test_relevance_turns_with_the_event(rule, turns):
    explained, (x,) = build("group", bias=True), inputs("group")
    found = relevance(explained, [x], settings(rule))[0]
    turned = relevance(explained, [rotate(x, turns)], settings(rule))[0]
    assert torch.allclose(turned, rotate(found, turns), rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_share_is_accounted_for(name, rule):
    explained, x = build(name, bias=True), inputs(name)
    found = account(explained, x, settings(rule, epsilon=0.1, batch=3))
    assert found.score == pytest.approx(float(explained.score(*x).sum()))
    given_ = relevance(explained, x, settings(rule, epsilon=0.1))
    assert found.relevance["x"] == pytest.approx(float(values(given_).sum()))
    assert found.unaccounted == pytest.approx(0, abs=1e-6)
    assert sum(abs(kept) for kept in found.kept.values()) > 1e-3  # biases


def test_a_bias_keeps_its_share():
    layer = nn.Linear(1, 1)
    with torch.no_grad():
        layer.weight.fill_(2.0)
        layer.bias.fill_(3.0)
    explained = Explained(with_score(layer), ("x",), lambda output: output)
    found = account(explained, [torch.ones(1, 1)], settings("zero"))
    assert (found.score, found.relevance["x"], found.kept["linear"]) == pytest.approx((5, 2, 3))


def test_settings_must_name_inputs():
    explained, x = build("dense"), inputs("dense")
    with pytest.raises(CascadeError, match="held: no input field 'y'"):
        relevance(explained, x, settings("zero", held=("y",)))
    with pytest.raises(CascadeError, match="depends on no input"):
        relevance(explained, x, settings("zero", held=("x",)))


def test_nothing_is_left_in_memory_of_a_batch():
    network, events = build("convolutional"), inputs("convolutional")
    relevance(network, events, settings("epsilon"))
    kept = alive()
    for _ in range(3):
        relevance(network, events, settings("epsilon"))
    assert alive() == kept


def alive():
    """Return how many graphs of a propagation anything still holds."""
    gc.collect()
    return sum(type(x) is Propagation for x in gc.get_objects())
