"""Batch normalisation over processes: that of one process, if it has the whole batch."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import distributed, nn

from cascade.layers.hexagonal_normalisation import HexagonalBatchNorm
from cascade.training.normalisation import normalise_together

MASK = torch.tensor([[True, True, False], [True, True, True]])


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.BatchNorm1d(4), (7, 4)),
        (nn.BatchNorm1d(4, affine=False, momentum=None), (7, 4, 5)),
        (nn.BatchNorm2d(4, track_running_stats=False), (7, 4, 3, 5)),
        (HexagonalBatchNorm(4, mask=MASK), (7, 4, 2, 3)),
        (HexagonalBatchNorm(4, mask=MASK), (7, 4, 6, 2, 3)),
    ],
)
def test_alone_it_is_what_it_was(monkeypatch, layer, shape):
    monkeypatch.setattr(distributed, "all_reduce", lambda sums: None)
    torch.manual_seed(1)
    shared = deepcopy(layer)
    normalise_together(shared)
    assert isinstance(shared, type(layer))
    for _ in range(2):
        first, second = torch.randn(2, *shape) * 3 + 2
        inputs = [first.clone().requires_grad_() for _ in range(2)]
        outputs = [one(x) for one, x in zip((layer, shared), inputs, strict=True)]
        torch.testing.assert_close(*outputs)
        for output in outputs:
            (output * second).sum().backward()
        torch.testing.assert_close(*(x.grad for x in inputs), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(shared.state_dict(), layer.state_dict())
    torch.testing.assert_close(*(one.eval()(first) for one in (layer, shared)))
