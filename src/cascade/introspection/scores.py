"""How good an attribution is: numbers that need the truth, the score, or a second map."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from cascade.evaluation.attribution import RelevanceMass
from cascade.introspection.batching import Attribution, numbers, sums, with_numbers
from cascade.layers.ragged import Ragged
from cascade.training.batches import Values


def relevance_mass(
    attribution: Values,
    truth: Values,
    among: Values | None = None,
    *,
    absolute: bool = False,
) -> RelevanceMass:
    """Return which share of the positive, or of the absolute, relevance lies on the truth.

    It is that of each event, with mean, error and significance.

    Parameters
    ----------
    attribution
        Shape (B, …), or ragged with rows (K, …).
    truth
        True for elements that hold the truth, in the same shape.
    among
        True for the elements that count at all, for instance the pixels with energy; by default
        all of them. Relevance elsewhere is left out, so that the random order is that of an
        observer who knows where something is.
    """
    relevance = numbers(attribution).double()
    relevance = relevance.abs() if absolute else relevance.clamp(min=0)
    counted = torch.ones_like(relevance) if among is None else numbers(among).double()
    true = numbers(truth).double() * counted
    total = _by_event(attribution, relevance * counted)
    there, area = _by_event(attribution, counted), _by_event(attribution, true)
    told = (total > 0) & (area > 0) & (area < there)
    nothing = torch.tensor(float("nan"), dtype=torch.float64)
    share = torch.where(told, _by_event(attribution, relevance * true) / total, nothing)
    return RelevanceMass(share.numpy(), (area / there).numpy())


def _by_event(shape: Values, values: Tensor) -> Tensor:
    """Return the sum of all numbers of each event on the CPU, (B,)."""
    return sums(with_numbers(shape, values.detach())).cpu()


def conservation_error(
    attributions: list[Attribution], score: Tensor, reference: Tensor | float = 0.0
) -> np.ndarray:
    """Return |Σ R − (S − S₀)| / |S − S₀| of each event, (B,).

    Parameters
    ----------
    attributions
        One for each input; all of them are added up.
    score
        The number S that is explained, (B,).
    reference
        What S is compared with: its value S₀ at the baseline of integrated gradients, or 0.
    """
    total = sum(_by_event(x, numbers(x).double()) for x in attributions if x is not None)
    wanted = (score - reference).double().cpu()
    return ((total - wanted).abs() / wanted.abs()).numpy()


def rank_correlation(first: Values, second: Values) -> np.ndarray:
    """Return Spearman's rank correlation of two maps of each event, (B,); ties share their ranks.

    NaN for events in which a map is the same everywhere.
    """
    from scipy.stats import rankdata

    found = np.full(len(first), np.nan)
    for event, pair in enumerate(zip(_events(first), _events(second), strict=True)):
        a, b = (rankdata(values) - (len(values) + 1) / 2 for values in pair)
        norm = np.sqrt((a @ a) * (b @ b))
        if norm > 0:
            found[event] = a @ b / norm
    return found


def _events(values: Values) -> list[np.ndarray]:
    """Return the numbers of each event, flat."""
    known = numbers(values).detach().cpu().numpy()
    if isinstance(values, Ragged):
        return [x.ravel() for x in np.split(known, values.offsets.cpu().numpy()[1:-1])]
    return [x.ravel() for x in known]
