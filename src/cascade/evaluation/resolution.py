"""How far predicted quantities lie from the true ones: bias, resolution, containment.

Statistics take their values along the last axis, so that all bootstrap replicas are worked out at
once. Of too few values they are NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cascade.evaluation.bootstrap import bootstrap_samples

CONTAINMENT = 0.68


def angular_distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the angle between unit vectors [rad], (…, 3) and (…, 3) → (…).

    It is exact at small and at large angles alike, where the arc cosine of the scalar product is
    not (Kahan, How Futile are Mindless Assessments of Roundoff, 2006, §12).
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    across = np.linalg.norm(first - second, axis=-1)
    along = np.linalg.norm(first + second, axis=-1)
    return 2 * np.arctan2(across, along)


def bias(differences: np.ndarray) -> float | np.ndarray:
    """Return the mean, (…, events) → (…); NaN of none."""
    if differences.shape[-1] < 1:
        return np.full(differences.shape[:-1], np.nan)[()]
    return np.mean(differences, axis=-1, dtype=np.float64)


def resolution(differences: np.ndarray) -> float | np.ndarray:
    """Return the sample's standard deviation, (…, events) → (…); NaN of fewer than two."""
    if differences.shape[-1] < 2:
        return np.full(differences.shape[:-1], np.nan)[()]
    return np.std(differences, axis=-1, ddof=1, dtype=np.float64)


def root_mean_square(differences: np.ndarray) -> float | np.ndarray:
    """Return the root of the mean square, bias included: (…, events) → (…); NaN of none."""
    return np.sqrt(bias(np.asarray(differences, np.float64) ** 2))


def containment(distances: np.ndarray, level: float = CONTAINMENT) -> float | np.ndarray:
    """Return what a share ``level`` of the distances stay below, (…, events) → (…); NaN of none."""
    if distances.shape[-1] < 1:
        return np.full(distances.shape[:-1], np.nan)[()]
    return np.quantile(distances, level, axis=-1)


def merit_factor(first: np.ndarray, second: np.ndarray) -> float | np.ndarray:
    """Return |mean₁ − mean₂| / √(variance₁ + variance₂), how well two classes stand apart.

    Shapes (…, events₁) and (…, events₂) → (…). NaN where a class has fewer than two events, or
    nothing differs at all; infinite where only the classes do.
    """
    distance = np.abs(bias(first) - bias(second))
    with np.errstate(divide="ignore", invalid="ignore"):
        return distance / np.hypot(resolution(first), resolution(second))


@dataclass(frozen=True)
class Binned:
    """A statistic in bins of a variable, with its 68 % bootstrap interval.

    Attributes
    ----------
    edges
        Shape (bins + 1,), rising.
    value, low, high
        Shape (bins,); NaN where there are too few events.
    events
        Shape (bins,): number of events in each bin.
    """

    edges: np.ndarray
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    events: np.ndarray

    @property
    def centres(self) -> np.ndarray:
        """Shape (bins,): the middle of each bin."""
        return (self.edges[1:] + self.edges[:-1]) / 2


def binned(
    statistic: Callable[..., float | np.ndarray],
    samples: Sequence[tuple[np.ndarray, np.ndarray]],
    edges: np.ndarray,
    rng: np.random.Generator,
    replicas: int = 200,
) -> Binned:
    """Return a statistic in bins of a variable.

    Parameters
    ----------
    statistic
        One of this module, called with one array of values per sample, or a function like them.
    samples
        Values and variable of the events of each sample, both of shape (events,): one sample for
        a resolution, two for the merit factor.
    edges
        Of the bins. As in a histogram each holds its lower edge and the last one its upper, too;
        events outside are left out.
    rng, replicas
        As for ``bootstrap_samples``.

    Examples
    --------
    >>> sample = (np.array([1.0, 3.0, 5.0]), np.array([0.2, 0.4, 2.0]))
    >>> binned(bias, [sample], np.array([0, 1, 2]), np.random.default_rng(1)).value.tolist()
    [2.0, 5.0]
    """
    edges = np.asarray(edges, np.float64)
    inner = np.append(edges[:-1], np.nextafter(edges[-1], np.inf))
    parts = [(np.asarray(values), np.digitize(variable, inner) - 1) for values, variable in samples]
    rows = np.full((len(edges) - 1, 3), np.nan)
    events = np.zeros(len(rows), np.int64)
    for number in range(len(rows)):
        chosen = [values[bins == number] for values, bins in parts]
        events[number] = sum(map(len, chosen))
        rows[number] = bootstrap_samples(statistic, chosen, rng, replicas)
    return Binned(edges, *rows.T, events)
