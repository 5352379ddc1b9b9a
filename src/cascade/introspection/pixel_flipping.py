"""Pixel flipping: the score should fall when what is said to be relevant is taken away.

The elements of an event (pixels, rays, stations, samples) are replaced, the most relevant first,
and the score is looked at again (Bach et al., PLOS ONE 10 (2015) e0130140; Samek et al.,
arXiv:1509.06321). The area over the curve, the mean of S(0) − S(f) over the fractions f, is
compared with that of random orders. By what an element is replaced is part of the result: none of
the operators leaves an event as the network knows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cascade.errors import CascadeError
from cascade.introspection.batching import Attribution, numbers, scores, with_numbers
from cascade.introspection.explained import Explained, attributable
from cascade.introspection.references import reference
from cascade.introspection.scores import standard_error
from cascade.introspection.settings import PixelFlippingSettings
from cascade.layers.ragged import Ragged
from cascade.training.batches import Values


@dataclass(frozen=True)
class PixelFlipping:
    """Curves of the mean score, and the area over them.

    Attributes
    ----------
    fractions
        Shares of the elements that were replaced, (F,).
    curve, error
        Mean score with the most relevant elements replaced, and its standard error, (F,).
    random, random_spread
        The same in random order: mean and standard deviation over the orders, (F,).
    area, random_area
        Areas over the curves, divided by the width.
    area_error
        Standard error of the difference of the areas, event by event.
    significance
        The difference of the areas over its error.
    operator
        By what elements were replaced.
    """

    fractions: np.ndarray
    curve: np.ndarray
    error: np.ndarray
    random: np.ndarray
    random_spread: np.ndarray
    area: float
    random_area: float
    area_error: float
    significance: float
    operator: str


def pixel_flipping(
    explained: Explained,
    inputs: Sequence[Values],
    relevance: Values,
    settings: PixelFlippingSettings,
    rng: np.random.Generator,
) -> PixelFlipping:
    """Return the curve of the score for an order of the elements, beside random orders.

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
    fractions = np.asarray(settings.fractions)
    if len(fractions) < 2 or fractions[0] != 0 or (np.diff(fractions) <= 0).any():
        raise CascadeError("fractions: must rise from 0, and be two or more")
    if len(inputs[0]) < 2:
        raise CascadeError("pixel flipping is a mean over events; give two or more")
    if not any(_holds(x, relevance) for x in inputs):
        raise CascadeError(
            f"no input has elements of shape {tuple(numbers(relevance).shape[1:])} per event"
        )
    instead = reference(explained, inputs, settings.operator, rng)

    def curves(order: Tensor) -> np.ndarray:
        """Return the score of each event after each fraction, (F, B)."""
        rank = _ranks(with_numbers(relevance, order))
        return np.stack([
            scores(explained, _replaced(inputs, instead, relevance, rank < f), settings.batch)
            .double().cpu().numpy()
            for f in fractions
        ])  # fmt: skip

    def area(curve: np.ndarray) -> np.ndarray:
        """Return the area over the curve of each event."""
        return np.trapezoid(curve[0] - curve, fractions, axis=0) / fractions[-1]

    flipped = curves(numbers(relevance).detach())
    shape = numbers(relevance).shape
    random = np.stack([curves(torch.from_numpy(rng.random(shape))) for _ in range(settings.orders)])
    ours, theirs = area(flipped), np.mean([area(curve) for curve in random], axis=0)
    error = standard_error(ours - theirs)
    means = random.mean(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        significance = (ours - theirs).mean() / error
    return PixelFlipping(
        fractions,
        flipped.mean(axis=1),
        flipped.std(axis=1, ddof=1) / np.sqrt(flipped.shape[1]),
        means.mean(axis=0),
        means.std(axis=0),
        float(ours.mean()),
        float(theirs.mean()),
        float(error),
        float(significance),
        settings.operator,
    )


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
