"""What is explained: one number of a network's output, as a function of the inputs it sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cascade.declarations import resolve
from cascade.errors import CascadeError, nearest
from cascade.layers.ragged import Ragged
from cascade.study import Network
from cascade.training.batches import Values, tensor
from cascade.training.scaling import Scaled


@dataclass(frozen=True)
class Explained:
    """A network, and which number of its output is explained.

    Attributes
    ----------
    network
        Any module, called with its input fields in order. Behind scalers it is explained with
        respect to the scaled inputs, for these are what it sees.
    fields
        Names of the input fields.
    number
        ``(output) -> Tensor (B,)``: the number, before any sigmoid or softmax.
    """

    network: nn.Module
    fields: tuple[str, ...]
    number: Callable[[Any], Tensor]

    @property
    def body(self) -> nn.Module:
        """Return the network behind its scalers."""
        return self.network.network if isinstance(self.network, Scaled) else self.network

    def inputs(self, events: Mapping[str, Any]) -> list[Values]:
        """Return what the network sees of some events."""
        device = next((p.device for p in self.network.parameters()), torch.device("cpu"))
        read = [tensor(events[name]).to(device) for name in self.fields]
        return self.network.scaled(*read) if isinstance(self.network, Scaled) else read

    def score(self, *inputs: Values) -> Tensor:
        """Return the number that is explained, (B,)."""
        return self.number(self.body(*inputs))


def explained(declared: Network, network: Scaled, name: str | None = None) -> Explained:
    """Return a study's trained network, ready to be explained.

    Parameters
    ----------
    name
        Of the number, one of the objective's ``scores``; by default the first one.

    Raises
    ------
    CascadeError
        There is no such number.
    """
    objective = resolve(declared.objective)()

    def number(output: Any) -> Tensor:
        scores = objective.scores(output)
        if name is not None and name not in scores:
            raise CascadeError(f"no number '{name}' to be explained; {nearest(name, scores)}")
        return scores[name] if name else next(iter(scores.values()))

    return Explained(network.eval().requires_grad_(False), network.inputs, number)


def attributable(values: Values) -> bool:
    """Return whether an input can have an attribution: whole numbers have no gradient."""
    return (values.values if isinstance(values, Ragged) else values).is_floating_point()
