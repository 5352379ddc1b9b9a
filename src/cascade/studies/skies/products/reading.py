"""What the skies' products share: signal fractions, seeds of one method, how skies are counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from cascade.errors import CascadeError, nearest
from cascade.plotting import reading
from cascade.plotting.product import Inputs
from cascade.plotting.reading import Applied, called
from cascade.plotting.settings import FigureSettings
from cascade.plotting.style import plural
from cascade.studies.skies.metrics import CLOSE

TRUTH = ("score", "label", "signal_fraction")
_SEED = re.compile(r"_seed(\d+)(?=/|$)")


@dataclass(frozen=True)
class Group:
    """All seeds of a method on one sample, or the one fit that there is.

    Attributes
    ----------
    key
        In metrics and tables: the name without the seed.
    label
        Name in the figure.
    members
        Predictions of the seeds, in the order of the config.
    """

    key: str
    label: str
    members: tuple[Applied, ...]

    @property
    def label_with_seeds(self) -> str:
        """Name in the figure, with the number of seeds where there are several."""
        seeds = len(self.members)
        return self.label if seeds == 1 else f"{self.label} ({seeds} seeds)"


def predictions(
    inputs: Inputs,
    settings: FigureSettings,
    columns: Iterable[str] = TRUTH,
    optional: Iterable[str] = (),
) -> list[Applied]:
    """Read the predictions of a product, in the order of the config."""
    return reading.predictions(inputs, settings.labels, columns, optional)


def grouped(applied: Sequence[Applied], settings: FigureSettings) -> list[Group]:
    """Put the seeds of each method together: NAME_seed1, NAME_seed2, … are one group NAME."""
    members: dict[str, list[Applied]] = {}
    for one in applied:
        members.setdefault(_SEED.sub("", one.key), []).append(one)
    groups = []
    for key, found in members.items():
        method, slash, sample = key.partition("/")
        label = found[0].label
        if len(found) > 1:
            label = called(method, settings.labels)
            label += f", {called(sample, settings.labels)}" if slash else ""
        groups.append(Group(key, label, tuple(found)))
    return groups


def seed_of(key: str) -> str:
    """Return the seed that the name of a fit ends in, or nothing.

    Examples
    --------
    >>> seed_of("dgcnn_seed3"), seed_of("scan")
    ('3', '')
    """
    found = _SEED.search(key)
    return found.group(1) if found else ""


def group_of(name: str, groups: Sequence[Group], where: str) -> Group:
    """Return a group by name.

    Raises
    ------
    CascadeError
        There is no such group; ``where`` names the key that asks for it.
    """
    for group in groups:
        if group.key == name:
            return group
    raise CascadeError(
        f"{where}: no predictions of '{name}'; {nearest(name, [group.key for group in groups])}"
    )


def percent(fraction: float) -> str:
    """Write a signal fraction as in the names of metrics.

    Examples
    --------
    >>> percent(0.05), percent(0.025)
    ('5', '2.5')
    """
    return f"{100 * fraction:.4g}"


def fractions(signal_fraction: np.ndarray) -> list[float]:
    """Return the signal fractions that occur, rising, without the isotropic skies' 0."""
    # float32 in the file
    rounded = np.unique(np.round(np.asarray(signal_fraction, np.float64), 4))
    return [float(fraction) for fraction in rounded if fraction > 0]


def has_fraction(signal_fraction: np.ndarray, fraction: float) -> np.ndarray:
    """Return which skies have a signal fraction."""
    return np.abs(np.asarray(signal_fraction, np.float64) - fraction) < CLOSE


def need_fraction(signal_fraction: np.ndarray, fraction: float, product: str, path: str) -> None:
    """Check that there are skies of a signal fraction.

    Raises
    ------
    CascadeError
        There are none.
    """
    if not has_fraction(signal_fraction, fraction).any():
        known = ", ".join(f"{one:g}" for one in fractions(signal_fraction)) or "none at all"
        raise CascadeError(
            f"{product}: fraction: no sky in {path} has the signal fraction {fraction:g}; "
            f"it has {known}"
        )


def need_sources(applied: Iterable[Applied], product: str) -> None:
    """Check that all predictions are of some skies with sources.

    Raises
    ------
    CascadeError
        Some are of isotropic skies alone.
    """
    for one in applied:
        if not fractions(one.columns["signal_fraction"]):
            raise CascadeError(f"{product}: {one.path}: holds no skies with sources")


def separated(applied: Applied, fraction: float, column: str = "score") -> tuple:
    """Return a column of the isotropic skies and of those of a signal fraction.

    Raises
    ------
    CascadeError
        There are no isotropic skies.
    """
    isotropic = applied.columns["label"] == 0
    if not isotropic.any():
        raise CascadeError(f"{applied.path}: holds no isotropic skies to compare with")
    values = applied.columns[column]
    signal = has_fraction(applied.columns["signal_fraction"], fraction) & ~isotropic
    return values[isotropic], values[signal]


def unbounded(*scores: np.ndarray) -> list[np.ndarray]:
    """Return scores that can be averaged: probabilities as their logit, others as they are.

    Scores are taken for probabilities if all of them lie between 0 and 1.

    Examples
    --------
    >>> [half] = unbounded(np.array([0.5])); float(half[0])
    0.0
    """
    scores = [np.asarray(score, np.float64) for score in scores]
    if all(((score >= 0) & (score <= 1)).all() for score in scores):
        return [logit(np.clip(score, 1e-300, 1 - 2**-53)) for score in scores]
    return scores


def counts(applied: Sequence[Applied]) -> str:
    """Say how many skies there are of each sample, isotropic and by signal fraction.

    Predictions of all methods on a sample are of the same skies.
    """
    parts = []
    for one in {one.sample: one for one in applied}.values():
        fraction, label = one.columns["signal_fraction"], one.columns["label"]
        listed = ", ".join(
            f"{skies(int(has_fraction(fraction, value).sum()))} of {percent(value)} %"
            for value in fractions(fraction)
        )
        isotropic = skies(int((label == 0).sum()))
        parts.append(f"sample '{one.sample}' ({isotropic} without sources; {listed})")
    return " and ".join(parts)


def skies(number: int) -> str:
    """Say how many skies.

    Examples
    --------
    >>> skies(1), skies(20)
    ('1 sky', '20 skies')
    """
    return plural(number, "sky").replace("skys", "skies")
