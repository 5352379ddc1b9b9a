"""Simulated skies, and predictions of a known quality, for tests of what is made from them."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from cascade.events.seeding import Block, sequence
from cascade.events.writing import writing
from cascade.studies.skies import PREDICTIONS, SCHEMA
from cascade.studies.skies.settings import SkySettings
from cascade.studies.skies.simulation.simulate import simulate

FIELDS = {field.name: field for field in (*SCHEMA, *PREDICTIONS)}
TRUTH = ("label", "signal_fraction", "ray_label")


def make_skies(number, seed=1, rays=60, **settings):
    """Return simulated skies."""
    return simulate(Block(0, number, sequence(seed)), SkySettings(rays=rays, **settings))


def write(path, columns, sample="default"):
    """Write columns of the study's fields."""
    facts = {"study": "skies", "sample": sample, "split": "test"}
    with writing(path, [FIELDS[name] for name in columns], facts) as writer:
        writer.append(columns)


def predict(skies, strength, seed=1, noise=0.3, rays=True, probability=True):
    """Return truth with a score that sources shift by ``strength · 100 f_sig``.

    All seeds share a part of their fluctuations, of variance 1; ``noise`` is each seed's own.
    """
    number = len(skies["energy"])
    shared = np.random.default_rng(0).normal(size=number)
    rng = np.random.default_rng(seed)
    fraction = skies.get("signal_fraction", np.zeros(number))
    score = strength * 100 * fraction + shared + noise * rng.normal(size=number)
    columns = {name: skies[name] for name in TRUTH if name in skies}
    columns["score"] = expit(score) if probability else score
    if rays:
        label = skies.get("ray_label", np.zeros(skies["energy"].shape))
        columns["ray_score"] = expit(1.5 * label - 3 + rng.normal(size=label.shape))
    return columns
