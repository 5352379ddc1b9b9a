"""Every network of the study, untrained, and simulated traces as tensors."""

from __future__ import annotations

import torch

from cascade.declarations import resolve
from cascade.events.seeding import Block, sequence
from cascade.settings import validate
from cascade.studies.radio import STUDY
from cascade.studies.radio.settings import TraceSettings
from cascade.studies.radio.simulation.simulate import simulate
from cascade.study import Network

NETWORKS = [name for name, method in STUDY.methods.items() if isinstance(method, Network)]
AUTOENCODERS = ["denoiser", "joint"]
SAMPLINGS = {
    "default": {},
    "odd": {"samples": 501, "rate": 200.0, "band": [30.0, 80.0]},
    "short": {"samples": 64},
    "long": {"samples": 1024, "rate": 1000.0, "band": [100.0, 450.0]},
    "slow": {"samples": 333, "rate": 62.5, "band": [5.0, 31.0]},
}


def build(name, seed=1, **settings):
    """Return a network of the study with fresh weights, ready to be applied.

    Its normalisations know what traces look like, so that it answers to them as a trained one.
    """
    method = STUDY.methods[name]
    torch.manual_seed(seed)
    network = resolve(method.network)(validate(resolve(method.settings), settings))
    layers = [one for one in network.modules() if isinstance(one, torch.nn.BatchNorm1d)]
    for layer in layers:
        layer.momentum = 1.0
    with torch.no_grad():
        network.train()(traces(32, 9, sampling=settings.get("sampling", {}))["trace"])
    for layer in layers:
        layer.momentum = 0.1
    return network.eval()


def traces(number, seed, sampling=None, **settings):
    """Return the fields of simulated traces as tensors, of pulses that fit into short ones."""
    sampling = sampling or {}
    if sampling:
        settings |= {"sampling": sampling, "pulse": {"margin": 0.05}}
    events = simulate(Block(0, number, sequence(seed)), validate(TraceSettings, settings))
    return {name: torch.from_numpy(values) for name, values in events.items()}
