"""Layer-wise relevance propagation: the score, shared out among the inputs layer by layer.

Bach et al., PLOS ONE 10 (2015) e0130140; rules and their use together: Montavon et al., LNCS 11700
(2019) 193. The relevance at the output is the score; each operation hands on what it is given to
its inputs (``relevance_rules``), so that the sum stays but for what biases and constants keep.

The network runs as it is, with its functions intercepted and replaced by some whose backward pass
carries relevance. So it need not be made of known modules: residual sums, hexagonal, group and
graph convolutions are but operations on tensors. Which rule is whose:

- Linear layers, convolutions and matrix products with constants: the rule of the settings. Their
  biases keep their shares.
- Sums, means, poolings, normalisation with the statistics of the training, Fourier transforms and
  norms: LRP-0.
- Functions of single numbers, activations among them: relevance passes through. So it does through
  a sum with a constant, but behind the last layer, where the constant is the origin of the score
  (a typical energy) and keeps its share as a bias does.
- Maximum: the winner takes all. Movements of numbers: relevance goes along.
- Quotients: the numerator takes all; the denominator is a unit, be it a number or a matrix. So
  layer normalisation and softmax hold what they divide by (Achtibat et al., arXiv:2402.05602).
- Products of carriers: gates (sigmoid, softmax, exponentials) take nothing (Arras et al.,
  arXiv:1706.07206), other factors equal shares (arXiv:2402.05602).

There is no rule for anything else, nor for a part of a network that torch computes in one piece
(recurrent layers): it raises an error.

The composite rule goes by the order in which layers with weights are called: LRP-γ in the first
7/16 of them, LRP-0 in the last 3/16, at least one, LRP-ε between, as Montavon et al. have them in
the 16 layers of VGG-16.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cascade.errors import CascadeError, known
from cascade.introspection.batching import (
    Attribution,
    batches,
    in_batches,
    numbers,
    with_numbers,
)
from cascade.introspection.explained import Explained, attributable
from cascade.introspection.relevance_layers import spelled_out
from cascade.introspection.relevance_propagation import Propagation
from cascade.introspection.settings import RelevanceSettings
from cascade.training.batches import Values


@dataclass(frozen=True)
class Account:
    """Where the relevance of some events went; all sums over the events.

    Attributes
    ----------
    score
        What was to be shared out.
    relevance
        What the input fields were given, by name.
    kept
        What stayed on the way, by operation: the shares of biases and constants, and ε.
    """

    score: float
    relevance: dict[str, float]
    kept: dict[str, float]

    @property
    def unaccounted(self) -> float:
        """What is left: the shares of constants that were joined with carriers, and rounding."""
        return self.score - sum(self.relevance.values()) - sum(self.kept.values())


def relevance(
    explained: Explained, inputs: Sequence[Values], settings: RelevanceSettings
) -> list[Attribution]:
    """Return the relevance in the shape of each input; None for whole numbers and held fields.

    Raises
    ------
    CascadeError
        The network does something for which there is no rule, or a held field is no input.
    """
    return in_batches(
        lambda batch: _propagate(explained, batch, settings)[0], inputs, settings.batch
    )


def account(explained: Explained, inputs: Sequence[Values], settings: RelevanceSettings) -> Account:
    """Return where the relevance of some events went.

    Raises
    ------
    CascadeError
        As ``relevance``.
    """
    score, given, kept = 0.0, Counter(), Counter()
    for batch in batches(inputs, settings.batch):
        shares, propagation, start = _propagate(explained, batch, settings)
        score += float(start.sum())
        kept.update(propagation.kept)
        for name, share in zip(explained.fields, shares, strict=True):
            if share is not None:
                given[name] += float(numbers(share).sum())
    return Account(score, dict(given), dict(kept))


def _propagate(
    explained: Explained, inputs: Sequence[Values], settings: RelevanceSettings
) -> tuple[list[Attribution], Propagation, Tensor]:
    """Return the relevance of one batch's inputs, how it came there, and its scores."""
    for name in settings.held:
        known(name, explained.fields, "held", "input field")
    carries = [
        attributable(x) and name not in settings.held
        for name, x in zip(explained.fields, inputs, strict=True)
    ]
    leaves = [
        with_numbers(x, numbers(x).detach().clone().requires_grad_()) if carrier else x
        for x, carrier in zip(inputs, carries, strict=True)
    ]
    propagation = Propagation(settings)
    with _frozen(explained.network), spelled_out(explained.network), torch.enable_grad():
        with propagation:
            score = explained.score(*leaves)
        if not score.requires_grad:
            raise CascadeError("what is explained depends on no input that can have relevance")
        propagation.check(score)
        found = torch.autograd.grad(
            score,
            [numbers(x) for x, carrier in zip(leaves, carries, strict=True) if carrier],
            score.detach(),
            materialize_grads=True,
        )
    propagation.forget()
    each = iter(found)
    shares = [
        with_numbers(x, next(each)) if carrier else None
        for x, carrier in zip(inputs, carries, strict=True)
    ]
    return shares, propagation, score.detach()


@contextmanager
def _frozen(network: nn.Module) -> Iterator[None]:
    """Take weights for constants, be the network frozen or not."""
    free = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in free:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in free:
            parameter.requires_grad_(True)
