"""What each kind of operation does with relevance, and that nothing goes past unseen."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cascade.errors import CascadeError
from cascade.introspection.explained import Explained
from cascade.introspection.relevance import account, relevance
from cascade.introspection.settings import RelevanceSettings
from cascade.layers.edge_convolution import EdgeConvolution
from cascade.layers.neighbours import nearest

FIRST = torch.zeros(3, dtype=torch.int64)
ZERO = RelevanceSettings(rule="zero")


class Formula(nn.Module):
    """A function as a module."""

    def __init__(self, function, **parts):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, *x):
        return self.function(self, *x)


def explain(function, *inputs, settings=ZERO, **parts):
    """Return the relevance of each input, and the score."""
    names = tuple(f"x{number}" for number in range(len(inputs)))
    explained = Explained(Formula(function, **parts).eval(), names, lambda output: output)
    return relevance(explained, list(inputs), settings), explained.score(*inputs)


def pair(seed=1):
    torch.manual_seed(seed)
    return torch.randn(3, 4).double(), torch.randn(3, 4).double()


CONSERVING = {
    "add": lambda x, y: (x + y).sum(1),
    "sub": lambda x, y: (2 * x - y / 3).sum(1),
    "shift": lambda x, y: F.linear(torch.cat([1 - (x - 2), 3 + y], 1), torch.ones(1, 8).double())[
        :, 0
    ],
    "cumsum": lambda x, y: x.cumsum(1).mean(1) + y[:, 0],
    "stack": lambda x, y: torch.stack([x, y], 1).flip(1).flatten(1)[:, 1:7].sum(1),
    "functions": lambda x, y: (torch.exp(x / 9) + torch.log1p(y**2) + x.abs().sqrt()).sum(1),
    "modulus": lambda x, y: torch.complex(x, y).abs().sum(1),
    "fourier": lambda x, y: torch.fft.irfft(torch.fft.rfft(x) * (1 + 2j)).sum(1) + y.mean(1),
    "largest": lambda x, y: torch.maximum(x, y).amax(1) + x.max(1).values + y.sort(1).values[:, 2],
    "soft_largest": lambda x, y: torch.logsumexp(x, 1) + y.median(1).values,
    "product": lambda x, y: (x * y).sum(1),
    "square": lambda x, y: (x * x).sum(1) + (y @ y.T).diagonal(),
    "einsum": lambda x, y: torch.einsum("bi,bj,b->b", x, y, x[:, 0]),
    "quotient": lambda x, y: (x / (1 + y**2)).sum(1),
    "norm": lambda x, y: torch.linalg.vector_norm(x, dim=1) + F.normalize(y, dim=1).sum(1),
    "gate": lambda x, y: (x * torch.sigmoid(y)).sum(1),
    "attention": lambda x, y: (torch.softmax(x[:, None] * y[:, :, None], 2) @ x[..., None]).sum(
        (1, 2)
    ),
    "interpolation": lambda x, y: F.interpolate(x[:, None], 9, mode="linear").sum((1, 2)) + y[:, 1],
    "writing": lambda x, y: torch.zeros_like(x).index_copy(1, torch.arange(4), y).sum(1) + x[:, 0],
}


@pytest.mark.parametrize("name", CONSERVING)
def test_operations_without_bias_conserve_relevance(name):
    found, score = explain(lambda _, x, y: CONSERVING[name](x, y), *pair())
    assert torch.allclose(sum(part.sum(1) for part in found), score, rtol=1e-6)


def test_gates_and_denominators_take_nothing():
    x, y = pair()
    for function in (
        lambda _, x, y: (x * torch.sigmoid(y)).sum(1),
        lambda _, x, y: (torch.exp(-y).unsqueeze(1).squeeze(1) * 2 * x).sum(1),
        lambda _, x, y: (x * (1 - torch.softmax(y, 1))).sum(1),
        lambda _, x, y: (x / (3 + y)).sum(1),
        lambda _, x, y: (torch.linalg.inv(y[:, :2, None] * torch.eye(2)) @ x[:, :2, None]).sum(
            (1, 2)
        ),
    ):
        (of_x, of_y), score = explain(function, x, y)
        assert torch.allclose(of_x.sum(1), score, rtol=1e-6)
        assert of_y.count_nonzero() == 0


def test_the_origin_of_the_score_keeps_its_share():
    x = torch.tensor([[2.0]])
    explained = Explained(
        Formula(lambda _, x: 7 + F.linear(x - 1, torch.tensor([[3.0]])).squeeze(1)),
        ("x",),
        lambda output: output,
    )
    found = account(explained, [x], ZERO)
    assert (found.score, found.relevance["x"], found.kept["add"]) == pytest.approx((10, 3, 7))


def test_factors_take_equal_shares():
    x, y = pair()
    (of_x, of_y), _ = explain(lambda _, x, y: (x * y).sum(1), x, y)
    assert torch.allclose(of_x, x * y / 2, rtol=1e-6)
    assert torch.allclose(of_y, x * y / 2, rtol=1e-6)


def test_the_winner_takes_all():
    x = torch.tensor([[1.0, 4.0, 2.0, -5.0]])
    (found,), _ = explain(lambda _, x: F.max_pool1d(x[:, None], 2).sum((1, 2)), x)
    assert found.tolist() == [[0, 4, 2, 0]]


def test_writing_in_place_is_seen():
    def in_place(_, x, y):
        total = torch.zeros_like(x)
        total += x
        total.mul_(3)
        total.relu_()
        total[:, 1] = y[:, 1]
        total.scatter_add_(1, torch.tensor([[0, 0, 2, 3]] * 3), y)
        return total.sum(1)

    def plain(_, x, y):
        total = torch.relu(3 * x)
        columns = [total[:, 0] + y[:, :2].sum(1), y[:, 1], total[:, 2] + y[:, 2]]
        return torch.stack([*columns, total[:, 3] + y[:, 3]], 1).sum(1)

    found, score = explain(in_place, *pair())
    wanted, same = explain(plain, *pair())
    assert torch.allclose(score, same)
    for here, there in zip(found, wanted, strict=True):
        assert torch.allclose(here, there, rtol=1e-6)


def test_normalisations():
    torch.manual_seed(2)
    batch, layer = nn.BatchNorm1d(4), nn.LayerNorm(4)
    for norm in (batch, layer):
        nn.init.normal_(norm.weight)
    batch.running_var.uniform_(0.5, 2)
    (found,), score = explain(lambda self, x: self.norm(x).sum(1), torch.randn(3, 4), norm=batch)
    assert torch.allclose(found.sum(1), score, rtol=1e-4)
    (found,), score = explain(lambda self, x: self.norm(x).sum(1), torch.randn(3, 4), norm=layer)
    assert torch.allclose(found.sum(1), score, rtol=1e-4)


def test_a_normalisation_by_the_batch_is_refused():
    explained = Explained(nn.Sequential(nn.BatchNorm1d(1), nn.Flatten(0)), ("x",), lambda o: o)
    with pytest.raises(CascadeError, match=r"call eval\(\) first"):
        relevance(explained, [torch.randn(4, 1)], ZERO)


class Cube(torch.autograd.Function):
    """A function with a backward pass of its own, which no interception sees."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, gradient):
        return 3 * ctx.saved_tensors[0] ** 2 * gradient


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda _, x: Cube.apply(x).sum(1), "Cube"),
        (lambda _, x: Cube.apply(x).flip(0)[:, 1:].sum(1), "Cube"),
        (lambda _, x: torch.linalg.det(x[:, None] * x[:, :, None]), "linalg_det"),
        (lambda _, x: x.prod(1), "prod"),
        (lambda _, x: (x**x).sum(1), "pow"),
        (lambda _, x: torch.zeros(3).scatter_reduce(0, FIRST, x[:, 0], "prod"), "scatter_reduce"),
        (lambda _, x: torch.zeros(3).index_put((FIRST,), x[:, 0], True), "index_put"),
        (lambda _, x: x.clone().erfinv_().sum(1), "erfinv"),
        (lambda _, x: F.linear(x, torch.ones(1, 4), x[0, :1]).sum(1), "bias that is computed"),
        (lambda _, x: F.scaled_dot_product_attention(x, x, x).sum(1), "scaled_dot_product"),
        (lambda self, x: self.layer(x[..., None])[0].sum((1, 2)), "lstm"),
    ],
)
def test_what_has_no_rule_is_named(function, name):
    torch.manual_seed(3)
    with pytest.raises(CascadeError, match=f"no rule for torch's .*{name}") as error:
        explain(function, torch.rand(3, 4), layer=nn.LSTM(1, 2, batch_first=True))
    assert "\n" not in str(error.value)


