"""Refined samples: the trained refiner applied to simulated events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from cascade.training.batches import tensor

if TYPE_CHECKING:
    from cascade.events.schema import Events
    from cascade.studies.refinement.settings import RefinerSettings
    from cascade.training.scaling import Scaled


def refine(
    model: Scaled, events: Events, settings: RefinerSettings, rng: np.random.Generator
) -> Events:
    """Return the events with refined traces; all else stays as it is."""
    device = next(model.parameters()).device
    inputs = [tensor(events[name]).to(device) for name in model.inputs]
    noise = torch.from_numpy(rng.standard_normal(events["trace"].shape, dtype=np.float32))
    with torch.inference_mode():
        trace = model.network(*model.scaled(*inputs), noise.to(device))
    return {**events, "trace": trace.cpu().numpy()}
