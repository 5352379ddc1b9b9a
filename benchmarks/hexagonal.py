"""How fast hexagonal convolutions are: ours against hexagdly and against torch's square kernels.

Forward and backward pass, weights and input both with gradients. The sides take turns in one
process; the medians of their times are given, and of the ratios of times of the same turn. A
square kernel of 2k + 1 pixels has (2k + 1)² taps, a hexagonal one of radius k has 3k(k + 1) + 1.
With the same weights hexagdly and ours give the same maps, which is checked first. hexagdly makes
many arrays in between: how long the system takes to hand out their memory differs by process.
hexagdly: Steppa and Holch, SoftwareX 9 (2019) 193, https://github.com/ai4iacts/hexagdly.

    python benchmarks/hexagonal.py --repeats 200
"""

from __future__ import annotations

import argparse
import statistics
import time

import hexagdly
import torch
from torch import nn

from cascade.layers.hexagonal import HexagonalConv2d, hexagon, to_axial, to_offset

WARM_UP = 10


def check_same(radius: int) -> None:
    """Raise if hexagdly and ours differ with the same weights.

    hexagdly stores offset columns, and of its kernels the i-th holds the columns i steps away.
    """
    ours, theirs = HexagonalConv2d(2, 3, radius), hexagdly.Conv2d(2, 3, radius)
    rows = [ours.kernel()[:, :, row][..., kept] for row, kept in enumerate(hexagon(radius))]
    with torch.no_grad():
        theirs.bias_tensor.zero_()
        theirs.kernel0.copy_(rows[radius][..., None])
        for i in range(1, radius + 1):
            pair = torch.stack([rows[radius - i], rows[radius + i]], dim=-1)
            getattr(theirs, f"kernel{i}").copy_(pair)
    x = torch.randn(2, 2, 10, 9)
    torch.testing.assert_close(to_offset(ours(to_axial(x)), 9), theirs(x.mT).mT)


def seconds(layer: nn.Module, x: torch.Tensor, gradient: torch.Tensor) -> float:
    """Return the time of a forward and a backward pass."""
    x.grad = None
    layer.zero_grad()
    start = time.perf_counter()
    layer(x).backward(gradient)
    return time.perf_counter() - start


def in_turns(layers: dict[str, nn.Module], x: torch.Tensor, repeats: int) -> dict[str, list[float]]:
    """Return the times of each layer [s], turn by turn."""
    gradients = {name: torch.randn_like(layer(x)) for name, layer in layers.items()}
    taken = {name: [] for name in layers}
    for turn in range(WARM_UP + repeats):
        for name, layer in layers.items():
            time_taken = seconds(layer, x, gradients[name])
            if turn >= WARM_UP:
                taken[name].append(time_taken)
    return taken


def report(title: str, taken: dict[str, list[float]]) -> None:
    """Print times, and ratios to the first layer's time."""
    ours = next(iter(taken.values()))
    for name, times in taken.items():
        ratio = statistics.median(time / own for time, own in zip(times, ours, strict=True))
        print(
            f"{title:12}{name:24}{1e3 * statistics.median(times):12.2f}{1e3 * min(times):12.2f}"
            f"{ratio:12.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--channels", type=int, default=16, help="in and out")
    parser.add_argument("--cells", type=int, default=15, help="along a side of the maps")
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    channels, shape = options.channels, (options.batch, options.channels, *[options.cells] * 2)
    print(f"maps {shape}, {options.repeats} turns, {options.threads} threads, torch", end=" ")
    print(f"{torch.__version__}, forward and backward")
    print(f"{'':36}{'median [ms]':>12}{'least [ms]':>12}{'ratio':>12}")
    for radius in (1, 2):
        check_same(radius)
        side = 2 * radius + 1
        layers = {
            "Cascade": HexagonalConv2d(channels, channels, radius),
            "hexagdly": hexagdly.Conv2d(channels, channels, radius),
            f"torch, square {side} × {side}": nn.Conv2d(channels, channels, side, padding=radius),
        }
        x = torch.randn(shape, requires_grad=True)
        report(f"radius {radius}", in_turns(layers, x, options.repeats))


if __name__ == "__main__":
    main()
