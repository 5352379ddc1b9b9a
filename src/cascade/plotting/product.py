"""What a product function is given and what it returns.

A product is a figure with the table behind it, the numbers that it makes and a caption that says
what is plotted, from how many events, and which paper's figure it stands beside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = ("pdf", "png", "csv", "rst", "json")
"""Kinds of files that a product consists of."""


def named(output: Path, suffix: str) -> Path:
    """Return the path of one file of a product, from its path without suffix."""
    # with_suffix would cut a name at its own point
    return output.parent / f"{output.name}.{suffix}"


@dataclass(frozen=True)
class Inputs:
    """Files that a product is declared to read, by the names that the config gives them.

    Attributes
    ----------
    predictions
        File of predictions by (method, sample), in the order of the config.
    samples
        File of events (the test split, or the only one) by sample.
    histories
        ``history.csv`` by method.
    explanations
        File by explanation; its attribute ``method`` says of which network it is.
    seed
        For bootstraps.
    """

    predictions: Mapping[tuple[str, str], Path] = field(default_factory=dict)
    samples: Mapping[str, Path] = field(default_factory=dict)
    histories: Mapping[str, Path] = field(default_factory=dict)
    explanations: Mapping[str, Path] = field(default_factory=dict)
    seed: int = 1


@dataclass(frozen=True)
class Number:
    """A value with the bounds of its 68 % interval, its unit and the events behind it."""

    value: float
    low: float
    high: float
    unit: str
    events: int


@dataclass(frozen=True)
class Result:
    """A product: the figure, the columns of its table, its caption and its numbers."""

    figure: Figure
    table: Mapping[str, Sequence]
    caption: str
    metrics: Mapping[str, Number] = field(default_factory=dict)
