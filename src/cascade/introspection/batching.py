"""Many events are explained some at a time, so that memory stays bounded."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from cascade.errors import CascadeError
from cascade.introspection.explained import Explained
from cascade.layers.ragged import Ragged, cat
from cascade.training.batches import Values

Attribution = Values | None
"""What an input is given, in its shape; None for whole numbers, which have no gradient."""


def batches(inputs: Sequence[Values], size: int) -> Iterator[list[Values]]:
    """Yield the inputs of at most ``size`` events at a time.

    Raises
    ------
    CascadeError
        There are no events.
    """
    if not len(inputs[0]):
        raise CascadeError("there are no events to be explained")
    for start in range(0, len(inputs[0]), size):
        yield [values[start : start + size] for values in inputs]


def in_batches(
    attribute: Callable[[list[Values]], Sequence[Attribution]],
    inputs: Sequence[Values],
    size: int,
) -> list[Attribution]:
    """Return what a function says of all events, asked for ``size`` of them at a time."""
    parts = zip(*(attribute(batch) for batch in batches(inputs, size)), strict=True)
    return [None if part[0] is None else cat(part) for part in parts]


def scores(explained: Explained, inputs: Sequence[Values], size: int) -> Tensor:
    """Return the number that is explained of all events, (B,)."""
    with torch.no_grad():
        return torch.cat([explained.score(*batch) for batch in batches(inputs, size)])


def numbers(values: Values) -> Tensor:
    """Return the numbers of an input: those of all rows, if it is ragged."""
    return values.values if isinstance(values, Ragged) else values


def with_numbers(values: Values, new: Tensor) -> Values:
    """Return an input with other numbers, in the same rows if it is ragged."""
    return values.with_values(new) if isinstance(values, Ragged) else new


def array(values: Values) -> Any:
    """Return values as a file holds them: a NumPy array, an Awkward one of ragged values."""
    known = numbers(values).detach().cpu().numpy()
    if not isinstance(values, Ragged):
        return known
    import awkward as ak

    return ak.unflatten(known, values.counts.cpu().numpy())


def sums(values: Values) -> Tensor:
    """Return the sum of all numbers of each event, (B,)."""
    known = numbers(values)
    each = known.reshape(len(known), math.prod(known.shape[1:])).sum(dim=1)
    return Ragged(each, values.counts).sum() if isinstance(values, Ragged) else each
