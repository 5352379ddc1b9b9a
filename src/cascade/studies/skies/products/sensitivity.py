"""True positive rates at a false positive rate of 1 %, by signal fraction and over seeds.

The cut is set on the isotropic skies of the same split. Where k of n signal skies pass it, the rate
has a binomial interval (Clopper and Pearson); that the cut itself is known from few isotropic skies
only is carried along: at the ends of the binomial interval of its false positive rate the curve is
read once more, and the two deviations are added in quadrature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cascade.evaluation.bootstrap import binomial_interval, bootstrap
from cascade.evaluation.roc import auc, roc_curve, signal_efficiency
from cascade.plotting.product import Number
from cascade.plotting.reading import Applied
from cascade.studies.skies.products.reading import (
    Group,
    fractions,
    grouped,
    separated,
)
from cascade.studies.skies.settings.products import DetectionSettings

FALSE_POSITIVES = 0.01
HALF = 0.5
METRIC = "tpr_fpr_1e-2"


@dataclass(frozen=True)
class Rate:
    """True positive rate of one fit at one signal fraction, with its 68 % interval.

    Attributes
    ----------
    low, high
        Counting of the signal skies and uncertainty of the cut together.
    skies, isotropic
        Numbers of skies behind it.
    """

    value: float
    low: float
    high: float
    skies: int
    isotropic: int


@dataclass(frozen=True)
class Sensitivity:
    """Rates of all seeds of a method at one signal fraction.

    Attributes
    ----------
    area
        Under the ROC curve, mean over the seeds.
    """

    group: Group
    fraction: float
    rates: tuple[Rate, ...]
    area: Number

    @property
    def values(self) -> np.ndarray:
        """Rates by seed."""
        return np.array([rate.value for rate in self.rates])

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds, NaN of a single one."""
        return float(self.values.std(ddof=1)) if len(self.rates) > 1 else np.nan

    @property
    def number(self) -> Number:
        """Mean over the seeds; they see the same skies, whose intervals are averaged.

        The standard error of the mean over the seeds is added in quadrature.
        """
        value = float(self.values.mean())
        error = 0.0 if np.isnan(self.spread) else self.spread / np.sqrt(len(self.rates))
        low, high = (
            float(np.mean([getattr(rate, end) for rate in self.rates])) for end in ("low", "high")
        )
        return Number(
            value,
            max(float(value - np.hypot(value - low, error)), 0.0),
            min(float(value + np.hypot(high - value, error)), 1.0),
            "1",
            self.rates[0].skies,
        )


def rate(isotropic: np.ndarray, signal: np.ndarray) -> Rate:
    """Return the true positive rate at a false positive rate of 1 % from scores of both classes.

    Skies of equal score at the cut pass in part, so that the rate is 1 % exactly.
    """
    label = np.repeat([0, 1], [len(isotropic), len(signal)])
    curve = roc_curve(np.concatenate([isotropic, signal]), label)
    expected = FALSE_POSITIVES * len(isotropic)
    ends = np.array(binomial_interval(expected, len(isotropic)))
    value, *shifted = signal_efficiency(curve, np.array([FALSE_POSITIVES, *ends]))
    low, high = binomial_interval(value * len(signal), len(signal))
    return Rate(
        float(value),
        float(max(value - np.hypot(value - low, value - shifted[0]), 0.0)),
        float(min(value + np.hypot(high - value, shifted[1] - value), 1.0)),
        len(signal),
        len(isotropic),
    )


def sensitivities(
    applied: Sequence[Applied], settings: DetectionSettings, seed: int
) -> list[Sensitivity]:
    """Measure every method at every signal fraction of its sample."""
    found = []
    for group in grouped(applied, settings):
        for fraction in fractions(group.members[0].columns["signal_fraction"]):
            samples = [separated(one, fraction) for one in group.members]
            rates = tuple(rate(*classes) for classes in samples)
            area = mean_area(samples, settings.replicas, seed)
            found.append(Sensitivity(group, fraction, rates, area))
    return found


def mean_area(samples: Sequence[tuple], replicas: int, seed: int) -> Number:
    """Return the area under the ROC curve, a mean over seeds that see the same skies."""
    columns = {str(place): np.concatenate(classes) for place, classes in enumerate(samples)}
    columns["label"] = np.repeat([0, 1], [len(classes) for classes in samples[0]])
    # sorted columns sort again quickly in each replica
    order = np.argsort(columns["0"], kind="stable")
    columns = {name: column[order] for name, column in columns.items()}

    def statistic(drawn: dict[str, np.ndarray]) -> float:
        areas = [auc(drawn[str(place)], drawn["label"]) for place in range(len(samples))]
        return float(np.mean(areas))

    bounds = bootstrap(statistic, columns, np.random.default_rng(seed), replicas)
    return Number(*bounds, "1", len(columns["label"]))


def half_found(fraction: np.ndarray, value: np.ndarray) -> float:
    """Return the signal fraction from which on half of the skies are found; NaN if never.

    Examples
    --------
    >>> round(half_found(np.array([0.05, 0.1]), np.array([0.25, 0.75])), 3)
    0.075
    """
    above = value >= HALF
    # the last crossing: beyond it the rate stays above
    below = np.flatnonzero(~above)
    if len(below) == 0:
        return float(fraction[0])
    last = below[-1]
    if last + 1 == len(value):
        return np.nan
    return float(np.interp(HALF, value[last : last + 2], fraction[last : last + 2]))
