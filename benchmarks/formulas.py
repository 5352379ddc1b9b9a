"""Quantities of simulated events held against the formulas that they should follow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from comparison import OURS, Row, at_most

FAR = 4.0
"""Standard errors that no quantity may be off."""


class Quantity(NamedTuple):
    """What the formula says, what was drawn, and its standard error."""

    name: str
    expected: float
    measured: float
    error: float

    @property
    def pull(self) -> float:
        """By how many standard errors it is off."""
        return (self.measured - self.expected) / self.error


def mean(name: str, expected: float, values: np.ndarray) -> Quantity:
    """Compare the mean of many numbers with what it should be."""
    values = values.astype(np.float64)
    return Quantity(name, expected, values.mean(), values.std() / np.sqrt(len(values)))


def held_against(found: Iterable[Quantity], what: str) -> Row:
    """Print all quantities; return the row of the one that is off most."""
    found = list(found)
    print(f"{'quantity':46} {'expected':>11} {'measured':>11} {'error':>9} {'pull':>6}")
    for quantity in found:
        numbers = f"{quantity.expected:11.6f} {quantity.measured:11.6f} {quantity.error:9.1e}"
        print(f"{quantity.name:46} {numbers} {quantity.pull:6.2f}")
    pulls = np.array([quantity.pull for quantity in found])
    print(f"rms pull {np.sqrt(np.mean(pulls**2)):.2f}")
    worst = float(np.abs(pulls).max())
    return Row(
        f"{what}: largest pull of {len(found)} quantities", worst, "σ", bar=at_most(FAR, OURS)
    )
