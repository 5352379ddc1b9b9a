"""What stands in for a part of the input that is taken away, or where a path to it begins.

There is no single nothing: a network never saw some of these, so whoever uses one says which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import numpy as np
import torch

from cascade.errors import known
from cascade.introspection.batching import numbers, with_numbers
from cascade.introspection.explained import Explained, attributable
from cascade.layers.ragged import Ragged
from cascade.training.batches import Values
from cascade.training.scaling import Scaled

ReferenceName = Literal["zero", "empty", "mean", "shuffle"]


def reference(
    explained: Explained,
    inputs: Sequence[Values],
    name: ReferenceName,
    rng: np.random.Generator | None = None,
    levels: Mapping[str, float] = MappingProxyType({}),
) -> list[Values]:
    """Return inputs of the same shapes that say nothing of each event. Whole numbers stay.

    Parameters
    ----------
    inputs
        Of all events, scaled.
    name
        ``zero``: 0 behind the scaler, about the mean of the training sample where there is one;
        ``empty``: 0 in the units of the file, as an event without signal has it, scaled;
        ``mean``: the mean of these events, place by place, or over all rows of a ragged input;
        ``shuffle``: what stands in the same place of another event, or in another row.
    rng
        Where ``shuffle`` draws from.
    levels
        What ``empty`` is of an input field, where it is not 0.

    Raises
    ------
    CascadeError
        There is no such field.
    """
    for field in levels:
        known(field, explained.fields, "levels", "input field")
    if name == "empty":
        found = [
            with_numbers(x, torch.full_like(numbers(x), levels.get(field, 0)))
            for field, x in zip(explained.fields, inputs, strict=True)
        ]
        if isinstance(explained.network, Scaled):
            found = explained.network.scaled(*found)
    else:
        found = [_reference(x, name, rng) for x in inputs]
    return [new if attributable(x) else x for x, new in zip(inputs, found, strict=True)]


def _reference(x: Values, name: ReferenceName, rng: np.random.Generator | None) -> Values:
    values = numbers(x)
    match name:
        case "mean" if attributable(x):
            new = values.mean(dim=0, keepdim=True).expand_as(values).clone()
        case "shuffle":
            new = values[torch.from_numpy(_others(x, rng)).to(values.device)]
        case _:
            new = torch.zeros_like(values)
    return with_numbers(x, new)


def _others(x: Values, rng: np.random.Generator | None) -> np.ndarray:
    """Return for each event, or row of a ragged input, another one: a cycle in random order."""
    rng = rng or np.random.default_rng(0)
    number = len(x.values) if isinstance(x, Ragged) else len(x)
    order = rng.permutation(number)
    others = np.empty_like(order)
    others[order] = np.roll(order, 1)
    return others
