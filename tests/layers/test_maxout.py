import pytest
import torch

from cascade.layers.maxout import MaxOut


def test_equals_a_loop_over_its_pieces():
    torch.manual_seed(0)
    layer = MaxOut(6, 4, pieces=3)
    torch.nn.init.normal_(layer.linear.bias)
    x = torch.randn(5, 6)
    weight, bias = layer.linear.weight, layer.linear.bias
    expected = torch.stack(
        [
            torch.stack([x @ weight[3 * i + j] + bias[3 * i + j] for j in range(3)]).max(dim=0)[0]
            for i in range(4)
        ],
        dim=1,
    )
    torch.testing.assert_close(layer(x), expected)


def test_is_convex():
    torch.manual_seed(0)
    layer = MaxOut(6, 4, pieces=5)
    a, b = torch.randn(2, 100, 6)
    assert (layer((a + b) / 2) <= (layer(a) + layer(b)) / 2 + 1e-5).all()


def test_two_pieces_keep_the_mean_square_of_the_signal():
    torch.manual_seed(0)
    x = torch.randn(500, 300)
    assert MaxOut(300, 400, pieces=2)(x).square().mean().item() == pytest.approx(1, rel=0.05)
