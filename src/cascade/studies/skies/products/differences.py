"""Differences between methods on the same skies, and how significant they are.

Two parts make the uncertainty: the finite number of skies, by a bootstrap in which all methods see
the same replicas of the isotropic and of the signal skies, so that what they share cancels; and the
seeds of the fits, by the standard errors of the two means over seeds. A formula has no seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from cascade.errors import CascadeError
from cascade.plotting import style
from cascade.plotting.points import draw_series
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied, check_same
from cascade.studies.skies.products.reading import (
    Group,
    counts,
    fractions,
    group_of,
    grouped,
    need_sources,
    percent,
    predictions,
    separated,
)
from cascade.studies.skies.products.sensitivity import FALSE_POSITIVES, METRIC
from cascade.studies.skies.settings.products import DifferencesSettings


@dataclass(frozen=True)
class Difference:
    """How much more often one method finds skies of a signal fraction than another.

    Attributes
    ----------
    value
        Difference of the true positive rates, means over the seeds.
    skies_error, seeds_error
        Standard deviations: bootstrap over the skies (at least one sky: where all replicas agree
        they say nothing), and standard error over the seeds.
    skies
        Numbers of skies with sources.
    """

    first: Group
    second: Group
    fraction: float
    value: float
    skies_error: float
    seeds_error: float
    skies: int

    @property
    def key(self) -> str:
        """Name in metrics."""
        return f"{self.first.key}_minus_{self.second.key}"

    @property
    def label(self) -> str:
        """Name in the figure."""
        return f"{self.first.label_with_seeds} − {self.second.label_with_seeds}"

    @property
    def error(self) -> float:
        """Both uncertainties in quadrature."""
        return float(np.hypot(self.skies_error, self.seeds_error))

    @property
    def significance(self) -> float:
        """The difference in units of its uncertainty."""
        return self.value / self.error

    @property
    def number(self) -> Number:
        """The difference with its interval."""
        return Number(self.value, self.value - self.error, self.value + self.error, "1", self.skies)


def rates(isotropic: np.ndarray, signal: np.ndarray) -> np.ndarray:
    """Return true positive rates at a false positive rate of 1 % for many replicas at once.

    As ``sensitivity.rate``: skies of equal score at the cut pass in part.

    Parameters
    ----------
    isotropic, signal
        Scores, shape (…, skies); the leading axes are replicas.
    """
    ordered = -np.sort(-isotropic, axis=-1)
    number = isotropic.shape[-1]
    cut = ordered[..., int(np.ceil(FALSE_POSITIVES * number - 1e-9)) - 1, np.newaxis]
    above, at = ((isotropic > cut).sum(-1), (isotropic == cut).sum(-1))
    # the straight line between the curve's steps above and below the cut
    share = (FALSE_POSITIVES * number - above) / at
    return ((signal > cut).sum(-1) + share * (signal == cut).sum(-1)) / signal.shape[-1]


def difference(
    first: Group, second: Group, fraction: float, replicas: int, seed: int
) -> Difference:
    """Compare two methods at one signal fraction.

    Raises
    ------
    CascadeError
        They did not see the same skies.
    """
    members = (*first.members, *second.members)
    check_same(members, ("label", "signal_fraction"), "skies")
    classes = [separated(one, fraction) for one in members]
    isotropic, signal = (np.stack([pair[place] for pair in classes]) for place in (0, 1))
    seeds = len(first.members)

    def statistic(background: np.ndarray, sources: np.ndarray) -> np.ndarray:
        found = rates(background, sources)
        return found[:seeds].mean(0) - found[seeds:].mean(0)

    rng = np.random.default_rng(seed)
    draws = [
        statistic(*(scores[:, rng.integers(scores.shape[1], size=scores.shape[1])]
                    for scores in (isotropic, signal)))
        for _ in range(replicas)
    ]  # fmt: skip
    found = rates(isotropic, signal)
    variance = sum(
        values.var(ddof=1) / len(values)
        for values in (found[:seeds], found[seeds:])
        if len(values) > 1
    )
    return Difference(
        first, second, fraction, float(statistic(isotropic, signal)),
        max(float(np.std(draws, ddof=1)), 1 / signal.shape[1]), float(np.sqrt(variance)),
        signal.shape[1],
    )  # fmt: skip


@style.styled
def tpr_differences(inputs: Inputs, settings: DifferencesSettings) -> Result:
    """Draw differences of true positive rates at 1 % over the signal fraction."""
    applied = predictions(inputs, settings)
    need_sources(applied, "tpr_differences")
    groups = grouped(applied, settings)
    if not settings.pairs:
        raise CascadeError(
            "tpr_differences: pairs: is empty; say which methods are compared, such as "
            f"[[{groups[0].key}, {groups[-1].key}]]"
        )
    found = []
    for place, names in enumerate(settings.pairs):
        first, second = (
            group_of(name, groups, f"tpr_differences: pairs.{place}") for name in names
        )
        shared = first.members[0].columns["signal_fraction"]
        found.append(
            [
                difference(first, second, fraction, settings.replicas, inputs.seed)
                for fraction in fractions(shared)
            ]
        )
    figure, axes = style.subplots(height=2.6 + 0.13 * len(found))
    panel = axes[0, 0]
    draw(panel, found)
    style.legend_below(figure, axes, columns=1)
    flat = [one for pair in found for one in pair]
    numbers = {}
    for one in flat:
        name = f"{one.key}/{METRIC}_f{percent(one.fraction)}"
        numbers[name] = one.number
        sigmas = one.significance
        numbers[f"{name}_significance"] = Number(sigmas, sigmas - 1, sigmas + 1, "1", one.skies)
    return Result(figure, _table(flat), _caption(applied, flat, settings), numbers)


def draw(panel: Axes, found: Sequence[Sequence[Difference]]) -> None:
    """Draw each pair's differences with their uncertainties [percentage points]."""
    panel.axhline(0, color="black", linewidth=0.6, zorder=0)
    for look, pair in enumerate(found):
        shift = 10 ** (0.008 * (look - (len(found) - 1) / 2))
        x = 100 * shift * np.array([one.fraction for one in pair])
        value, error = 100 * np.array([(one.value, one.error) for one in pair]).T
        look = style.symbol(look)
        draw_series(panel, x, value, (value - error, value + error), label=pair[0].label, **look)
    every = sorted({one.fraction for pair in found for one in pair})
    panel.set(xscale="log", xlabel="signal fraction [%]",
              ylabel="difference in TPR at 1 % FPR\n[percentage points]")  # fmt: skip
    panel.xaxis.set_major_locator(FixedLocator([100 * fraction for fraction in every]))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_xticklabels([percent(fraction) for fraction in every])


