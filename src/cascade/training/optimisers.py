"""Optimisers and schedules of the learning rate, as the settings name them."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler

from cascade.errors import CascadeError, nearest
from cascade.training.settings import Optimiser, Schedule

FUSED = ("Adam", "AdamW", "SGD")
"""Optimisers that torch has in one pass, for CPUs too."""
OTHERWISE = {"foreach", "differentiable"}
"""Arguments that ask for another way of computing."""


@dataclass(frozen=True)
class Scheduled:
    """What changes a learning rate, and when: after each ``step`` or after each ``epoch``."""

    scheduler: LRScheduler
    interval: str


def make_optimiser(
    network: nn.Module, settings: Optimiser, path: str = "training.optimiser"
) -> torch.optim.Optimizer:
    """Make an optimiser of a network's weights, one that changes all of them in one pass if it can.

    Parameters
    ----------
    path
        Where the user finds its settings.

    Raises
    ------
    CascadeError
        It does not know one of the arguments, or not such a value.
    """
    maker = getattr(torch.optim, settings.name)
    known = set(inspect.signature(maker).parameters) - {"params", "lr"}
    for key in settings.settings:
        where = f"{path}.settings.{key}"
        if key == "lr":
            raise CascadeError(f"{where}: give it as {path}.lr")
        if key not in known:
            raise CascadeError(
                f"{where}: torch.optim.{settings.name} has no such argument; {nearest(key, known)}"
            )
    fused = settings.name in FUSED and not OTHERWISE & set(settings.settings)
    chosen = {**({"fused": True} if fused else {}), **settings.settings}
    try:
        return maker(network.parameters(), lr=settings.lr, **chosen)
    except Exception as error:  # a wrong value can trip torch anywhere, with any exception
        raise CascadeError(
            f"{path}.settings: torch.optim.{settings.name} does not accept "
            f"{json.dumps(settings.settings)}: {error}"
        ) from error


def make_schedule(
    optimiser: torch.optim.Optimizer, settings: Optimiser, schedule: Schedule, steps: int
) -> list[Scheduled]:
    """Make what changes the learning rate of an optimiser; nothing does if it is constant.

    One cycle moves the momentum against the learning rate (Smith, arXiv:1803.09820), where there
    is one that the user has not set.
    """
    schedulers = torch.optim.lr_scheduler
    match schedule.name:
        case "plateau":
            plateau = schedulers.ReduceLROnPlateau(
                optimiser, factor=schedule.factor, patience=schedule.patience
            )
            return [Scheduled(plateau, "epoch")]
        case "cosine":
            return [Scheduled(schedulers.CosineAnnealingLR(optimiser, steps), "step")]
        case "one_cycle":
            highest = optimiser.defaults["lr"]
            free = set(optimiser.defaults) - set(settings.settings)
            momentum = bool({"momentum", "betas"} & free)
            cycle = schedulers.OneCycleLR(
                optimiser, highest, total_steps=steps, cycle_momentum=momentum
            )
            return [Scheduled(cycle, "step")]
        case "exponential":
            return [Scheduled(schedulers.ExponentialLR(optimiser, schedule.factor), "epoch")]
    return []
