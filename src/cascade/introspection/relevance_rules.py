"""Rules of layer-wise relevance propagation, as autograd functions that carry relevance backward.

What a layer z = f(x) was given, R, is shared out among its inputs as these contributed to z:

    R_j = Σ_k x_j ∂q_k/∂x_j · R_k / (q_k + ε_k),

- LRP-0 (Bach et al., PLOS ONE 10 (2015) e0130140): q = z, ε = 0;
- LRP-ε: ε_k has the sign of z_k and is a share of the mean |z| of the event's layer;
- LRP-γ (Montavon et al., LNCS 11700 (2019) 193): the contributions to z_k that have its sign count
  1 + γ times, be inputs and weights positive or negative.

For a linear layer x_j ∂z_k/∂x_j = x_j w_jk: the rules as they are commonly written. All that is
needed for R to be conserved is that f is homogeneous, Σ_j x_j ∂z_k/∂x_j = z_k (Euler): sums,
means, Fourier transforms, norms. A bias keeps its share, as ε does. The formula for a product
z = x_1 x_2 … x_n gives R to each factor, so that each takes R / n (Achtibat et al.,
arXiv:2402.05602).

A complex number is a pair of real ones: relevance has a real and an imaginary part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

LEAST = 1e-9
"""ε of LRP-0: a number that is nothing but rounding shares out nothing."""

Operation = Callable[..., Tensor]


@dataclass(frozen=True)
class Rule:
    """How one layer shares out relevance."""

    epsilon: float = 0.0
    gamma: float = 0.0


def share(
    operation: Operation,
    rule: Callable[[], Rule | None],
    keep: Callable[[Tensor], None],
    factors: int,
    carriers: Sequence[Tensor],
) -> Tensor:
    """Return what an operation gives; backward, carriers take relevance by the formula above.

    Parameters
    ----------
    operation
        ``(*carriers, gamma=0) -> q``, which is z for γ = 0.
    rule
        Tells the rule, once it is needed; None if the only carrier takes all.
    keep
        Is told how much relevance went to none of the carriers.
    factors
        n, 1 if the operation is no product of carriers.
    """
    return _Share.apply(operation, rule, keep, factors, *carriers)


def hand_on(function: Operation, carrier: Tensor) -> Tensor:
    """Return a function of each number alone: backward, its argument takes all relevance."""
    return _Pass.apply(function, carrier)


class _Share(Function):
    """An operation on carriers of relevance; backward, the relevance of each."""

    @staticmethod
    def forward(
        ctx: Any,
        operation: Operation,
        rule: Callable[[], Rule | None],
        keep: Callable[[Tensor], None],
        factors: int,
        *carriers: Tensor,
    ) -> Tensor:
        ctx.operation, ctx.rule, ctx.keep, ctx.factors = operation, rule, keep, factors
        ctx.save_for_backward(*carriers)
        return operation(*carriers)

    @staticmethod
    def backward(ctx: Any, relevance: Tensor) -> tuple[Tensor | None, ...]:
        rule = ctx.rule()
        if rule is None:
            return None, None, None, None, relevance.sum_to_size(ctx.saved_tensors[0].shape)
        with torch.enable_grad():
            inputs = [carrier.detach().requires_grad_() for carrier in ctx.saved_tensors]
            out = ctx.operation(*inputs, gamma=rule.gamma)
            given = ratio(relevance / ctx.factors, out.detach(), rule.epsilon)
            gradients = torch.autograd.grad(out, inputs, given)
        shares = [_product(x.detach(), g) for x, g in zip(inputs, gradients, strict=True)]
        ctx.keep(_total(relevance) - sum(_total(share) for share in shares))
        return None, None, None, None, *shares


class _Pass(Function):
    @staticmethod
    def forward(ctx: Any, function: Operation, carrier: Tensor) -> Tensor:
        ctx.shape = carrier.shape
        # some functions may write over their argument
        return function(carrier.clone())

    @staticmethod
    def backward(ctx: Any, relevance: Tensor) -> tuple[Tensor | None, ...]:
        return None, relevance.sum_to_size(ctx.shape)


def ratio(relevance: Tensor, out: Tensor, epsilon: float) -> Tensor:
    """Return R / (z + ε), 0 where z is.

    Parameters
    ----------
    out
        z, the first axis that of events or their rows: ε is relative to the mean |z| of each. A
        row of one number has no other to be compared with, and no ε.
    """
    if out.is_complex():
        parts = (
            ratio(part, of, epsilon)
            for part, of in zip((relevance.real, relevance.imag), (out.real, out.imag), strict=True)
        )
        return torch.complex(*parts)
    size = out.abs()
    rows = tuple(range(1, out.ndim))
    mean = size.mean(rows, keepdim=True) if rows else size
    lone = out.ndim == 0 or out[:1].numel() <= 1
    limit = (LEAST if lone else epsilon + LEAST) * mean
    stable = out + torch.where(out < 0, -limit, limit)
    return torch.where(stable == 0, 0.0, relevance / torch.where(stable == 0, 1.0, stable))


def enhanced(layer: Operation, weight: Tensor, bias: Tensor | None) -> Operation:
    """Return an operation ``(x, gamma) -> q`` from a layer ``(x, weight, bias) -> z``."""

    def operation(x: Tensor, gamma: float = 0.0) -> Tensor:
        out = layer(x, weight, bias)
        if not gamma or out.is_complex():
            return out
        up, down = weight.clamp(min=0), weight.clamp(max=0)
        above, below = (None, None) if bias is None else (bias.clamp(min=0), bias.clamp(max=0))
        high, low = x.clamp(min=0), x.clamp(max=0)
        positive, negative = layer(high, up, above), layer(high, down, below)
        if (low < 0).any():  # behind a ReLU there are none
            positive, negative = positive + layer(low, down, None), negative + layer(low, up, None)
        return out + gamma * torch.where(out.detach() < 0, negative, positive)

    return operation


def _product(x: Tensor, gradient: Tensor) -> Tensor:
    """Return x · gradient, of a complex number part by part."""
    if x.is_complex():
        return torch.complex(x.real * gradient.real, x.imag * gradient.imag)
    return x * gradient


def _total(relevance: Tensor) -> Tensor:
    if relevance.is_complex():
        relevance = torch.view_as_real(relevance)
    return relevance.sum()
