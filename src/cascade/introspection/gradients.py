"""Attribution by gradients: for any network, image, trace or point cloud.

With S the number that is explained and x the scaled input,

- saliency |∂S/∂x| (Simonyan et al., arXiv:1312.6034): what would change S most,
- sensitivity (∂S/∂x)²,
- gradient × input x ∂S/∂x, the first term of an expansion about 0,
- integrated gradients (x − x₀) ∫₀¹ ∂S/∂x(x₀ + α (x − x₀)) dα from a baseline x₀ (Sundararajan et
  al., arXiv:1703.01365), which add up to S(x) − S(x₀).

The first two tell of change, not of presence: they need not be 0 where there is nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from cascade.errors import known
from cascade.introspection.batching import Attribution, in_batches, numbers, with_numbers
from cascade.introspection.explained import Explained, attributable
from cascade.introspection.references import reference
from cascade.introspection.settings import AttributionSettings, IntegratedGradientsSettings
from cascade.layers.ragged import Ragged
from cascade.training.batches import Values


def saliency(
    explained: Explained, inputs: Sequence[Values], settings: AttributionSettings
) -> list[Attribution]:
    """Return |∂S/∂x| in the shape of each input; None for whole numbers."""
    return _of_gradients(explained, inputs, settings, lambda x, gradient: gradient.abs())


def sensitivity(
    explained: Explained, inputs: Sequence[Values], settings: AttributionSettings
) -> list[Attribution]:
    """Return (∂S/∂x)² in the shape of each input; None for whole numbers."""
    return _of_gradients(explained, inputs, settings, lambda x, gradient: gradient**2)


def gradient_times_input(
    explained: Explained, inputs: Sequence[Values], settings: AttributionSettings
) -> list[Attribution]:
    """Return x ∂S/∂x in the shape of each input; None for whole numbers."""
    return _of_gradients(explained, inputs, settings, lambda x, gradient: x * gradient)


def gradients(explained: Explained, inputs: Sequence[Values]) -> list[Attribution]:
    """Return ∂S/∂x of one batch in the shape of each input; None for whole numbers."""
    leaves = [
        with_numbers(x, numbers(x).detach().requires_grad_()) if attributable(x) else x
        for x in inputs
    ]
    with _differentiable(explained.network):
        score = explained.score(*leaves).sum()
        found = torch.autograd.grad(
            score, [numbers(x) for x in leaves if attributable(x)], materialize_grads=True
        )
    each = iter(found)
    return [with_numbers(x, next(each)) if attributable(x) else None for x in inputs]


def _of_gradients(
    explained: Explained,
    inputs: Sequence[Values],
    settings: AttributionSettings,
    function: Callable[[Tensor, Tensor], Tensor],
) -> list[Attribution]:
    """Return a function of inputs and gradients, worked out in batches."""

    def attribute(batch: list[Values]) -> list[Attribution]:
        return [
            None if found is None else with_numbers(x, function(numbers(x), numbers(found)))
            for x, found in zip(batch, gradients(explained, batch), strict=True)
        ]

    return in_batches(attribute, inputs, settings.batch)


def _differentiable(network: nn.Module) -> Any:
    """Let cuDNN step back where it knows no gradients: of recurrent layers outside training."""
    recurrent = any(isinstance(module, nn.RNNBase) for module in network.modules())
    return torch.backends.cudnn.flags(enabled=torch.backends.cudnn.enabled and not recurrent)


def integrated_gradients(
    explained: Explained,
    inputs: Sequence[Values],
    settings: IntegratedGradientsSettings,
    baseline: Sequence[Values] | None = None,
) -> list[Attribution]:
    """Return integrated gradients in the shape of each input; None for whole numbers.

    The integral is Captum's, by Gauss and Legendre. Where S has a pole or a kink on the way (a
    logarithm of 0, a trace scaled by its own noise) it takes more steps, or a better baseline.

    Parameters
    ----------
    baseline
        Where the way begins, for each event; by default what the settings say.

    Raises
    ------
    CascadeError
        A field that is to be held is no input.
    """
    for name in settings.held:
        known(name, explained.fields, "held", "input field")
    if baseline is None:
        baseline = reference(explained, inputs, settings.baseline, levels=settings.levels)
    start = [
        x if name in settings.held else x0
        for name, x, x0 in zip(explained.fields, inputs, baseline, strict=True)
    ]
    number = len(inputs)

    def attribute(both: list[Values]) -> list[Attribution]:
        return _integrated(explained, both[:number], both[number:], settings)

    return in_batches(attribute, [*inputs, *start], settings.batch)


def _integrated(
    explained: Explained,
    inputs: Sequence[Values],
    start: Sequence[Values],
    settings: IntegratedGradientsSettings,
) -> list[Attribution]:
    """Return the integrated gradients of one batch."""
    # imported here as it takes a second
    from captum.attr import IntegratedGradients

    places = [place for place, x in enumerate(inputs) if attributable(x)]
    others = [place for place in range(len(inputs)) if place not in places]
    ragged = [place for place, x in enumerate(inputs) if isinstance(x, Ragged)]

    def score(*given: Tensor) -> Tensor:
        """Return S of a batch, and of its copies along the way one after the other."""
        values = dict(zip((*places, *others), given, strict=False))
        counts = dict(zip(ragged, given[len(inputs) :], strict=True))
        return explained.score(
            *(
                Ragged(values[place], counts[place]) if place in counts else values[place]
                for place in range(len(inputs))
            )
        )

    ends = tuple(numbers(inputs[place]).detach().contiguous() for place in places)
    # Captum repeats all that a score takes, and so the number of rows of each event too
    rest = (*(numbers(inputs[place]) for place in others), *(inputs[p].counts for p in ragged))
    with _differentiable(explained.network):
        found = IntegratedGradients(score).attribute(
            ends,
            baselines=tuple(numbers(start[place]) for place in places),
            additional_forward_args=rest or None,
            n_steps=settings.steps,
            # it counts along the first axis of the first input, and takes a whole batch at least
            internal_batch_size=max(settings.at_once, len(ends[0])) if len(ends[0]) else None,
        )
    shares: list[Attribution] = [None] * len(inputs)
    for place, share in zip(places, found, strict=True):
        shares[place] = with_numbers(inputs[place], share.to(numbers(inputs[place]).dtype))
    return shares
