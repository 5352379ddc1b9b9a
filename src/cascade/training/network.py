"""Build the network that a model file describes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from cascade.errors import CascadeError
from cascade.study import Network, resolve
from cascade.training.scaling import Scaled


def build(declared: Network, record: Mapping[str, Any]) -> Scaled:
    """Return the network of a model file's record behind its scalers, with fresh weights."""
    settings = resolve(declared.settings).model_validate_json(record["settings"])
    return Scaled(
        resolve(declared.network)(settings),
        declared.inputs,
        json.loads(record["scaling"]),
        json.loads(record["shapes"]),
    )


def restore(declared: Network, record: Mapping[str, Any], weights: Mapping[str, Tensor]) -> Scaled:
    """Return the trained network of a model file, ready to be applied.

    Raises
    ------
    CascadeError
        The weights do not fit the network: its code has changed since.
    """
    network = build(declared, record)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise CascadeError(
            f"{record['study']}/{record['name']}: the model file's weights do not fit the network "
            "as it is coded now; train it again"
        ) from error
    return network.eval()


def pick_device(accelerator: str) -> torch.device:
    """Return the GPU if it is asked for, or ``auto`` is and there is one."""
    use = accelerator == "cuda" or (accelerator == "auto" and torch.cuda.is_available())
    return torch.device("cuda" if use else "cpu")
