"""Networks whose weights mean nothing: a map that does not care does not explain the network.

After the sanity checks of Adebayo et al. (arXiv:1810.03292), which randomise the weights layer by
layer from the top.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import nn

from cascade.introspection.batching import scores
from cascade.introspection.explained import Explained
from cascade.training.batches import Values

ATTEMPTS = 50
"""Seeds that are tried."""
BATCH = 64
"""Events whose number is worked out at a time."""


def randomised(network: nn.Module, seed: int, layers: int | None = None) -> nn.Module:
    """Return a copy of a network whose weights are shuffled within each parameter.

    So each parameter keeps the distribution of its numbers, the signals keep about their size, and
    any kind of layer can be randomised. Numbers that stand alone, and buffers, stay.

    Parameters
    ----------
    seed
        Of the shuffling.
    layers
        How many layers, the last ones that the network declares; by default all.
    """
    copied = copy.deepcopy(network)
    holders = [
        module for module in copied.modules() if any(True for _ in module.parameters(recurse=False))
    ]
    draw = torch.Generator().manual_seed(seed)
    for module in holders[::-1][:layers]:
        for parameter in module.parameters(recurse=False):
            order = torch.randperm(parameter.numel(), generator=draw).to(parameter.device)
            parameter.data = parameter.data.flatten()[order].view_as(parameter)
    return copied


def randomised_explained(
    explained: Explained, inputs: Sequence[Values], seed: int, layers: int | None = None
) -> Explained | None:
    """Return the same explanation of a copy with randomised weights, see ``randomised``.

    Shuffled weights may leave a network whose ReLUs are all shut: it says the same of any event,
    has no map, and can be compared with nothing. So it is the first one, of seeds beginning with
    the one that is given, that tells most of these events apart; None if there is none among many.

    Parameters
    ----------
    inputs
        Scaled inputs of some events.
    """
    for attempt in range(ATTEMPTS):
        network = randomised(explained.network, seed + attempt, layers)
        copied = replace(explained, network=network)
        if len(scores(copied, inputs, BATCH).unique()) > len(inputs[0]) / 2:
            return copied
    return None
