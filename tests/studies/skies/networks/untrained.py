"""Every network of the study, untrained, and simulated skies as tensors."""

from __future__ import annotations

import torch

from cascade.declarations import resolve
from cascade.studies.skies import STUDY
from cascade.study import Network
from studies.skies.baselines.drawn import drawn

NETWORKS = [name for name, method in STUDY.methods.items() if isinstance(method, Network)]


def build(name, seed=1, **settings):
    """Return a network of the study with fresh weights, ready to be applied."""
    method = STUDY.methods[name]
    torch.manual_seed(seed)
    return resolve(method.network)(resolve(method.settings)(**settings)).eval()


def sky(skies, seed, **settings):
    """Return directions (B, N, 3) and energies (B, N) of simulated skies."""
    events = drawn(skies, seed, **settings)
    return torch.from_numpy(events["direction"]), torch.from_numpy(events["energy"])
