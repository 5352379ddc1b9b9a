"""Weighted ROC curves: efficiencies, the area below, the background rejection.

The signal efficiency ε_S and the background efficiency ε_B are the weighted fractions of signal
and background events at or above a cut on the score. Events of equal score pass a cut together, so
they make one step of the curve; between the steps the curve is a straight line, as for a cut that
lets a random share of the tied events pass. The area is then the weighted probability that a
signal event scores above a background event, ties counting one half (Mann–Whitney).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Roc:
    """Steps of a ROC curve from the strictest cut (0, 0) to the loosest (1, 1).

    Attributes
    ----------
    signal_efficiency, background_efficiency
        Shape (steps,), rising; NaN throughout if the class has no weight at all.
    threshold
        Shape (steps,): lowest score that passes, infinite for the first step.
    """

    signal_efficiency: np.ndarray
    background_efficiency: np.ndarray
    threshold: np.ndarray


def roc_curve(score: np.ndarray, label: np.ndarray, weight: np.ndarray | None = None) -> Roc:
    """Return the ROC curve of a score that is high for signal.

    Parameters
    ----------
    score
        Shape (events,), finite.
    label
        Shape (events,): signal where non-zero, else background.
    weight
        Shape (events,), non-negative; None for unit weights.

    Raises
    ------
    ValueError
        A score is NaN: it cannot be ordered.
    """
    score = np.asarray(score)
    if np.isnan(score).any():
        raise ValueError("a score is NaN")
    # merge sort is linear in time on scores that are sorted already, as bootstrap replicas are
    order = np.argsort(score, kind="stable")[::-1]
    score = score[order]
    signal = np.asarray(label)[order] != 0
    weight = np.ones(len(score)) if weight is None else np.asarray(weight, np.float64)[order]
    last = np.flatnonzero(np.append(score[1:] != score[:-1], True)) if len(score) else []
    return Roc(
        _efficiency(np.where(signal, weight, 0.0), last),
        _efficiency(np.where(signal, 0.0, weight), last),
        np.append(np.inf, score[last]),
    )


def _efficiency(weight: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Share of the weight above each cut, starting at none; ``last`` ends each run of ties."""
    passed = np.append(0.0, np.cumsum(weight)[last])
    if passed[-1] == 0:
        return np.full(len(passed), np.nan)
    return passed / passed[-1]


def auc(score: np.ndarray, label: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Return the area under the ROC curve, exact with ties; NaN if a class is missing."""
    if len(score) == 0:
        return np.nan
    roc = roc_curve(score, label, weight)
    return float(np.trapezoid(roc.signal_efficiency, roc.background_efficiency))


def clustered_auc(
    score: np.ndarray, label: np.ndarray, cluster: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return the area under the ROC curve of events that come in independent clusters.

    Events of a cluster may depend on each other. By how much the area hangs on each cluster gives
    its variance, Σ influence² · n / (n − 1) over n clusters (Obuchowski, Biometrics 53 (1997) 567).

    Parameters
    ----------
    cluster
        Shape (events,): number of each event's cluster, from 0.

    Returns
    -------
    area, influence
        NaN if a class is missing; influences of shape (clusters,), which add up to 0.
    """
    signal = np.asarray(label) != 0
    number = int(np.max(cluster, initial=-1)) + 1
    if signal.all() or not signal.any():
        return np.nan, np.full(number, np.nan)
    # share of the other class that each event beats, ties counting one half
    placed = np.empty(len(score))
    for mine in (signal, ~signal):
        other = np.sort(score[~mine])
        below, upto = (np.searchsorted(other, score[mine], side) for side in ("left", "right"))
        placed[mine] = (below + upto) / (2 * len(other))
    placed[~signal] = 1 - placed[~signal]
    area = placed[signal].mean()
    share = (placed - area) / np.where(signal, signal.sum(), (~signal).sum())
    return float(area), np.bincount(cluster, share, number)


def background_efficiency(roc: Roc, signal_efficiency: float | np.ndarray) -> np.ndarray:
    """Return ε_B where the curve reaches the signal efficiencies, interpolated linearly.

    Where the curve is vertical in ε_B (several background efficiencies at one signal efficiency)
    the smallest one is taken, as a sensible cut would.
    """
    if np.isnan(roc.signal_efficiency[-1]):
        return np.full_like(signal_efficiency, np.nan, dtype=np.float64)
    # the first step at which each signal efficiency is reached
    reached, first = np.unique(roc.signal_efficiency, return_index=True)
    return np.interp(signal_efficiency, reached, roc.background_efficiency[first])


def signal_efficiency(roc: Roc, background_efficiency: float | np.ndarray) -> np.ndarray:
    """Return ε_S where the curve reaches the background efficiencies, interpolated linearly.

    Where it reaches several of them at one background efficiency the largest one is taken, as a
    sensible cut would.
    """
    if np.isnan(roc.background_efficiency[-1]):
        return np.full_like(background_efficiency, np.nan, dtype=np.float64)
    wanted = np.asarray(background_efficiency, np.float64)
    # the last step within each background efficiency, and the next one
    step = np.searchsorted(roc.background_efficiency, wanted, "right") - 1
    after = np.minimum(step + 1, len(roc.background_efficiency) - 1)
    run = roc.background_efficiency[after] - roc.background_efficiency[step]
    share = (wanted - roc.background_efficiency[step]) / np.where(run > 0, run, 1)
    rise = roc.signal_efficiency[after] - roc.signal_efficiency[step]
    return roc.signal_efficiency[step] + share * rise


def area_and_rejection(columns: Mapping[str, np.ndarray], grid: np.ndarray) -> np.ndarray:
    """Return the area under the ROC curve, then 1/ε_B at the signal efficiencies of a grid.

    Parameters
    ----------
    columns
        ``score``, ``label`` and, if there are weights, ``weight``.

    Returns
    -------
    Array
        Shape (1 + grid,): a statistic that a bootstrap can vary as one.
    """
    roc = roc_curve(columns["score"], columns["label"], columns.get("weight"))
    area = np.trapezoid(roc.signal_efficiency, roc.background_efficiency)
    with np.errstate(divide="ignore"):
        return np.append(area, 1 / background_efficiency(roc, grid))


def background_rejection(
    score: np.ndarray,
    label: np.ndarray,
    weight: np.ndarray | None = None,
    signal_efficiency: float | np.ndarray = 0.5,
) -> float | np.ndarray:
    """Return 1/ε_B at the signal efficiencies (0 to 1): a float for a float, else an array.

    It is infinite where no background passes the cut, and NaN if a class is missing.
    """
    passed = background_efficiency(roc_curve(score, label, weight), signal_efficiency)
    with np.errstate(divide="ignore"):
        rejection = 1 / passed
    return float(rejection) if np.ndim(rejection) == 0 else rejection