def test_whole_numbers_and_held_inputs_have_none():
    x, y = pair()
    kinds = torch.tensor([[0], [1], [1]])
    function = lambda _, x, y, kinds: (x + y).gather(1, kinds).squeeze(1)  # noqa: E731
    (of_x, of_y, of_kinds), _ = explain(
        function, x, y, kinds, settings=RelevanceSettings(held=("x1",))
    )
    assert of_x.shape == x.shape
    assert of_y is None
    assert of_kinds is None


def test_the_network_is_left_as_it_was():
    network = nn.Sequential(nn.Linear(4, 1), nn.Flatten(0))
    network[0].bias.requires_grad_(False)
    relevance(Explained(network, ("x",), lambda output: output), [torch.randn(2, 4)], ZERO)
    assert [parameter.requires_grad for parameter in network.parameters()] == [True, False]


def test_constants_beside_what_carries_relevance_are_told_apart():
    explained = Explained(
        Formula(lambda _, x: torch.cat([x, torch.ones(len(x), 1)], 1).sum(1)),
        ("x",),
        lambda output: output,
    )
    found = account(explained, [torch.full((2, 3), 2.0)], ZERO)
    assert (found.score, found.relevance["x"], found.unaccounted) == pytest.approx((14, 12, 2))


@pytest.mark.parametrize("rule", ["zero", "epsilon", "gamma", "composite"])
@pytest.mark.parametrize("aggregation", ["max", "mean", "sum"])
def test_edge_convolutions_of_both_libraries_agree(aggregation, rule):
    geometric = pytest.importorskip("torch_geometric.nn")
    torch.manual_seed(4)
    ours = EdgeConvolution(3, 6, 4, aggregation).double()
    theirs = geometric.EdgeConv(nn.Sequential(ours.first, nn.ReLU(), ours.second), aggregation)
    points = torch.randn(2, 9, 3).double()
    near = nearest(points, 4)
    source = (near + 9 * torch.arange(2)[:, None, None]).flatten()
    edges = torch.stack([source, torch.arange(18).repeat_interleave(4)])
    settings = RelevanceSettings(rule=rule)

    def score(self, x):
        return torch.relu(self.layer(x, near)).sum((1, 2))

    def score_of_edges(self, x):
        return torch.relu(self.layer(x.flatten(0, 1), edges)).unflatten(0, (2, 9)).sum((1, 2))

    (found,), same = explain(score, points, settings=settings, layer=ours)
    (wanted,), other = explain(score_of_edges, points, settings=settings, layer=theirs)
    assert torch.allclose(same, other)
    if rule == "epsilon":  # relative to all edges of a cloud, or to one edge
        assert torch.allclose(found, wanted, atol=0.02 * float(wanted.abs().max()))
    else:
        assert torch.allclose(found, wanted, rtol=1e-5, atol=1e-9)
    assert "_convolve" not in vars(ours)
