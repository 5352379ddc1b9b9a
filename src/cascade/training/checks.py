"""What is checked of a training before its first step, and what made one diverge: for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from cascade.declarations import resolve, told
from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.events.finite import not_finite
from cascade.training.network import check_shapes, pick_device, shape_text
from cascade.training.tasks import Supervised

if TYPE_CHECKING:
    from cascade.training.fit import Fit
    from cascade.training.loop import Diverged
    from cascade.training.objectives import Objective
    from cascade.training.scaling import Scaled


def check_devices(job: Fit, accelerator: str) -> None:
    """Check that there are as many devices as asked for, and that they can share the task.

    Raises
    ------
    CascadeError
        It is not so.
    """
    number, there = job.training.devices, torch.cuda.device_count()
    where = f"{job.study}/{job.name}: training.devices: {number}"
    if number > 1 and resolve(job.declared.task).in_turns:
        raise CascadeError(f"{where} is wrong: networks that learn in turns are trained on one")
    if pick_device(accelerator).type == "cuda" and number > there:
        raise CascadeError(f"{where} GPUs are asked for, torch finds {there} here")


def check_network(job: Fit, network: Scaled, objective: Objective) -> None:
    """Check, before the first step, that a network fits the events and what is asked of it.

    Raises
    ------
    CascadeError
        It does not take their shapes, or they differ from split to split; or what it returns is
        not what the objective takes.
    """
    seen, where = None, f"{job.study}/{job.name}"
    for split in (*job.train.values(), *job.validation.values()):
        events = split.read(0, 2)
        if set(job.declared.inputs) <= set(events):
            check_shapes(network, events, split.path)
            seen = events
    if seen is None:
        return
    network.eval()
    try:
        with torch.no_grad():
            output = network(*(seen[name] for name in job.declared.inputs))
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        shapes = ", ".join(f"{name} {shape_text(shape)}" for name, shape in network.shapes.items())
        raise CascadeError(
            f"{where}: the network with these settings does not take events of the shape {shapes} "
            f"({told(error)}); let settings and events fit"
        ) from error
    network.train()
    if resolve(job.declared.task) is not Supervised:  # others put together what they judge
        return
    try:
        objective.loss(output, seen)
    except (RuntimeError, ValueError, IndexError, TypeError, AttributeError) as error:
        found = f"a {type(output).__name__}"
        if isinstance(output, torch.Tensor):
            found = f"of shape {tuple(output.shape)}"
        raise CascadeError(
            f"{where}: what the network returns for the first events, {found}, is not what "
            f"'{job.declared.objective}' takes ({told(error)})"
        ) from error


def check_classes(job: Fit, label: str | None) -> None:
    """Check, before the first step, that no split holds one class alone.

    Raises
    ------
    CascadeError
        One does.
    """
    for split in (*job.train.values(), *job.validation.values()):
        if label in split.fields:
            found = np.unique(hdf5.read(split.path, (label,))[label])
            if len(found) == 1:
                raise CascadeError(
                    f"{split.path}: field '{label}' is {found[0]:g} in all events; a network that "
                    "tells classes apart needs some of each to train and to validate on"
                )


def diagnosis(job: Fit, error: Diverged) -> str:
    """Say why a training diverged: because of the events, or of its steps."""
    for split in (*job.train.values(), *job.validation.values()):
        if found := not_finite(split.path, split.fields):
            return found
    optimiser = job.training.optimiser
    return (
        f"{job.study}/{job.name}: diverged: {error}; lower training.optimiser.lr (it is "
        f"{optimiser.lr:g}) or set training.clip"
    )
