"""What the showers' products share: primaries, angles, and what methods predict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from cascade.plotting import reading
from cascade.plotting.product import Inputs
from cascade.plotting.reading import Applied
from cascade.plotting.settings import FigureSettings
from cascade.plotting.style import plural

PRIMARIES = {1: ("p", "proton"), 4: ("He", "helium"), 14: ("N", "nitrogen"), 56: ("Fe", "iron")}
"""Short and long name of the simulated primaries by mass number."""


TRUTH = ("axis", "core", "lg_energy", "x_max", "mass_number")
PREDICTED = ("predicted_axis", "predicted_core", "predicted_lg_energy", "predicted_x_max", "score")
"""Columns of which a method may predict some."""


def predictions(
    inputs: Inputs,
    settings: FigureSettings,
    columns: Iterable[str] = TRUTH,
    optional: Iterable[str] = PREDICTED,
) -> list[Applied]:
    """Read the predictions of a product, in the order of the config."""
    return reading.predictions(inputs, settings.labels, columns, optional)


def counts(applied: Sequence[Applied]) -> str:
    """Say how many events there are of each sample.

    Predictions of all methods on a sample are of the same events.
    """
    events = {one.sample: one.events for one in applied}
    return " and ".join(
        f"{plural(number, 'shower')} of sample '{sample}'" for sample, number in events.items()
    )


def composition(applied: Sequence[Applied]) -> str:
    """Say how many events there are of each sample, by primary."""
    parts = []
    for one in {one.sample: one for one in applied}.values():
        masses, numbers = np.unique(one.columns["mass_number"], return_counts=True)
        listed = ", ".join(
            f"{plural(int(number), 'event')} of {primary(mass)}"
            for mass, number in zip(masses, numbers, strict=True)
        )
        parts.append(f"sample '{one.sample}' ({listed})")
    return " and ".join(parts)


def primary(mass_number: int, long: bool = False) -> str:
    """Return a primary's name.

    Examples
    --------
    >>> primary(56), primary(1, long=True), primary(28)
    ('Fe', 'proton', 'A = 28')
    """
    number = int(mass_number)
    return PRIMARIES[number][long] if number in PRIMARIES else f"A = {number}"


def zenith_of(axis: np.ndarray) -> np.ndarray:
    """Return zenith angles [°] of unit vectors (…, 3)."""
    return np.degrees(np.arccos(np.clip(axis[..., 2].astype(np.float64), -1, 1)))
