"""Batch normalisation over all processes that share a batch (Ioffe and Szegedy, arXiv:1502.03167).

Each process sees its part of a batch alone; were it normalised by the mean and variance of that
part, a network would depend on the number of devices. PyTorch's own layer for this knows GPUs only,
and would take the place of layers that are derived from the plain ones.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm


class Sum(torch.autograd.Function):
    """Sum over processes; so is the gradient, as each of them has a part of the loss."""

    @staticmethod
    def forward(context: Any, x: Tensor) -> Tensor:
        """Return the sum."""
        total = x.detach().clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        """Return the gradient of all losses."""
        total = gradient.clone()
        distributed.all_reduce(total)
        return total


class OverProcesses(_BatchNorm):
    """What batch normalisation is while several processes train; else it stays as it was.

    Shapes
    ------
    x: (batch, channels, …), kept
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised maps; follow mean and variance of the whole batch."""
        if not self.training:
            return super().forward(x)
        maps = x.float()
        inner = [0, *range(2, x.ndim)]
        shape = (1, -1, *[1] * (x.ndim - 2))
        number = maps.new_tensor([maps.numel() / maps.shape[1]])
        *sums, number = Sum.apply(torch.cat([maps.sum(inner), number]))
        mean = torch.stack(sums) / number
        centred = maps - mean.reshape(shape)
        variance = Sum.apply(centred.square().sum(inner)) / number
        self._follow(mean.detach(), variance.detach() * number / (number - 1))
        normalised = centred * (variance + self.eps).rsqrt().reshape(shape)
        if self.affine:
            normalised = normalised * self.weight.reshape(shape) + self.bias.reshape(shape)
        return normalised.to(x.dtype)

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        """Let the running mean and variance follow those of a batch."""
        if self.track_running_stats:
            self.num_batches_tracked.add_(1)
            share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
            self.running_mean.lerp_(mean, share)
            self.running_var.lerp_(variance, share)


def normalise_together(network: nn.Module) -> None:
    """Let all batch normalisations of a network, and what derives from them, see whole batches."""
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            kind = type(module)
            # behind the layer's own class, in front of that which computes
            module.__class__ = type(kind.__name__, (kind, OverProcesses), {})
