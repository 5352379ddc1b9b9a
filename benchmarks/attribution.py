"""How fast attributions are: layer-wise relevance propagation and integrated gradients, and Captum.

The same convolutional network on the same images of jets' size, and the same number explained; that
both sides give the same is checked first. Captum's own rules are for stacks of modules, so the
network is one. Our integrated gradients are Captum's integral in batches of ours: the ratio is what
these cost. The limit is what cannot be done without: a pass forward and backward for each image,
or for each of its points on the way.

    python benchmarks/attribution.py --events 64
"""

from __future__ import annotations

import argparse
import copy
import sys
from collections.abc import Callable

import torch
from captum.attr import LRP, IntegratedGradients
from captum.attr._utils.lrp_rules import EpsilonRule
from torch import Tensor, nn

from cascade.introspection.explained import Explained
from cascade.introspection.gradients import integrated_gradients
from cascade.introspection.relevance import relevance
from cascade.introspection.settings import IntegratedGradientsSettings, RelevanceSettings
from comparison import OURS, Row, in_turns, main

PIXELS, STEPS, BATCH = 25, 32, 64
CAPTUM, PASSES = "Captum", "forward and backward"


def stack() -> nn.Sequential:
    """Return a network of the size of the jets' default one."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 9, 64), nn.ReLU(), nn.Linear(64, 1),
    ).eval()  # fmt: skip


def captum_relevance(network: nn.Sequential) -> Callable[[Tensor], Tensor]:
    """Return Captum's relevance propagation, whose default rule is LRP-0 with a tiny ε."""
    network = copy.deepcopy(network)
    method = LRP(network)

    def attribute(x: Tensor) -> Tensor:
        for layer in network:  # Captum takes rules away once it has used them
            if isinstance(layer, nn.Flatten):
                layer.rule = EpsilonRule()
        return method.attribute(x.clone().requires_grad_(), target=0).detach()

    return attribute


def in_parts(attribute: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return torch.cat([attribute(part) for part in x.split(BATCH)])


def gradient(network: nn.Module, x: Tensor, often: int = 1) -> None:
    """Take all images forward and backward, so many times."""
    for _ in range(often):
        for part in x.split(BATCH):
            leaf = part.clone().requires_grad_()
            torch.autograd.grad(network(leaf).sum(), leaf)


def check_same(ours: Callable[[Tensor], Tensor], theirs: Callable[[Tensor], Tensor]) -> None:
    """Raise if the sides differ."""
    x = torch.rand(8, 1, PIXELS, PIXELS)
    found, wanted = ours(x), theirs(x)
    largest = float(wanted.abs().max())
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4 * largest)


def rows(options: argparse.Namespace) -> list[Row]:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = stack()
    explained = Explained(network, ("image",), lambda output: output[:, 0])
    settings = RelevanceSettings(rule="zero", batch=BATCH)
    integral = IntegratedGradientsSettings(steps=STEPS, batch=BATCH)
    captum_lrp = captum_relevance(network)
    captum_gradients = IntegratedGradients(lambda x: network(x)[:, 0])
    ways = {
        "LRP": (lambda x: relevance(explained, [x], settings)[0], captum_lrp, 1),
        f"integrated gradients, {STEPS} steps": (
            lambda x: integrated_gradients(explained, [x], integral)[0],
            lambda x: captum_gradients.attribute(x, n_steps=STEPS).detach().float(),
            STEPS,
        ),
    }
    images = torch.rand(options.events, 1, PIXELS, PIXELS)
    found = []
    for name, (ours, theirs, often) in ways.items():
        check_same(ours, theirs)
        runs = {
            OURS: lambda turn, run=ours: run(images),
            CAPTUM: lambda turn, run=theirs: in_parts(run, images),
            PASSES: lambda turn, n=often: gradient(network, images, n),
        }
        turns = in_turns(runs, options.repeats).per(options.events)
        found.append(turns.row(name, "events/s", CAPTUM, PASSES))
    return found


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=6)
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
