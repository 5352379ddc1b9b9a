"""New training traces in each step: pulses are put into the noise of other traces.

Pulse and noise of a trace know nothing of each other, so any pair of them is as good a trace as
those of the sample, and n traces make n² of them. Each pulse and each noise turns its sign at
random, and each pulse gets a signal-to-noise ratio anew, so that no time is spent on pulses that
are found anyway. The noise of all traces is taken to be about equally strong.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from cascade.studies.radio.settings.networks import PairingSettings, TraceNetworkSettings


def augment(batch: dict[str, Any], settings: TraceNetworkSettings) -> dict[str, Any]:
    """Return a batch with pulses and noise paired anew.

    The fluence goes along. Traces keep their label: those without a pulse get another's noise.
    """
    if settings.pairing is None:
        return batch
    events, device = len(batch["label"]), batch["label"].device
    other = torch.randperm(events).to(device)
    factor = _signs(events, device)
    if "snr" in batch:
        drawn = _draw_snr(events, settings.pairing).to(device)
        there = batch["snr"] > 0
        factor = torch.where(there, factor * drawn / torch.where(there, batch["snr"], 1), factor)
    noise = (batch["trace"] - batch["signal"])[other] * _signs(events, device)[:, None]
    signal = batch["signal"] * factor[:, None]
    changed = {"trace": noise + signal, "signal": signal, "noise_rms": batch["noise_rms"][other]}
    for name, power in (("snr", 1), ("fluence", 2)):
        if name in batch:
            changed[name] = batch[name] * factor.abs() ** power
    return {**batch, **changed}


def _signs(events: int, device: torch.device) -> Tensor:
    return (2.0 * torch.randint(2, (events,)) - 1).to(device)


def _draw_snr(events: int, settings: PairingSettings) -> Tensor:
    low, high = map(math.log, settings.snr)
    return torch.exp(low + (high - low) * torch.rand(events))
