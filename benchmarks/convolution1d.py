"""How fast convolutions over time are with channels side by side: ours against torch's layers.

Forward and backward pass of what the radio study's networks are made of, on as many traces,
channels and times as there: units of convolution, normalisation and ReLU, and kernels of one time
on all channels of several units. With the same weights both give the same, which is checked first.

    python benchmarks/convolution1d.py --repeats 100
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import torch
from torch import Tensor, nn

from cascade.layers.convolution1d import BatchNorm1d, Conv1d, cat
from comparison import OURS, Row, in_turns, main

WARM_UP = 10
PEER = "torch"
KERNEL = 5


class Units(nn.Module):
    """Units one behind the other, (B, channels, times) kept."""

    def __init__(self, convolution: type, normalisation: type, channels: int, units: int):
        super().__init__()
        self.units = nn.ModuleList(
            nn.Sequential(
                convolution(channels, channels, KERNEL, padding=KERNEL // 2, bias=False),
                normalisation(channels),
                nn.ReLU(),
            )
            for _ in range(units)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return what comes out of each unit."""
        found = []
        for unit in self.units:
            x = unit(x)
            found.append(x)
        return found


class Evidence(nn.Module):
    """Kernels of one time on the channels of all units, (B, channels, times) → (B, 8)."""

    def __init__(self, convolution: type, together: Callable[[list[Tensor]], Tensor], units: Units):
        super().__init__()
        self.units, self.together = units, together
        channels = sum(unit[0].out_channels for unit in units.units)
        self.evidence = convolution(channels, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logarithms of sums of exponentials."""
        return torch.logsumexp(self.evidence(self.together(self.units(x))), dim=2)


def passes(network: nn.Module, x: Tensor) -> Callable[[int], None]:
    """Return what goes forward and backward through a network."""

    def run(turn: int) -> None:
        x.grad = None
        network.zero_grad()
        network(x).square().mean().backward()

    return run


def rows(options: argparse.Namespace) -> list[Row]:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    ours = Evidence(Conv1d, cat, Units(Conv1d, BatchNorm1d, options.channels, options.units))
    peer = Evidence(
        nn.Conv1d,
        lambda parts: torch.cat(parts, dim=1),
        Units(nn.Conv1d, nn.BatchNorm1d, options.channels, options.units),
    )
    ours.load_state_dict(peer.state_dict())
    x = torch.randn(options.batch, options.channels, options.times, requires_grad=True)
    torch.testing.assert_close(ours(x), peer(x), rtol=1e-4, atol=1e-4)
    runs = {OURS: passes(ours, x), PEER: passes(peer, x)}
    turns = in_turns(runs, options.repeats, WARM_UP)
    what = f"convolutions over time, {options.units} units of {options.channels} channels"
    return [turns.row(what, peer=PEER)]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--channels", type=int, default=24)
    parser.add_argument("--times", type=int, default=160)
    parser.add_argument("--units", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=60)
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
