"""Pixel flipping: the score should fall when what is said to be relevant is taken away.

The elements of an event (pixels, rays, stations, samples) are replaced, the most relevant first,
and the score is looked at again (Bach et al., PLOS ONE 10 (2015) e0130140; Samek et al.,
arXiv:1509.06321). The area over the curve, the mean of S(0) − S(f) over the fractions f, is
compared with that of random orders. By what an element is replaced is part of the result: none of
the operators leaves an event as the network knows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from cascade.errors import CascadeError
from cascade.evaluation.attribution import PixelFlipping
from cascade.introspection.batching import Attribution, numbers, scores, with_numbers
from cascade.introspection.explained import Explained, attributable
from cascade.introspection.references import reference
from cascade.introspection.settings import PixelFlippingSettings
from cascade.layers.ragged import Ragged
from cascade.training.batches import Values


def pixel_flipping(
    explained: Explained,
    inputs: Sequence[Values],
    relevance: Values,
    settings: PixelFlippingSettings,
    rng: np.random.Generator,
) -> PixelFlipping:
    """Return the score for an order of the elements, beside random orders.

    Parameters
    ----------
    relevance
        One number for each element: (B, …) or ragged rows (K, …), see ``of_elements``. An element
        takes with it the numbers of all inputs whose axes begin like these: pixels, or rays with
        direction and energy. Other inputs, and whole numbers, stay.

    Raises
    ------
    CascadeError
        No input has such elements; fewer than two events, or two fractions.
    """
    return flipped(explained, inputs, {"": relevance}, settings, rng)[""]


def flipped(
    explained: Explained,
    inputs: Sequence[Values],
    relevances: Mapping[str, Values],
    settings: PixelFlippingSettings,
    rng: np.random.Generator,
) -> dict[str, PixelFlipping]:
    """Return the score for several orders of the same elements, beside the same random orders.

    Parameters and errors as for ``pixel_flipping``.
    """
    fractions = np.asarray(settings.fractions)
    if len(fractions) < 2 or fractions[0] != 0 or (np.diff(fractions) <= 0).any():
        raise CascadeError("fractions: must rise from 0, and be two or more")
    if len(inputs[0]) < 2:
        raise CascadeError("pixel flipping is a mean over events; give two or more")
    elements = next(iter(relevances.values()))
    if not any(_holds(x, elements) for x in inputs):
        raise CascadeError(
            f"no input has elements of shape {tuple(numbers(elements).shape[1:])} per event"
        )
    instead = reference(explained, inputs, settings.operator, rng, settings.levels)

    def curves(order: Tensor) -> np.ndarray:
        """Return the score of each event after each fraction, (B, F)."""
        rank = _ranks(with_numbers(elements, order))
        return np.stack([
            scores(explained, _replaced(inputs, instead, elements, rank < f), settings.batch)
            .double().cpu().numpy()
            for f in fractions
        ], axis=1)  # fmt: skip

    shape = numbers(elements).shape
    random = np.stack(
        [curves(torch.from_numpy(rng.random(shape))) for _ in range(settings.orders)], axis=1
    )
    return {
        name: PixelFlipping(fractions, curves(numbers(relevance).detach()), random)
        for name, relevance in relevances.items()
    }


def of_elements(attributions: Sequence[Attribution], axes: int) -> Values:
    """Return one number for each element: the sum over its numbers in all inputs.

    Parameters
    ----------
    axes
        Axes of an event's elements behind the first one: 2 for pixels, 1 for rays or samples. Of
        ragged events the rows are the first axis, so stations are 0, their time bins 1.
    """
    parts = [
        with_numbers(x, numbers(x).flatten(axes + 1).sum(dim=-1) if numbers(x).ndim > axes + 1
                     else numbers(x))
        for x in attributions
        if x is not None and numbers(x).ndim > axes
    ]  # fmt: skip
    if not parts:
        raise CascadeError(f"no input has elements of {axes} axes")
    # elements are those of the input that has most of them; others are no part of an element
    shape = max((numbers(part).shape for part in parts), key=lambda shape: shape.numel())
    return with_numbers(
        next(part for part in parts if numbers(part).shape == shape),
        sum(numbers(part) for part in parts if numbers(part).shape == shape),
    )


def _holds(x: Values, relevance: Values) -> bool:
    """Return whether an input can be replaced element by element."""
    size = numbers(relevance).shape
    return (
        attributable(x)
        and isinstance(x, Ragged) == isinstance(relevance, Ragged)
        and numbers(x).shape[: len(size)] == size
    )


def _ranks(order: Values) -> Tensor:
    """Return the rank of each element within its event over their number, 0 for the largest."""
    values = numbers(order)
    if not isinstance(order, Ragged):
        flat = values.flatten(1)
        rank = flat.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
        return (rank / flat.shape[1]).view_as(values)
    ranks = [
        (-part.flatten()).argsort(stable=True).argsort().div(max(part.numel(), 1)).view_as(part)
        for part in values.split(order.counts.tolist())
    ]
    return torch.cat(ranks) if ranks else values


def _replaced(
    inputs: Sequence[Values], instead: Sequence[Values], relevance: Values, chosen: Tensor
) -> list[Values]:
    """Return the inputs with what is chosen of their elements replaced."""
    found = []
    for x, new in zip(inputs, instead, strict=True):
        if _holds(x, relevance):
            values = numbers(x)
            mask = chosen.to(values.device).reshape(
                *chosen.shape, *[1] * (values.ndim - chosen.ndim)
            )
            x = with_numbers(x, torch.where(mask, numbers(new), values))
        found.append(x)
    return found
