"""How fast edge convolutions and nearest neighbours are: ours against PyTorch Geometric and torch.

Edge convolutions with the same weights on the same neighbours, forward and backward, weights and
input both with gradients; that they give the same is checked first. Sides take turns in one
process; the medians of their times are given, and of the ratios of times of the same turn. The
limit is the time of the matrix products alone that we cannot do without, in memory that stays in
the cache. Memory is what a process grows by at most, in one of its own for each side (not on
Windows). Neighbours of directions on the sphere are looked for by us, by cdist and topk, and by
SciPy's tree, sky by sky. A bar that is missed makes the exit code 1.

    python benchmarks/edge_convolution.py --repeats 20
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from itertools import product

import torch
from scipy.spatial import cKDTree
from torch import Tensor, nn

from cascade.layers.edge_convolution import EdgeConvolution
from cascade.layers.neighbours import nearest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from torch_geometric.nn import EdgeConv

WARM_UP = 2
INPUTS = 32
BARS = {"max": 2.5, "mean": 5.0, "memory": 2.0, "neighbours": 3.0}
MB = 2**20


def sides(
    layer: EdgeConvolution, x: Tensor, neighbours: Tensor
) -> dict[str, Callable[[], list[Tensor]]]:
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
        "Cascade": lambda: passes(lambda: layer(x, neighbours)),
        "PyG": lambda: passes(lambda: theirs(x.flatten(0, 1), edges).view_as(upstream)),
    }


def check_same(aggregation: str, width: int, number: int) -> None:
    """Raise if the sides differ. In single precision some ReLU would fall the other way."""
    x = torch.randn(2, 100, INPUTS, dtype=torch.float64, requires_grad=True)
    layer = EdgeConvolution(INPUTS, width, width, aggregation).double()
    ours, theirs = (run() for run in sides(layer, x, nearest(x, number)).values())
    torch.testing.assert_close(ours, theirs)


def products(aggregation: str, points: int, number: int, width: int) -> Callable[[], None]:
    """Return what multiplies as many matrices as the layer has to.

    Each matrix is applied to each point (or each of its edges) three times: forward, for the
    gradient of what it is applied to, for its own.
    """
    rows = 4096
    x, hidden = torch.randn(rows, INPUTS), torch.randn(rows, width)
    first, second = torch.randn(INPUTS, 2 * width), torch.randn(width, width)
    out_first, out_second = torch.empty(rows, 2 * width), torch.empty(rows, width)
    often = points * (number if aggregation == "max" else 1)

    def run() -> None:
        for _ in range(3 * points // rows):
            torch.mm(x, first, out=out_first)
        for _ in range(3 * often // rows):
            torch.mm(hidden, second, out=out_second)

    return run


def in_turns(runs: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Return the times of each [ms], turn by turn."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(WARM_UP + repeats):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if turn >= WARM_UP:
                taken[name].append(1e3 * (time.perf_counter() - start))
    return taken


def ratio(theirs: list[float], ours: list[float]) -> float:
    """Return how many times slower they are, the median over the turns."""
    return statistics.median(a / b for a, b in zip(theirs, ours, strict=True))


def growth(small: Callable[[], object], run: Callable[[], object]) -> float:
    """Return what a child process grows by in ``run`` after ``small`` has loaded the code [MB]."""

    def child(connection) -> None:
        small()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        run()
        connection.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)

    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=child, args=(sender,))
    process.start()
    grown = receiver.recv()
    process.join()
    return grown / (MB if sys.platform == "darwin" else 1024)


def convolutions(options: argparse.Namespace) -> dict[str, list[float]]:
    """Print a table of edge convolutions; return ratios by the name of their bar."""
    print(f"{options.skies} skies × {options.points} points, {INPUTS} features, float32,", end=" ")
    print(f"{options.threads} threads, {options.repeats} turns, torch {torch.__version__}")
    columns = ("ours [ms]", "PyG [ms]", "ratio", "limit [ms]", "ours [MB]", "PyG [MB]", "ratio")
    print(f"{'width':>5}{'k':>4} {'':5}" + "".join(f"{column:>12}" for column in columns))
    ratios: dict[str, list[float]] = {"max": [], "mean": [], "memory": []}
    x = torch.randn(options.skies, options.points, INPUTS, requires_grad=True)
    cases = []  # memory is measured first, while little of it is left to be used again
    for aggregation, width, number in product(("max", "mean"), (32, 64), (8, 16)):
        layer, neighbours = EdgeConvolution(INPUTS, width, width, aggregation), nearest(x, number)
        small = sides(layer, x[:1], neighbours[:1])
        runs = sides(layer, x, neighbours)
        grown = [growth(small[name], runs[name]) for name in runs]
        cases.append((aggregation, width, number, runs, grown))
    for aggregation, width, number, runs, grown in cases:
        check_same(aggregation, width, number)
        limit = products(aggregation, options.skies * options.points, number, width)
        taken = in_turns({**runs, "limit": limit}, options.repeats)
        ours, theirs, least = (statistics.median(times) for times in taken.values())
        ratios[aggregation].append(ratio(taken["PyG"], taken["Cascade"]))
        ratios["memory"].append(grown[1] / grown[0])
        print(
            f"{width:5}{number:4} {aggregation:5}{ours:12.1f}{theirs:12.1f}"
            f"{ratios[aggregation][-1]:12.2f}{least:12.1f}{grown[0]:12.0f}{grown[1]:12.0f}"
            f"{ratios['memory'][-1]:12.1f}"
        )
    return ratios


def by_tree(directions: Tensor, number: int) -> list:
    """Look for neighbours in a tree a sky; points find themselves first."""
    return [cKDTree(sky).query(sky, number + 1)[1][:, 1:] for sky in directions.numpy()]


def by_topk(directions: Tensor, number: int) -> Tensor:
    """Look for neighbours as one would in torch."""
    distance = torch.cdist(directions, directions)
    distance.diagonal(dim1=1, dim2=2).fill_(torch.inf)
    return distance.topk(number, largest=False).indices


def searches(options: argparse.Namespace) -> list[float]:
    """Print a table of nearest neighbours; return the ratios to cdist and topk."""
    ratios = []
    directions = nn.functional.normalize(torch.randn(options.skies, options.points, 3), dim=-1)
    columns = ("ours [ms]", "topk [ms]", "ratio", "tree [ms]", "ratio")
    print(f"{'neighbours k':15}" + "".join(f"{column:>12}" for column in columns))
    for number in (8, 16):
        runs = {"ours": nearest, "topk": by_topk, "tree": by_tree}
        bound = {name: lambda run=run, k=number: run(directions, k) for name, run in runs.items()}
        taken = in_turns(bound, options.repeats)
        ours, topk, tree = (statistics.median(times) for times in taken.values())
        ratios.append(ratio(taken["topk"], taken["ours"]))
        print(
            f"{number:15}{ours:12.1f}{topk:12.1f}{ratios[-1]:12.2f}{tree:12.1f}"
            f"{ratio(taken['tree'], taken['ours']):12.2f}"
        )
    return ratios


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skies", type=int, default=32)
    parser.add_argument("--points", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    ratios = convolutions(options)
    ratios["neighbours"] = searches(options)
    missed = False
    print("geometric means of the ratios")
    for name, bar in BARS.items():
        mean = statistics.geometric_mean(ratios[name])
        missed |= mean < bar
        print(f"{name:15}{mean:6.2f} (bar {bar:g}){'  MISSED' if mean < bar else ''}")
    sys.exit(missed)


if __name__ == "__main__":
    main()
