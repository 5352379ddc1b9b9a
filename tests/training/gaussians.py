"""The smallest refiner there is: numbers of one normal distribution become those of another.

A second number, the same in both samples, stands for what is known of an event. It is of use for
the critic: where all it sees is one number, a slope of the wrong sign has no way to turn round.
"""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import torch
from scipy.stats import wasserstein_distance
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from cascade.events.schema import Field
from cascade.events.writing import writing
from cascade.settings import Settings
from cascade.study import Network
from cascade.training import checkpoint, fit
from cascade.training.batches import Split
from cascade.training.settings import Adversary, Optimiser, Training
from cascade.training.wasserstein import WassersteinRefinement

INPUTS = ("x", "known")
SCHEMA = (Field("x", "1", "is refined"), Field("known", "1", "the same in both samples"))
ROLES = {"simulation": INPUTS, "data": INPUTS}


class PairSettings(Settings):
    adversary: Adversary = Adversary(critic=Optimiser(lr=1e-2, settings={"betas": [0.0, 0.9]}))
    spectral: bool = False
    width: int = 32


class Line(nn.Module):
    """x → shift + exp(log_scale) · x, with both in one matrix."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1, 2))

    def forward(self, x):
        return self.weight[0, 0] + self.weight[0, 1].exp() * x


class Pair(nn.Module):
    def __init__(self, settings):
        super().__init__()
        self.adversary = settings.adversary
        self.refiner = Line()
        self.averaged = deepcopy(self.refiner).requires_grad_(False)
        limited = spectral_norm if settings.spectral else nn.Identity()
        width = settings.width
        self.critic = nn.Sequential(
            limited(nn.Linear(2, width)), nn.LeakyReLU(0.2),
            limited(nn.Linear(width, width)), nn.LeakyReLU(0.2),
            limited(nn.Linear(width, 1)), nn.Flatten(0),
        )  # fmt: skip

    def forward(self, x, known):
        return (self.refiner if self.training else self.averaged)(x)

    def views(self, x, known):
        return torch.stack([x, known], dim=1)


class Distance:
    """Wasserstein distance of the refined numbers from data."""

    def distance(self, refined, data):
        loss = wasserstein_distance(refined["x"], data["x"])
        return float(loss), {"events": float(len(refined["x"])), "data": float(len(data["x"]))}


class NoGain(Distance):
    """A validation that finds every epoch as good as the first one."""

    def distance(self, refined, data):
        return 1.0, {}


class Watched(WassersteinRefinement):
    """Notes down, after every step, what the step has changed."""

    def training_step(self, batch, number):
        losses, weights = super().training_step(batch, number)
        SEEN.append(
            {
                **{
                    name: torch.cat([p.detach().flatten().clone() for p in part.parameters()])
                    for name, part in (
                        ("refiner", self.pair.refiner),
                        ("averaged", self.pair.averaged),
                        ("critic", self.pair.critic),
                    )
                },
                "rates": [one.param_groups[0]["lr"] for one in self.optimisers],
                "estimate": float(losses / weights),
            }
        )
        return losses, weights


SEEN: list[dict] = []
"""What the last training noted down."""


def declared(objective="Distance", scaling=None):
    return Network(
        network=f"{__name__}:Pair",
        objective=f"{__name__}:{objective}",
        inputs=INPUTS,
        fields=ROLES,
        task=f"{__name__}:Watched",
        settings=f"{__name__}:PairSettings",
        scaling=scaling or {},
        device="cpu",
    )


def draw(number, mean=0.0, deviation=1.0, seed=1):
    """Draw numbers whose mean and deviation are exact."""
    x = np.random.default_rng(seed).normal(size=number)
    return mean + deviation * (x - x.mean()) / x.std()


def write(folder, **roles):
    """Write the numbers of each role, for both splits."""
    folder.mkdir(parents=True, exist_ok=True)
    for role, x in roles.items():
        with writing(folder / f"{role}.h5", SCHEMA, {"study": "test"}) as writer:
            known = draw(len(x), seed=len(role))
            writer.append({"x": np.asarray(x, np.float32), "known": known.astype("f4")})
    return folder


def train(folder, method=None, adversary=None, training=None, **settings):
    """Train on both roles' files in a folder; return the weights and the rows of the history."""
    chosen = PairSettings(
        adversary=Adversary(**{**dict(PairSettings().adversary), **(adversary or {})}), **settings
    )
    asked = {"epochs": 2, "batch_size": 50, "patience": 0, "optimiser": Optimiser(lr=1e-2)}
    splits = {role: Split(folder / f"{role}.h5", fields) for role, fields in ROLES.items()}
    job = fit.Fit("test", "pair", "pair", method or declared(), chosen,
                  Training(**asked | (training or {})), 1, 1, splits, splits)  # fmt: skip
    SEEN.clear()
    paths = [folder / name for name in ("model.ckpt", "history.csv", ".resume")]
    fit.fit(job, *paths, "cpu")
    rows = np.genfromtxt(paths[1], delimiter=",", names=True, ndmin=1)
    return checkpoint.load(paths[0])[1], rows
