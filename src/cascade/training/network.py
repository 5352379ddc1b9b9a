"""Build the network that a model file describes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cascade.declarations import is_ours, resolve, told
from cascade.errors import CascadeError
from cascade.layers.ragged import Ragged
from cascade.settings import validate
from cascade.study import Network
from cascade.training.batches import tensor
from cascade.training.scaling import Scaled

NEEDED = {"study", "name", "method", "settings", "scaling", "shapes"}
"""What a model file must say so that its network can be built."""


def build(declared: Network, record: Mapping[str, Any]) -> Scaled:
    """Return the network of a model file's record behind its scalers, with fresh weights.

    Raises
    ------
    CascadeError
        The settings are impossible, or a user's own network cannot be made of them.
    """
    key = f"{record['study']}/{record['name']}"
    settings = validate(
        resolve(declared.settings), json.loads(record["settings"]), f"{key}: settings"
    )
    make = resolve(declared.network)
    try:
        network = make(settings)
    except Exception as error:
        if isinstance(error, CascadeError) or is_ours(declared.network):
            raise
        raise CascadeError(
            f"{key}: '{declared.network}' makes no network of its settings: {told(error)}"
        ) from error
    if not isinstance(network, nn.Module):
        raise CascadeError(
            f"{key}: '{declared.network}' returns a {type(network).__name__}: it must return a "
            "torch.nn.Module"
        )
    return Scaled(
        network, declared.inputs, json.loads(record["scaling"]), json.loads(record["shapes"])
    )


def restore(declared: Network, record: Mapping[str, Any], weights: Mapping[str, Tensor]) -> Scaled:
    """Return the trained network of a model file, ready to be applied.

    Raises
    ------
    CascadeError
        The weights do not fit the network: its code has changed since.
    """
    if missing := NEEDED - set(record):
        raise CascadeError(f"a model file says nothing of {', '.join(missing)}; train it again")
    network = build(declared, record)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise CascadeError(
            f"{record['study']}/{record['name']}: the model file's weights do not fit its settings "
            f"{record['settings']} as the network is coded now; train it again"
        ) from error
    return network.eval()


def pick_device(accelerator: str) -> torch.device:
    """Return the GPU if it is asked for, or ``auto`` is and there is one.

    Raises
    ------
    CascadeError
        A GPU is asked for where there is none.
    """
    there = torch.cuda.is_available()
    if accelerator == "cuda" and not there:
        raise CascadeError("accelerator cuda: torch finds no GPU here; choose auto or cpu")
    return torch.device("cuda" if there and accelerator != "cpu" else "cpu")


def check_shapes(network: Scaled, events: Mapping[str, Any], path: str | Path) -> None:
    """Check that events of a file are shaped as those that a network was trained on.

    Raises
    ------
    CascadeError
        They are not.
    """
    for name, shape in network.shapes.items():
        found = inner_shape(events[name])
        if found != shape:
            raise CascadeError(
                f"{path}: field '{name}' has the shape {shape_text(found)} per event; the network "
                f"was trained on {shape_text(shape)}"
            )


def inner_shape(values: Any) -> tuple[int | None, ...]:
    """Return the shape of a field within an event, ``None`` for the axis of a ragged one's rows.

    Parameters
    ----------
    values
        Tensor or ragged batch, NumPy or Awkward array.
    """
    if not hasattr(values, "shape"):
        values = tensor(values)
    rows = (None,) if isinstance(values, Ragged) else ()
    return (*rows, *values.shape[1:])


def shape_text(shape: Sequence[int | None]) -> str:
    """Write an inner shape for people: ``(any, 80)``."""
    return str(tuple(shape)).replace("None", "any")
