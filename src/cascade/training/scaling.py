"""Scalers: input fields are brought to zero mean and unit width inside the network.

A scaler is a module with buffers, fitted on the training split alone. It is saved with the weights,
so whoever loads a model gives it events in their file's units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from cascade.layers.ragged import Ragged
from cascade.training.batches import Split, Values

CONSTANT = 1e-7  # a smaller deviation, relative to the mean, is the rounding of the numbers


class Scaler(nn.Module):
    """``(f(x) − mean) / deviation`` with ``f`` the identity or log(1 + max(x, 0)).

    A field of one inner axis of fixed length (features) is scaled per component, any other (an
    image, the traces of stations) by one pair of numbers, so that pixels keep their relation.

    Parameters
    ----------
    shape
        Of the field within an event; an axis of variable length is ``None``.

    Shapes
    ------
    x: (batch, …) → (batch, …), tensor or ragged
    """

    def __init__(self, logarithmic: bool, shape: Sequence[int | None] = ()):
        super().__init__()
        self.logarithmic = logarithmic
        inner = tuple(shape) if len(shape) == 1 and shape[0] is not None else ()
        self.register_buffer("mean", torch.zeros(inner))
        self.register_buffer("deviation", torch.ones(inner))

    def forward(self, x: Values) -> Values:
        """Scale a batch; of a ragged one the values."""
        if isinstance(x, Ragged):
            return x.with_values(self(x.values))
        return (self._f(x) - self.mean) / self.deviation

    def _f(self, x: Tensor) -> Tensor:
        return torch.log1p(x.clamp(min=0)) if self.logarithmic else x

    def fit(self, split: Split, name: str, size: int = 8192) -> None:
        """Set mean and deviation from a field of a split, read in chunks, summed in float64.

        Values that are not finite stay out. A field that is constant, within the precision of
        float32, keeps the deviation 1.
        """
        width = self.mean.numel()
        number, first, second = torch.zeros((3, width), dtype=torch.float64)
        places = [(start, start + size) for start in range(0, split.events(), size)]
        for part in split.parts(places, [name]):
            read = part.pop(name)
            x = self._f(read.values if isinstance(read, Ragged) else read)
            x = x.double().reshape(-1, width)
            finite = x.isfinite()
            x = torch.where(finite, x, 0.0)
            number += finite.sum(0)
            first += x.sum(0)
            second += x.square_().sum(0)
        number = number.clamp(min=1)
        mean = first / number
        variance = (second / number - mean**2).clamp(min=0)
        constant = variance <= (CONSTANT * mean) ** 2
        deviation = torch.where(constant, 1.0, variance.sqrt())
        self.mean.copy_(mean.reshape(self.mean.shape))
        self.deviation.copy_(deviation.reshape(self.mean.shape))


class Scaled(nn.Module):
    """A network behind the scalers of its input fields.

    Parameters
    ----------
    network
        Called with the inputs in order.
    inputs
        Names of the input fields.
    scaling
        ``none``, ``standard`` or ``log`` by field; ``none`` where nothing is said.
    shapes
        Inner shape of each input field, ``None`` for an axis of variable length.
    """

    def __init__(
        self,
        network: nn.Module,
        inputs: Sequence[str],
        scaling: Mapping[str, str],
        shapes: Mapping[str, Sequence[int | None]],
    ):
        super().__init__()
        self.network = network
        self.inputs = tuple(inputs)
        self.shapes = {name: tuple(shapes[name]) for name in inputs}
        self.scalers = nn.ModuleDict(
            {
                name: Scaler(scaling[name] == "log", shapes[name])
                for name in inputs
                if scaling.get(name, "none") != "none"
            }
        )

    def fit(self, split: Split) -> None:
        """Fit all scalers on the training split."""
        for name, scaler in self.scalers.items():
            scaler.fit(split, name)

    def forward(self, *inputs: Values) -> Tensor:
        """Scale the inputs and apply the network."""
        return self.network(*self.scaled(*inputs))

    def scaled(self, *inputs: Values) -> list[Values]:
        """Return the inputs scaled, as the network sees them."""
        return [
            self.scalers[name](x) if name in self.scalers else x
            for name, x in zip(self.inputs, inputs, strict=True)
        ]
