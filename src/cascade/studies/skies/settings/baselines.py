"""Settings of what networks are compared with: scans for pairs and multiplets, trees on them."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field

from cascade.settings import Settings

Number = TypeVar("Number", int, float)


def _rising(values: tuple[Number, ...]) -> tuple[Number, ...]:
    if list(values) != sorted(set(values)):
        raise ValueError(f"must rise, not {list(values)}")
    return values


Angles = Annotated[
    tuple[Annotated[float, Field(gt=0, le=180)], ...],
    Field(strict=False, min_length=1),
    AfterValidator(_rising),
]
Shares = Annotated[
    tuple[Annotated[float, Field(gt=0, le=1)], ...],
    Field(strict=False, min_length=1),
    AfterValidator(_rising),
]
Orders = Annotated[
    tuple[Annotated[int, Field(ge=1)], ...],
    Field(strict=False, min_length=1),
    AfterValidator(_rising),
]


class GridSettings(Settings):
    """Cells that are scanned: all angles by all energy thresholds."""

    angles: Angles = (2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0)
    """Angular scales [deg]: rays closer than this are neighbours."""

    shares: Shares = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)
    """Energy thresholds, as the share of a sky's rays that lie above: the highest 5 %, 10 %, …"""


class ScanSettings(GridSettings):
    """A scan over angles and energy thresholds."""

    calibration_skies: Annotated[int, Field(ge=20)] = 10000
    """At most so many isotropic training skies calibrate the scan, the file's first ones."""


class ScanTreesSettings(GridSettings):
    """Gradient-boosted trees on all cells of the scans."""

    orders: Orders = (1, 5, 25)
    """Of the multiplets about all rays, which to take: the largest, the 5th and 25th largest."""

    iterations: Annotated[int, Field(ge=1, le=10000)] = 200
    """Most trees that are grown; as many are kept as are best on the validation skies."""

    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Fraction of a tree's answer that is added to the sum."""

    leaves: Annotated[int, Field(ge=2, le=1024)] = 4
    """Most leaves of a tree."""

    min_samples_leaf: Annotated[int, Field(ge=1)] = 40
    """Fewest training skies in a leaf."""

    l2: Annotated[float, Field(ge=0)] = 1.0
    """L2 penalty on the values of the leaves."""

    choice: Annotated[float, Field(gt=0, le=1)] = 0.3
    """Share of the cells, drawn at random, that a branch chooses from."""

    threads: Annotated[int, Field(ge=1, le=256)] = 1
    """Threads that grow the trees; the result does not depend on them."""
