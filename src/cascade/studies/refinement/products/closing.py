"""How much of a gap between two networks a third one closes, in cells of distance and energy.

With the mean b and the standard deviation w of Δ in each cell, over the cells (RMS):

- bias: the gap of a method is RMS(b − b_data), and 1 − RMS(b − b_data) / RMS(b_simulation − b_data)
  of it is closed;
- width: the gap is W − W_data with W = RMS(w), so that differences of the bias between cells do not
  count as width, and 1 − (W − W_data) / (W_simulation − W_data) of it is closed.

Each cell counts alike. Statistical fluctuations of the cells count as not closed. Where simulation
or data stand for several seeds, b and the gaps of these are averaged over the seeds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cascade.errors import CascadeError, known, nearest
from cascade.evaluation.bootstrap import central
from cascade.plotting.reading import Applied
from cascade.studies.refinement.products.reading import deviations
from cascade.studies.refinement.settings.products import GapClosedSettings

OVERALL = (
    "bias_gap",
    "resolution_gap",
    "resolution_gap_all_events",
    "gap_closed_bias",
    "gap_closed_resolution",
    "gap_closed_resolution_all_events",
    "bias_rms",
    "resolution",
)
"""Numbers of each method; then follow those over distance: ``bias_rms`` and ``resolution``."""
_SEED = re.compile(r"_seed\d+$")


@dataclass(frozen=True)
class Cells:
    """Cells in distance and energy, numbered with the energy running fastest.

    Attributes
    ----------
    number
        Cell of each event, (events,); -1 outside of all, or in one with too few events.
    shape
        Bins in distance and in energy.
    """

    number: np.ndarray
    shape: tuple[int, int]


@dataclass(frozen=True)
class Measured:
    """Numbers of the groups and of their single methods, with bootstrap intervals.

    Attributes
    ----------
    groups
        Methods of each group, by name.
    value, low, high
        (groups + methods, columns): rows by ``names``; the columns are those of ``OVERALL``, then
        ``bias_rms`` and ``resolution`` in each bin of the distance.
    events
        Inside the cells.
    """

    groups: Mapping[str, tuple[str, ...]]
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    events: int

    @property
    def names(self) -> list[str]:
        """Groups, then methods."""
        return [*self.groups, *(name for members in self.groups.values() for name in members)]

    def number(self, name: str, column: str) -> tuple[float, float, float]:
        """Return a number of ``OVERALL`` of a group, with its bounds."""
        place = self.names.index(name), OVERALL.index(column)
        return tuple(float(bound[place]) for bound in (self.value, self.low, self.high))

    def seeds(self, group: str, column: str) -> np.ndarray:
        """Return a number of ``OVERALL`` of each method of a group, (methods,)."""
        first = len(self.groups)
        rows = [first + self.names[first:].index(name) for name in self.groups[group]]
        return self.value[rows, OVERALL.index(column)]

    def over_distance(self, group: str, column: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return ``bias_rms`` or ``resolution`` of a group over distance, with bounds."""
        bins = (self.value.shape[1] - len(OVERALL)) // 2
        first = len(OVERALL) + (bins if column == "resolution" else 0)
        row = self.names.index(group)
        return tuple(
            bound[row, first : first + bins] for bound in (self.value, self.low, self.high)
        )


def grouped(applied: Sequence[Applied], settings: GapClosedSettings) -> dict[str, list[Applied]]:
    """Put the seeds of each method together, in the order of the config.

    Raises
    ------
    CascadeError
        A group names a method that is not there, or a method that the settings need is not.
    """
    methods = {one.method for one in applied} | {_SEED.sub("", one.method) for one in applied}
    named = {}
    for group, members in settings.groups.items():
        for member in members:
            if member not in methods:
                raise CascadeError(
                    f"gap_closed: groups.{group}: no predictions of '{member}'; "
                    f"{nearest(member, methods)}"
                )
            named[member] = group
    groups: dict[str, list[Applied]] = {}
    for one in applied:
        alone = _SEED.sub("", one.method)
        groups.setdefault(named.get(one.method) or named.get(alone) or alone, []).append(one)
    for key in ("simulation", "reference", "method"):
        known(getattr(settings, key), groups, f"gap_closed: {key}", "predictions of method")
    return groups


