"""Small networks whose explanations are known, or can be worked out slowly."""

from __future__ import annotations

import torch
from torch import nn

from cascade.introspection.explained import Explained
from cascade.layers.ragged import Ragged


def explained(network, *fields, number=lambda output: output):
    return Explained(network.eval().requires_grad_(False), fields or ("image",), number)


class Cloud(nn.Module):
    """Rows of several fields, one of them whole numbers, summed up per event."""

    def __init__(self):
        super().__init__()
        self.kind = nn.Embedding(3, 4)
        self.row = nn.Linear(5, 4)
        self.event = nn.Linear(4, 1)

    def forward(self, kind, position, energy):
        rows = torch.cat([position.values, torch.sin(energy.values)[:, None]], dim=1)
        rows = torch.tanh(self.row(rows) + self.kind(kind.values))
        return self.event(position.with_values(rows).mean()).squeeze(1)


def cloud(counts=(3, 0, 5, 1), seed=0):
    """Return a network on ragged events, and some of these."""
    torch.manual_seed(seed)
    counts = torch.tensor(counts)
    rows = int(counts.sum())
    inputs = [
        Ragged(torch.randint(3, (rows,)), counts),
        Ragged(torch.randn(rows, 4), counts),
        Ragged(torch.randn(rows), counts),
    ]
    return explained(Cloud(), "kind", "position", "energy"), inputs


def convolutional(*, pooling=True, bias=True, head="flatten", seed=0, size=12):
    """Return a network on images (B, 2, size, size), and five of them."""
    torch.manual_seed(seed)
    pool = nn.MaxPool2d(2) if pooling else nn.Identity()
    length = size // 2 if pooling else size
    last = [nn.Flatten(), nn.Linear(4 * length**2, 1, bias=bias)]
    if head == "mean":
        last = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3, bias=bias)]
    network = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1, bias=bias),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        pool,
        nn.Conv2d(3, 4, 3, padding=1, bias=bias),
        nn.ReLU(),
        *last,
    )
    network[1].running_var.uniform_(0.5, 2)
    network[1].running_mean.normal_()
    return explained(network, number=lambda output: output[:, 0]), [torch.randn(5, 2, size, size)]


def linear(size=6, seed=0):
    """Return a linear network that looks at the top left corner alone, its weights, and events."""
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Flatten(), nn.Linear(size * size, 1), nn.Flatten(0))
    truth = torch.zeros(size, size, dtype=torch.bool)
    truth[:2, :2] = True
    with torch.no_grad():
        network[1].weight.copy_(truth.flatten().float() * torch.rand(size * size).add(0.5))
    return explained(network), truth, [torch.rand(40, size, size)]
