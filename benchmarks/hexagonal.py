"""How fast hexagonal convolutions are: ours against hexagdly and against torch's square kernels.

Forward and backward pass, weights and input both with gradients. A square kernel of 2k + 1 pixels
has (2k + 1)² taps, a hexagonal one of radius k has 3k(k + 1) + 1; the limit is a square kernel's
time in proportion to its taps. With the same weights hexagdly and ours give the same maps, which is
checked first. hexagdly makes many arrays in between: how long the system takes to hand out their
memory differs by a third from process to process, so that medians over several are given.
hexagdly: Steppa and Holch, SoftwareX 9 (2019) 193, https://github.com/ai4iacts/hexagdly.

    python benchmarks/hexagonal.py --processes 15
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import hexagdly
import torch
from torch import nn

from cascade.layers.hexagonal import HexagonalConv2d, hexagon, to_axial, to_offset
from comparison import OURS, Row, at_least, at_most, in_turns, main

WARM_UP = 10
FASTER = {1: 3.0, 2: 2.5}
"""How many times hexagdly's speed ours shall have, by radius."""
SQUARE = 1.15
"""How many times a square kernel's time ours may take."""


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


def passes(layer: nn.Module, x: torch.Tensor) -> Callable[[int], None]:
    """Return what goes forward and backward through a layer."""
    gradient = torch.randn_like(layer(x))

    def run(turn: int) -> None:
        x.grad = None
        layer.zero_grad()
        layer(x).backward(gradient)

    return run


def rows(options: argparse.Namespace) -> list[Row]:
    if options.processes == 1:
        return measured(options)
    return [median(same) for same in zip(*apart(options), strict=True)]


def apart(options: argparse.Namespace) -> list[list[Row]]:
    """Return the rows of each of several processes."""
    line = [sys.executable, __file__, "--processes", "1"]
    for name in ("batch", "channels", "cells", "repeats", "threads"):
        line += [f"--{name}", str(getattr(options, name))]
    with tempfile.TemporaryDirectory() as folder:
        path, found = Path(folder) / "rows.json", []
        for _ in range(options.processes):
            said = subprocess.run([*line, "--json", path], stdout=subprocess.PIPE, text=True)
            if said.returncode > 1:  # 1: a bar is missed
                raise RuntimeError(f"{' '.join(line)} failed")
            found.append([Row.read(plain) for plain in json.loads(path.read_text())])
        return found


def median(same: Sequence[Row]) -> Row:
    """Return the medians of a row of several processes."""
    middle = {
        name: statistics.median(getattr(row, name) for row in same)
        for name in ("ours", "peer", "ratio", "limit")
        if getattr(same[0], name) is not None
    }
    return replace(same[0], **middle)


def measured(options: argparse.Namespace) -> list[Row]:
    """Return the rows of this process."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    channels, shape = options.channels, (options.batch, options.channels, *[options.cells] * 2)
    found = []
    for radius in (1, 2):
        check_same(radius)
        side = 2 * radius + 1
        square = f"square {side} × {side}"
        layers = {
            OURS: HexagonalConv2d(channels, channels, radius),
            "hexagdly": hexagdly.Conv2d(channels, channels, radius),
            square: nn.Conv2d(channels, channels, side, padding=radius),
        }
        x = torch.randn(shape, requires_grad=True)
        turns = in_turns(
            {name: passes(layer, x) for name, layer in layers.items()}, options.repeats, WARM_UP
        )
        what = f"hexagonal convolution, radius {radius}"
        beside = turns.row(what, peer=square, bar=at_most(SQUARE))
        taps = (3 * radius * (radius + 1) + 1) / side**2
        limit = {"limit": taps * beside.peer, "limited_by": "square, as many taps"}
        bar = at_least(FASTER[radius])
        found += [replace(turns.row(what, peer="hexagdly", bar=bar), **limit), beside]
    return found


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--channels", type=int, default=16, help="in and out")
    parser.add_argument("--cells", type=int, default=15, help="along a side of the maps")
    parser.add_argument("--repeats", type=int, default=50)
    parser.add_argument("--processes", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