def cells_of(distance: np.ndarray, lg_energy: np.ndarray, settings: GapClosedSettings) -> Cells:
    """Return in which cell each event lies; as in a histogram the last edges belong to a bin.

    Raises
    ------
    CascadeError
        No cell has enough events.
    """
    places = []
    for values, edges in ((distance, settings.distance), (lg_energy, settings.lg_energy)):
        inner = np.append(edges[:-1], np.nextafter(edges[-1], np.inf))
        places.append(np.digitize(np.asarray(values, np.float64), inner) - 1)
    shape = len(settings.distance) - 1, len(settings.lg_energy) - 1
    inside = np.logical_and(*(
        (place >= 0) & (place < bins) for place, bins in zip(places, shape, strict=True)
    ))  # fmt: skip
    number = np.where(inside, places[0] * shape[1] + places[1], -1)
    events = np.bincount(number[inside], minlength=shape[0] * shape[1])
    number = np.where(inside & (events[number] >= settings.min_events), number, -1)
    if (number < 0).all():
        raise CascadeError(
            f"gap_closed: no bin in distance and lg_energy holds {settings.min_events} events; "
            "widen the bins or lower 'min_events'"
        )
    return Cells(number, shape)


def measure(
    groups: Mapping[str, Sequence[Applied]], settings: GapClosedSettings, seed: int
) -> Measured:
    """Return all numbers of all groups, from events that the replicas draw for all at once."""
    applied = [one for members in groups.values() for one in members]
    columns = applied[0].columns
    cells = cells_of(columns["distance"], columns["lg_energy"], settings)
    inside = cells.number >= 0
    delta = np.stack([deviations(one)[inside] for one in applied], axis=1)
    cell = cells.number[inside]
    sizes = [len(members) for members in groups.values()]
    # mean over the methods of each group
    average = np.repeat(np.eye(len(groups)) / sizes, sizes, axis=1)
    names = list(groups)
    references = average[[names.index(settings.simulation), names.index(settings.reference)]]

    def statistic(drawn: np.ndarray) -> np.ndarray:
        rows = closing(delta[drawn], cell[drawn], cells.shape, references)
        return np.concatenate([average @ rows, rows])

    value = statistic(np.arange(len(cell)))
    rng = np.random.default_rng(seed)
    draws = np.stack(
        [statistic(rng.integers(len(cell), size=len(cell))) for _ in range(settings.replicas)]
    )
    methods = {name: tuple(one.method for one in members) for name, members in groups.items()}
    return Measured(methods, value, *centred(value, draws), len(cell))


def centred(value: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of replicas (replicas, …) about a value, once these are moved to it.

    A replica has the fluctuations of the events, and those of drawing from them once more. A root
    mean square grows by both, so that without the move all replicas of a small one lie above it.
    """
    defined = ~np.isnan(draws).all(axis=0) & ~np.isnan(value)
    middle = np.full(value.shape, np.nan)
    middle[defined] = np.nanmedian(draws[:, defined], axis=0)
    low, high = central(draws + (value - middle))
    return np.fmin(low, value), np.fmax(high, value)


def closing(
    delta: np.ndarray, cell: np.ndarray, shape: tuple[int, int], references: np.ndarray
) -> np.ndarray:
    """Return the numbers of each method: (events, methods) → (methods, columns).

    Parameters
    ----------
    cell
        Of each event, (events,).
    shape
        Bins in distance and in energy.
    references
        Weights of the methods in what stands for simulation and for data, (2, methods).

    Returns
    -------
    Array
        Columns as in ``Measured``; what is closed of a gap that is not positive is NaN, as is what
        bins without events would give.
    """
    mean, variance = moments(delta, cell, shape[0] * shape[1])
    bias_gap = root_mean(np.square(mean - references[1] @ mean), 1)
    width = root_mean(variance, 1)
    everything = delta.std(axis=0, ddof=1)
    gaps = [bias_gap, *(some - references[1] @ some for some in (width, everything))]
    whole = [references[0] @ gap for gap in gaps]
    closed = [1 - gap / (one if one > 0 else np.nan) for gap, one in zip(gaps, whole, strict=True)]
    over_distance = [
        root_mean(some.reshape(len(mean), *shape), 2) for some in (np.square(mean), variance)
    ]
    overall = [*gaps, *closed, root_mean(np.square(mean), 1), width]
    return np.concatenate([np.stack(overall, axis=1), *over_distance], axis=1)


def moments(delta: np.ndarray, cell: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of each method in each cell, (methods, cells); NaN of one event."""
    events = np.bincount(cell, minlength=cells).astype(np.float64)
    events[events < 2] = np.nan
    mean = np.stack([np.bincount(cell, column, cells) for column in delta.T]) / events
    apart = [np.square(column - one[cell]) for column, one in zip(delta.T, mean, strict=True)]
    variance = np.stack([np.bincount(cell, square, cells) for square in apart]) / (events - 1)
    return mean, variance


def root_mean(squares: np.ndarray, axis: int) -> np.ndarray:
    """Return the root of the mean over an axis, NaN left out; NaN of nothing else."""
    there = ~np.isnan(squares)
    with np.errstate(invalid="ignore"):
        return np.sqrt(np.sum(squares, axis=axis, where=there) / np.sum(there, axis=axis))
