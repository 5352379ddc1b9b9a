"""Apply a trained network to events: torch, but nothing of the training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from cascade.declarations import resolve
from cascade.study import Network
from cascade.training.batches import tensor


def predict(
    declared: Network, network: torch.nn.Module, events: Mapping[str, Any], size: int = 512
) -> dict[str, np.ndarray]:
    """Return the columns of predictions for some events (events, …), batch by batch.

    Parameters
    ----------
    events
        NumPy arrays, or Awkward arrays for ragged fields.
    """
    objective = resolve(declared.objective)()
    device = next(network.parameters()).device
    inputs = [tensor(events[name]) for name in declared.inputs]
    columns: dict[str, torch.Tensor] = {}
    with torch.inference_mode():
        for start in range(0, len(inputs[0]), size):
            output = network(*(field[start : start + size].to(device) for field in inputs))
            for name, values in objective.predict(output).items():
                if name not in columns:
                    shape = (len(inputs[0]), *values.shape[1:])
                    columns[name] = values.new_empty(shape, device="cpu")
                columns[name][start : start + size] = values
    return {name: column.numpy() for name, column in columns.items()}
