"""How a real sky ranks among isotropic ones.

The p-value of a sky is (1 + h) / (1 + n) where h of n isotropic skies score as high or higher: the
real sky counts as one of the skies that chance could have made. Seeds of a method are combined
before they are compared: a mean of their scores, probabilities as their logit, has one p-value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from cascade.evaluation.bootstrap import binomial_interval
from cascade.plotting.product import Number
from cascade.studies.skies.products.reading import Group, seed_of, unbounded

HINT, EVIDENCE = 0.05, float(norm.sf(3))
"""p-values from which on a sky is worth a word: 5 %, and three standard deviations."""


@dataclass(frozen=True)
class Ranked:
    """The real sky's score among those of isotropic skies, of a method or of one of its seeds.

    Attributes
    ----------
    seeds
        Fits behind the score.
    isotropic
        Shape (skies,).
    single
        One seed of several, shown beside their mean.
    """

    key: str
    label: str
    seeds: int
    real: float
    isotropic: np.ndarray
    single: bool = False

    @property
    def higher(self) -> int:
        """Number of isotropic skies that score as high or higher."""
        return int(np.count_nonzero(self.isotropic >= self.real))

    @property
    def p(self) -> Number:
        """The p-value, with the binomial interval of the share of skies that score higher."""
        number = len(self.isotropic)
        value = (1 + self.higher) / (1 + number)
        low, high = (float(end) for end in binomial_interval(self.higher, number))
        return Number(value, min(low, value), max(high, value), "1", number)


def rank(real: Group, isotropic: Group) -> list[Ranked]:
    """Return the real sky's rank for a method, and for each of its seeds if there are several."""
    pairs = list(zip(real.members, isotropic.members, strict=True))
    scores = unbounded(*(one.columns["score"] for pair in pairs for one in pair))
    own, others = np.stack(scores[::2])[:, 0], np.stack(scores[1::2])
    label, number = real.label_with_seeds, len(pairs)
    found = [Ranked(real.key, label, number, float(own.mean()), others.mean(axis=0))]
    if number > 1:
        found += [
            Ranked(one.key, f"seed {seed_of(one.key)}", 1, float(value), other, single=True)
            for one, value, other in zip(real.members, own, others, strict=True)
        ]
    return found


def p_text(p: float) -> str:
    """Write a p-value.

    Examples
    --------
    >>> p_text(0.1478), p_text(0.00231)
    ('0.15', '0.0023')
    """
    return f"{p:.2g}"


def verdict(found: Sequence[Ranked]) -> str:
    """Say in words what the p-values of the methods mean."""
    lowest = min(found, key=lambda one: one.p.value)
    p = lowest.p.value
    if p > HINT:
        start = "No method finds" if len(found) > 1 else f"{lowest.label} does not find"
        return (
            f"{start} the real sky significant: with p-values from {p_text(p)} up it is compatible "
            "with isotropy."
        )
    if p > EVIDENCE:
        return (
            f"The lowest p-value is {p_text(p)} ({lowest.label}): a fluctuation that isotropic "
            f"skies show now and then, {norm.isf(p):.1f} standard deviations, and not significant."
        )
    return (
        f"The lowest p-value is {p_text(p)} ({lowest.label}), {norm.isf(p):.1f} standard "
        "deviations before any correction for what else was tried: isotropy, or the simulated "
        "spectrum and exposure, describe this sky badly."
    )
