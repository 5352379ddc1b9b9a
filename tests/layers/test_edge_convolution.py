"""Edge convolutions against the plain formula and against PyTorch Geometric."""

from __future__ import annotations

import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from cascade.layers import edge_convolution
from cascade.layers.edge_convolution import EdgeConvolution
from cascade.layers.neighbours import nearest

AGGREGATIONS = ["max", "mean", "sum"]
every_aggregation = pytest.mark.parametrize("aggregation", AGGREGATIONS)


def plain(layer, x, neighbours, edges=None):
    """Return what the layer does, step by step on all edges."""
    there = x[torch.arange(len(x))[:, None, None], neighbours]
    here = x[:, :, None].expand_as(there)
    parts = [here, there - here] if edges is None else [here, there - here, edges]
    said = layer.second(F.relu(layer.first(torch.cat(parts, dim=-1))))
    reduce = {"max": torch.amax, "mean": torch.mean, "sum": torch.sum}[layer.aggregation]
    return reduce(said, dim=2)


def example(aggregation, edge_features=0, number=5):
    """Return a layer in double precision, and what to give it; all want gradients."""
    torch.manual_seed(1)
    layer = EdgeConvolution(3, 6, 4, aggregation, edge_features).double()
    x = torch.randn(2, 11, 3, dtype=torch.float64, requires_grad=True)
    known = [x, nearest(x, number)]
    if edge_features:
        shape = (2, 11, number, edge_features)
        known.append(torch.randn(shape, dtype=torch.float64, requires_grad=True))
    return layer, known


def gradients(out, layer, known):
    wanted = [tensor for tensor in known if tensor.requires_grad]
    return torch.autograd.grad(out.square().sum(), [*wanted, *layer.parameters()])


@every_aggregation
@pytest.mark.parametrize("edge_features", [0, 2])
@pytest.mark.parametrize("chunk", [1, 100, 10**6])  # numbers at a time: one point, some, all
def test_values_and_gradients_are_those_of_the_formula(
    monkeypatch, aggregation, edge_features, chunk
):
    monkeypatch.setattr(edge_convolution, "CHUNK", chunk)
    layer, known = example(aggregation, edge_features)
    out, expected = layer(*known), plain(layer, *known)
    torch.testing.assert_close(out, expected)
    torch.testing.assert_close(gradients(out, layer, known), gradients(expected, layer, known))


@every_aggregation
@pytest.mark.parametrize("edge_features", [0, 2])
def test_gradients_are_those_of_small_steps(aggregation, edge_features):
    layer, (x, neighbours, *edges) = example(aggregation, edge_features)
    parameters = dict(layer.named_parameters())

    def run(x, *rest):
        given = rest[: len(edges)]
        values = dict(zip(parameters, rest[len(edges) :], strict=True))
        return torch.func.functional_call(layer, values, (x, neighbours, *given))

    assert torch.autograd.gradcheck(run, (x, *edges, *parameters.values()))


@every_aggregation
@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_values_and_gradients_are_those_of_pytorch_geometric(aggregation, kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from torch_geometric.nn import EdgeConv
    torch.manual_seed(2)
    layer = EdgeConvolution(8, 16, 12, aggregation).to(kind)
    theirs = EdgeConv(nn.Sequential(layer.first, nn.ReLU(), layer.second), aggr=aggregation)
    x = torch.randn(3, 40, 8, dtype=kind, requires_grad=True)
    neighbours = nearest(x, 6)
    source = (neighbours + 40 * torch.arange(3)[:, None, None]).ravel()
    edges = torch.stack([source, torch.arange(120).repeat_interleave(6)])
    out, expected = layer(x, neighbours), theirs(x.flatten(0, 1), edges).unflatten(0, (3, 40))
    torch.testing.assert_close(out, expected, rtol=1e-5, atol=1e-5)
    # in single precision a ReLU or the largest may fall the other way
    if kind == torch.float64:
        torch.testing.assert_close(gradients(out, layer, [x]), gradients(expected, layer, [x]))


@given(st.permutations(range(11)), st.sampled_from(AGGREGATIONS))
def test_points_turned_round_give_features_turned_round(order, aggregation):
    layer, (x, neighbours) = example(aggregation)
    mixed = x[:, order]
    out = layer(mixed, nearest(mixed, neighbours.shape[2]))
    torch.testing.assert_close(out, layer(x, neighbours)[:, order], rtol=0, atol=1e-5)


@given(st.integers(0, 99), st.sampled_from(AGGREGATIONS))
def test_clouds_do_not_influence_each_other(seed, aggregation):
    layer, (x, neighbours) = example(aggregation)
    before = layer(x, neighbours)
    other = torch.randn(11, 3, dtype=x.dtype, generator=torch.Generator().manual_seed(seed))
    changed = torch.stack([x[0], other])
    after = layer(changed, nearest(changed, neighbours.shape[2]))
    assert torch.equal(after[0], before[0])
    assert not torch.equal(after[1], before[1])
    (gradient,) = torch.autograd.grad(before[0].square().sum(), x)
    assert gradient[0].any()
    assert not gradient[1].any()


@given(st.integers(1, 20), st.sampled_from(AGGREGATIONS))
def test_padding_gives_zeros_and_changes_nothing(number, aggregation):
    layer, (x, neighbours) = example(aggregation, number=number)
    padded = torch.cat([x, torch.full((2, 3, 3), 1e3, dtype=x.dtype)], dim=1)
    mask = torch.arange(14).expand(2, -1) < 11
    out = layer(padded, nearest(padded, number, mask), mask=mask)
    torch.testing.assert_close(out[:, :11], layer(x, neighbours))
    assert not out[:, 11:].any()


def test_equal_edges_share_one_gradient_of_the_largest():
    layer, (x, neighbours) = example("max")
    twice = layer(x, neighbours.repeat(1, 1, 2))
    torch.testing.assert_close(
        gradients(twice, layer, [x]), gradients(layer(x, neighbours), layer, [x])
    )


@every_aggregation
def test_a_second_derivative_is_refused(aggregation):
    layer, (x, neighbours) = example(aggregation)
    with pytest.raises(RuntimeError, match="no second derivative"):
        torch.autograd.grad(layer(x, neighbours).sum(), x, create_graph=True)


@every_aggregation
def test_autocast_does_not_lower_the_precision(aggregation):
    layer, (x, neighbours) = example(aggregation)
    layer, x = layer.float(), x.float().detach().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        out, of_less = layer(x, neighbours), layer(x.bfloat16(), neighbours)
    expected = layer(x, neighbours)
    assert torch.equal(out, expected)
    for value, other in zip(*(gradients(y, layer, [x]) for y in (out, expected)), strict=True):
        assert torch.equal(value, other)
    assert torch.equal(of_less, layer(x.bfloat16().float(), neighbours))


def test_frozen_weights_get_no_gradient():
    layer, (x, neighbours, edges) = example("max", 2)
    layer.requires_grad_(False)
    (gradient,) = torch.autograd.grad(layer(x, neighbours, edges).sum(), edges)
    assert gradient.any()
    with torch.no_grad():
        assert not layer(x, neighbours, edges).requires_grad


def test_edge_features_have_to_be_as_many_as_declared():
    layer, (x, neighbours, edges) = example("mean", 2)
    with pytest.raises(ValueError, match="0 features of an edge, where 2 are expected"):
        layer(x, neighbours)
    with pytest.raises(ValueError, match="1 features of an edge"):
        layer(x, neighbours, edges[..., :1])