def _table(found: Sequence[Difference]) -> dict[str, list]:
    return {
        "first": [one.first.key for one in found],
        "second": [one.second.key for one in found],
        "first_seeds": [len(one.first.members) for one in found],
        "second_seeds": [len(one.second.members) for one in found],
        "signal_fraction": [one.fraction for one in found],
        "difference": [one.value for one in found],
        "error_skies": [one.skies_error for one in found],
        "error_seeds": [one.seeds_error for one in found],
        "error": [one.error for one in found],
        "significance": [one.significance for one in found],
        "skies": [one.skies for one in found],
    }


def _caption(
    applied: Sequence[Applied], found: Sequence[Difference], settings: DifferencesSettings
) -> str:
    largest = max(found, key=lambda one: abs(one.significance))
    direction = "more" if largest.value > 0 else "fewer"
    return (
        "Difference of the true positive rates of two methods, each at a false positive rate of "
        f"1 %, over the signal fraction, on the same skies: {counts(applied)}. A method with "
        "several seeds enters with the mean over them. Bars: one standard deviation, of "
        f"{settings.replicas} bootstrap replicas of the skies, the same for both methods, and of "
        "the means over seeds (standard errors), in quadrature; a method with one seed adds no "
        "such part, although another seed would give another value. The most significant "
        f"difference: {largest.first.label} finds {abs(100 * largest.value):.1f} percentage "
        f"points {direction} skies of {percent(largest.fraction)} % than {largest.second.label}, "
        f"{abs(largest.significance):.1f} standard deviations, one of "
        f"{len(found)} that were looked at."
    )
