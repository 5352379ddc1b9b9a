"""t-SNE of what a layer knows of each event (van der Maaten, Hinton, JMLR 9 (2008) 2579).

Events that a layer describes alike stand together in the plane. Distances between groups, and
their sizes, mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from cascade.errors import CascadeError
from cascade.introspection.batching import batches
from cascade.introspection.explained import Explained
from cascade.introspection.feature_maps import kept, layer, layers
from cascade.introspection.settings import EmbeddingSettings
from cascade.layers.ragged import Ragged
from cascade.training.batches import Values


def nodes(explained: Explained, inputs: Sequence[Values], settings: EmbeddingSettings) -> Tensor:
    """Return the nodes of a layer for each event, (B, nodes).

    Maps are brought to their means over all positions, and rows of an event to the mean of its
    rows. By default it is the penultimate layer: what enters the last dense one.

    Raises
    ------
    CascadeError
        There is no such layer.
    """
    if settings.layer is None:
        there = layers(explained, inputs)
        dense = [each for each in there if isinstance(each.module, nn.Linear)]
        if not dense:
            raise CascadeError("layer: the network has no dense layer; name another one")
        chosen, look = dense[-1], _entering
    else:
        chosen, look = layer(explained, inputs, settings.layer), kept
    parts = []
    for batch in batches(inputs, settings.batch):
        with look(chosen.module) as seen, torch.no_grad():
            explained.score(*batch)
        maps = seen[-1].movedim(chosen.channel_axis, 1)
        known = maps.flatten(2).mean(dim=2) if maps.ndim > 2 else maps
        pooled = chosen.by_event(known, batch)
        parts.append(pooled.mean() if isinstance(pooled, Ragged) else pooled)
    return torch.cat(parts)


@contextmanager
def _entering(module: nn.Module) -> Iterator[list[Tensor]]:
    """Keep what enters a layer, in the order of its calls."""
    inputs: list[Tensor] = []
    hook = module.register_forward_pre_hook(lambda module, args: inputs.append(args[0].clone()))
    try:
        yield inputs
    finally:
        hook.remove()


def embedding(
    explained: Explained, inputs: Sequence[Values], settings: EmbeddingSettings
) -> np.ndarray:
    """Return where each event stands in the plane, (B, 2).

    Raises
    ------
    CascadeError
        There is no such layer, or there are no more events than the perplexity.
    """
    # imported here as it takes a second
    from sklearn.manifold import TSNE

    known = nodes(explained, inputs, settings).cpu().numpy()
    if len(known) <= settings.perplexity:
        raise CascadeError(
            f"perplexity: {settings.perplexity:g} is not below the number of events, {len(known)}"
        )
    plane = TSNE(
        n_components=2,
        perplexity=settings.perplexity,
        init="pca",
        random_state=settings.seed,
    )
    return plane.fit_transform(known)
