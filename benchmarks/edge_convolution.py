"""How fast edge convolutions and nearest neighbours are: ours against PyTorch Geometric and torch.

Edge convolutions with the same weights on the same neighbours, forward and backward, weights and
input both with gradients; that they give the same is checked first. The limit is the time of the
matrix products alone that we cannot do without, in memory that stays in the cache. Memory is what a
process grows by at most, in one of its own for each side (not on Windows). Neighbours of directions
on the sphere are looked for by us, by cdist and topk, and by SciPy's tree, sky by sky. Bars are on
the geometric means over widths and numbers of neighbours.

    python benchmarks/edge_convolution.py --repeats 20
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import sys
import warnings
from collections.abc import Callable
from itertools import product

import torch
from scipy.spatial import cKDTree
from torch import Tensor, nn

from cascade.layers.edge_convolution import EdgeConvolution
from cascade.layers.neighbours import nearest
from comparison import OURS, Row, at_least, in_turns, main

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from torch_geometric.nn import EdgeConv

WARM_UP = 2
INPUTS = 32
WIDTHS = (32, 64)
NEIGHBOURS = (8, 16)
BARS = {"max": 2.5, "mean": 5.0}
"""How many times PyTorch Geometric's speed ours shall have, by aggregation."""
MEMORY, SEARCH = 2.0, 3.0
"""How many times less memory, and how many times the speed of cdist and topk."""
PEER = "PyTorch Geometric"
PRODUCTS = "matrix products"
MB = 2**20
LEAST = 4
"""A growth of nothing counts as a page."""


def sides(
    layer: EdgeConvolution, x: Tensor, neighbours: Tensor
) -> dict[str, Callable[[int], list[Tensor]]]:
    """Return ours and PyTorch Geometric's forward and backward passes: output and gradients."""
    clouds, size, number = neighbours.shape
    theirs = EdgeConv(nn.Sequential(layer.first, nn.ReLU(), layer.second), aggr=layer.aggregation)
    source = neighbours + size * torch.arange(clouds)[:, None, None]
    target = torch.arange(clouds * size).repeat_interleave(number)
    edges = torch.stack([source.flatten(), target])
    upstream = torch.randn(clouds, size, layer.second.out_features, dtype=x.dtype)

    def passes(forward: Callable[[], Tensor]) -> list[Tensor]:
        out = forward()
        wanted = [x, *layer.parameters()]
        return [out, *torch.autograd.grad(out, wanted, upstream)]

    return {
        OURS: lambda turn: passes(lambda: layer(x, neighbours)),
        PEER: lambda turn: passes(lambda: theirs(x.flatten(0, 1), edges).view_as(upstream)),
    }


def check_same(aggregation: str, width: int, number: int) -> None:
    """Raise if the sides differ. In single precision some ReLU would fall the other way."""
    x = torch.randn(2, 100, INPUTS, dtype=torch.float64, requires_grad=True)
    layer = EdgeConvolution(INPUTS, width, width, aggregation).double()
    ours, theirs = (run(0) for run in sides(layer, x, nearest(x, number)).values())
    torch.testing.assert_close(ours, theirs)


def products(aggregation: str, points: int, number: int, width: int) -> Callable[[int], None]:
    """Return what multiplies as many matrices as the layer has to.

    Each matrix is applied to each point (or each of its edges) three times: forward, for the
    gradient of what it is applied to, for its own.
    """
    rows = 4096
    x, hidden = torch.randn(rows, INPUTS), torch.randn(rows, width)
    first, second = torch.randn(INPUTS, 2 * width), torch.randn(width, width)
    out_first, out_second = torch.empty(rows, 2 * width), torch.empty(rows, width)
    often = points * (number if aggregation == "max" else 1)

    def run(turn: int) -> None:
        for _ in range(3 * points // rows):
            torch.mm(x, first, out=out_first)
        for _ in range(3 * often // rows):
            torch.mm(hidden, second, out=out_second)

    return run


def growth(small: Callable[[int], object], run: Callable[[int], object]) -> float:
    """Return what a child process grows by in ``run`` after ``small`` has loaded the code [MB]."""

    def child(connection) -> None:
        small(0)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        run(0)
        connection.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)

    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=child, args=(sender,))
    process.start()
    grown = receiver.recv()
    process.join()
    return max(grown, LEAST) / (MB if sys.platform == "darwin" else 1024)


