"""Statistical uncertainties: the event bootstrap (Efron 1979) and the binomial interval.

A replica of the data draws as many events as there are, with replacement; a statistic's central
68 % over the replicas is its interval. It needs no model of the statistic and carries weights,
ties and correlations between the columns along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

LEVEL = 0.6827
DRAWS = 2_000_000
"""Values drawn at once: 16 MB of them."""


@dataclass(frozen=True)
class Prepared:
    """A statistic of columns that are worked out from the events once, for all replicas.

    Attributes
    ----------
    prepare
        Function of the events' columns that returns others, all of the same length; their first
        axis is the event again, though some events may be left out.
    statistic
        Function of these.
    """

    prepare: Callable[[Mapping[str, np.ndarray]], Mapping[str, np.ndarray]]
    statistic: Callable[[Mapping[str, np.ndarray]], float | np.ndarray]

    def __call__(self, arrays: Mapping[str, np.ndarray]) -> float | np.ndarray:
        """Return the statistic of the events themselves."""
        return self.statistic(self.prepare(arrays))


def bootstrap(
    statistic: Callable[[Mapping[str, np.ndarray]], float | np.ndarray],
    arrays: Mapping[str, np.ndarray],
    rng: np.random.Generator,
    replicas: int = 200,
) -> tuple[float | np.ndarray, float | np.ndarray, float | np.ndarray]:
    """Return a statistic of events with the bounds of its central 68 % interval.

    Parameters
    ----------
    statistic
        Function of the columns that does not depend on the events' order. It returns a float, or
        an array of fixed shape such as a curve on a grid: the bounds are then a pointwise band.
        Of a ``Prepared`` one the replicas draw from the prepared columns.
    arrays
        Columns of the events, all of the same length; the first axis is the event.
    rng
        Source of the draws.
    replicas
        Number of replicas; the bounds are themselves uncertain by about 8 % of their distance at
        200.

    Returns
    -------
    value, low, high
        The statistic of the events themselves and its bounds. Replicas for which it is undefined
        (NaN) are left out; infinite values are kept and may be a bound. The bounds always enclose
        the value. Where the value itself is undefined so are the bounds.

    Raises
    ------
    ValueError
        The columns differ in length.
    """
    events = _length(arrays)
    if isinstance(statistic, Prepared):
        arrays, statistic = statistic.prepare(arrays), statistic.statistic
        events = _length(arrays)
    value = np.asarray(statistic(arrays), np.float64)
    if events == 0 or np.isnan(value).all():
        return _plain(value, value, value)
    draws = np.empty((replicas, *value.shape))
    for replica in range(replicas):
        counts = np.bincount(rng.integers(events, size=events), minlength=events)
        # repeated in place, so that columns sorted by score stay sorted and sort again quickly
        drawn = np.repeat(np.arange(events), counts)
        draws[replica] = statistic(_Drawn(arrays, drawn))
    low, high = central(draws)
    return _plain(value, np.fmin(low, value), np.fmax(high, value))


def _length(arrays: Mapping[str, np.ndarray]) -> int:
    lengths = {len(column) for column in arrays.values()}
    if len(lengths) != 1:
        raise ValueError(f"columns of different lengths: {sorted(lengths)}")
    return lengths.pop()


class _Drawn(Mapping):
    """Columns of a replica, each drawn when it is asked for: most statistics need few of them."""

    def __init__(self, arrays: Mapping[str, np.ndarray], drawn: np.ndarray):
        self.arrays = arrays
        self.drawn = drawn

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.arrays:  # columns of a file would complain, even to ``get``
            raise KeyError(name)
        return self.arrays[name][self.drawn]

    def __contains__(self, name: object) -> bool:
        return name in self.arrays

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)


def bootstrap_samples(
    statistic: Callable[..., float | np.ndarray],
    samples: Sequence[np.ndarray],
    rng: np.random.Generator,
    replicas: int = 200,
) -> tuple[float, float, float]:
    """Return a statistic of plain samples with the bounds of its central 68 % interval.

    As ``bootstrap``, but the replicas are worked out many at once, and each sample is drawn from
    by itself.

    Parameters
    ----------
    statistic
        Function of one array per sample, (events,) → float and (replicas, events) → (replicas,).
    samples
        Values of the events, each of shape (events,).
    """
    value = float(statistic(*samples))
    if np.isnan(value):
        return value, value, value
    step = max(1, DRAWS // sum(map(len, samples)))
    draws = []
    for first in range(0, replicas, step):
        number = min(step, replicas - first)
        drawn = [
            sample[rng.integers(len(sample), size=(number, len(sample)))] for sample in samples
        ]
        draws.append(statistic(*drawn))
    low, high = central(np.concatenate(draws))
    return value, float(np.fmin(low, value)), float(np.fmax(high, value))


def central(draws: np.ndarray, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of the central interval over the first axis, NaN left out.

    Bounds are members of the draws: between a finite and an infinite one nothing can be
    interpolated.
    """
    draws = np.sort(draws, axis=0)  # NaN last
    defined = np.sum(~np.isnan(draws), axis=0)
    tail = (1 - level) / 2
    bounds = []
    for quantile in (tail, 1 - tail):
        member = np.rint(quantile * np.maximum(defined - 1, 0)).astype(int)
        bounds.append(np.take_along_axis(draws, member[np.newaxis], axis=0)[0])
    return bounds[0], bounds[1]


def binomial_interval(
    passed: int | np.ndarray, total: int | np.ndarray, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray]:
    """Return the Clopper–Pearson interval of an efficiency ``passed / total``.

    It covers the true efficiency with at least the probability ``level``. For ``total`` 0 it is
    (0, 1): nothing is known.
    """
    passed, total = np.broadcast_arrays(np.asarray(passed, float), np.asarray(total, float))
    tail = (1 - level) / 2
    # the beta quantiles are undefined at the borders, where the bounds are 0 and 1
    low = np.where(passed > 0, betaincinv(np.maximum(passed, 1), total - passed + 1, tail), 0.0)
    high = np.where(
        passed < total, betaincinv(passed + 1, np.maximum(total - passed, 1), 1 - tail), 1.0
    )
    return low, high


def _plain(*arrays: np.ndarray) -> tuple:
    """Turn arrays without axes into floats."""
    return tuple(float(array) if np.ndim(array) == 0 else array for array in arrays)
