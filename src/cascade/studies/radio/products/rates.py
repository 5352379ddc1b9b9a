"""True positive rates at a false positive rate of 0.2 %, and differences of them between methods.

The cut is set on the pure noise of the same file. Where k of n pulses pass it, the rate has a
binomial interval (Clopper and Pearson); that the cut itself is known from few noise traces only is
carried along: at the ends of the binomial interval of its false positive rate the pulses are
counted once more, and the two deviations are added in quadrature.

Methods see the same traces, so what they share cancels in a difference: its error is the standard
deviation over replicas (bootstrap of the noise and of the pulses) that are the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cascade.evaluation.bootstrap import binomial_interval
from cascade.plotting.product import Number
from cascade.plotting.reading import Applied
from cascade.studies.radio.metrics import FPR, cut_at
from cascade.studies.radio.products.reading import noise_scores


@dataclass(frozen=True)
class Rate:
    """A true positive rate with its 68 % interval; NaN without pulses.

    Attributes
    ----------
    low, high
        Counting of the pulses and uncertainty of the cut together.
    pulses, noise
        Numbers of traces behind it.
    """

    value: float
    low: float
    high: float
    pulses: int
    noise: int

    @property
    def number(self) -> Number:
        """As a metric."""
        return Number(self.value, self.low, self.high, "1", self.pulses)


@dataclass(frozen=True)
class Differences:
    """True positive rates of one method minus those of others, on the same traces.

    Attributes
    ----------
    value, error
        By the other's key, (bins,).
    """

    value: Mapping[str, np.ndarray]
    error: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Lead:
    """By how much a method's rate lies above that of the best of others in a bin."""

    value: float
    error: float


def rate(noise: np.ndarray, pulses: np.ndarray) -> Rate:
    """Return the true positive rate at a false positive rate of 0.2 % from scores."""
    if len(pulses) == 0:
        return Rate(np.nan, np.nan, np.nan, 0, len(noise))
    cut = cut_at(noise)
    passed = np.count_nonzero(pulses > cut)
    value = passed / len(pulses)
    ends = binomial_interval(np.count_nonzero(noise > cut), len(noise))
    strict, loose = (np.mean(pulses > cut_at(noise, float(end))) for end in ends)
    low, high = binomial_interval(passed, len(pulses))
    return Rate(
        value,
        float(max(value - np.hypot(value - low, value - strict), 0.0)),
        float(min(value + np.hypot(high - value, loose - value), 1.0)),
        len(pulses),
        len(noise),
    )


def rates(one: Applied, bins: np.ndarray, number: int) -> list[Rate]:
    """Return a method's rates in bins of its pulses.

    Parameters
    ----------
    bins
        Bin of each trace (traces,), -1 for none.
    number
        Of bins.
    """
    noise, pulse = noise_scores(one), one.columns["label"] != 0
    score = one.columns["score"]
    return [rate(noise, score[pulse & (bins == place)]) for place in range(number)]


def replicas_of_rates(
    applied: Sequence[Applied], bins: np.ndarray, number: int, replicas: int, seed: int
) -> np.ndarray:
    """Return rates of all methods on the same replicas of the traces, (methods, replicas, bins).

    Parameters
    ----------
    applied
        Predictions on the same traces.
    """
    label = applied[0].columns["label"]
    noise, pulse = np.flatnonzero(label == 0), np.flatnonzero((label != 0) & (bins >= 0))
    bins, rng = bins[pulse], np.random.default_rng(seed)
    scores = [one.columns["score"] for one in applied]
    descending = [np.argsort(-score[noise], kind="stable") for score in scores]
    found = np.full((len(applied), replicas, number), np.nan)
    for replica in range(replicas):
        drawn = np.bincount(rng.integers(len(noise), size=len(noise)), minlength=len(noise))
        weight = np.bincount(rng.integers(len(pulse), size=len(pulse)), minlength=len(pulse))
        every = np.bincount(bins, weight, number)
        for place, (score, order) in enumerate(zip(scores, descending, strict=True)):
            # as cut_at: the highest score that more than the allowed number reach
            above = np.cumsum(drawn[order])
            allowed = int(FPR * len(noise) * (1 + 1e-9))
            cut = score[noise[order[np.argmax(above > allowed)]]]
            passed = np.bincount(bins, weight * (score[pulse] > cut), number)
            found[place, replica] = passed / np.where(every > 0, every, np.nan)
    return found


def paired_errors(first: np.ndarray, second: np.ndarray, pulses: np.ndarray) -> np.ndarray:
    """Return the standard deviations of differences between rates, (bins,).

    At least one pulse: where all replicas agree they say nothing.

    Parameters
    ----------
    first, second
        Of the same replicas, (replicas, bins).
    pulses
        In each bin.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        least = 1 / np.where(pulses > 0, pulses, np.nan)
        return np.maximum(np.std(first - second, axis=0, ddof=1), least)


def differences(
    mine: Applied,
    others: Sequence[Applied],
    found: Mapping[str, Sequence[Rate]],
    replicas: Mapping[str, np.ndarray],
) -> Differences:
    """Subtract the rates of other methods from those of one."""
    own, pulses = values_of(found[mine.key]), np.array([one.pulses for one in found[mine.key]])
    return Differences(
        {one.key: own - values_of(found[one.key]) for one in others},
        {one.key: paired_errors(replicas[mine.key], replicas[one.key], pulses) for one in others},
    )


def ahead_of_best(
    rivals: Sequence[Applied], ahead: Differences, found: Mapping[str, Sequence[Rate]]
) -> list[Lead]:
    """Return the differences to the best rival, bin by bin; none without rivals."""
    if not rivals:
        return []
    values = np.nan_to_num(np.stack([values_of(found[one.key]) for one in rivals]), nan=-1)
    best = [rivals[place] for place in np.argmax(values, axis=0)]
    return [
        Lead(float(ahead.value[one.key][place]), float(ahead.error[one.key][place]))
        for place, one in enumerate(best)
    ]


def values_of(found: Sequence[Rate], end: str = "value") -> np.ndarray:
    """Return the rates, or an end of their intervals, (bins,)."""
    return np.array([getattr(one, end) for one in found])