def convolutions(options: argparse.Namespace) -> list[Row]:
    """Compare edge convolutions: times and memory."""
    x = torch.randn(options.skies, options.points, INPUTS, requires_grad=True)
    cases = []  # memory is measured first, while little of it is left to be used again
    for aggregation, width, number in product(("max", "mean"), WIDTHS, NEIGHBOURS):
        layer, neighbours = EdgeConvolution(INPUTS, width, width, aggregation), nearest(x, number)
        small = sides(layer, x[:1], neighbours[:1])
        runs = sides(layer, x, neighbours)
        grown = {name: growth(small[name], runs[name]) for name in runs}
        cases.append((aggregation, width, number, runs, grown))
    rows, memory = [], []
    for aggregation, width, number, runs, grown in cases:
        check_same(aggregation, width, number)
        limit = products(aggregation, options.skies * options.points, number, width)
        turns = in_turns({**runs, PRODUCTS: limit}, options.repeats, WARM_UP)
        what = f"EdgeConvolution, {aggregation}, {INPUTS} → {width}, k = {number}"
        rows.append(turns.row(what, peer=PEER, limit=PRODUCTS))
        ours, theirs = grown.values()
        memory.append(Row(f"{what}, memory", ours, "MB", theirs, PEER, theirs / ours))
    means = [
        mean(f"EdgeConvolution, {name}", [row for row in rows if f" {name}," in row.what], bar)
        for name, bar in BARS.items()
    ]
    return [*rows, *means, *memory, mean("EdgeConvolution, memory", memory, MEMORY)]


def mean(what: str, rows: list[Row], bar: float) -> Row:
    """Return the geometric mean of some ratios, which a bar is on."""
    ratio = statistics.geometric_mean([row.ratio for row in rows])
    return Row(
        f"{what}: mean of {len(rows)}",
        against=rows[0].against,
        ratio=ratio,
        bar=at_least(bar),
    )


def by_tree(directions: Tensor, number: int) -> list:
    """Look for neighbours in a tree a sky; points find themselves first."""
    return [cKDTree(sky).query(sky, number + 1)[1][:, 1:] for sky in directions.numpy()]


def by_topk(directions: Tensor, number: int) -> Tensor:
    """Look for neighbours as one would in torch."""
    distance = torch.cdist(directions, directions)
    distance.diagonal(dim1=1, dim2=2).fill_(torch.inf)
    return distance.topk(number, largest=False).indices


def searches(options: argparse.Namespace) -> list[Row]:
    """Compare searches of nearest neighbours."""
    directions = nn.functional.normalize(torch.randn(options.skies, options.points, 3), dim=-1)
    rows = []
    for number in NEIGHBOURS:
        sides = {OURS: nearest, "cdist, topk": by_topk, "tree": by_tree}
        runs = {
            name: lambda turn, search=search, k=number: search(directions, k)
            for name, search in sides.items()
        }
        turns = in_turns(runs, options.repeats, WARM_UP)
        what = f"nearest neighbours, k = {number}"
        rows += [turns.row(what, peer=peer) for peer in runs if peer != OURS]
    plain = [row for row in rows if row.against == "cdist, topk"]
    return [*rows, mean("nearest neighbours", plain, SEARCH)]


def rows(options: argparse.Namespace) -> list[Row]:
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    return convolutions(options) + searches(options)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skies", type=int, default=32)
    parser.add_argument("--points", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=12)
    parser.add_argument("--threads", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
