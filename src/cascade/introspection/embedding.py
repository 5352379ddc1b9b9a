"""t-SNE of what a layer knows of each event (van der Maaten, Hinton, JMLR 9 (2008) 2579).

Events that a layer describes alike stand together in the plane. Distances between groups, and
their sizes, mean nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from cascade.errors import CascadeError
from cascade.introspection.batching import batches
from cascade.introspection.explained import Explained
from cascade.introspection.feature_maps import by_event, kept, layer, layers
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
        dense = [each for each in layers(explained, [x[:1] for x in inputs])
                 if isinstance(each.module, nn.Linear)]  # fmt: skip
        if not dense:
            raise CascadeError("layer: the network has no dense layer; name another one")
        chosen, entering = dense[-1], True
    else:
        chosen, entering = layer(explained, inputs, settings.layer), False
    parts = []
    for batch in batches(inputs, settings.batch):
        with torch.no_grad():
            if entering:
                maps = _entering(explained, batch, chosen.module)
            else:
                with kept(chosen.module) as outputs:
                    explained.score(*batch)
                maps = outputs[-1]
        maps = maps.movedim(chosen.channel_axis, 1).flatten(2) if maps.ndim > 2 else maps[..., None]
        pooled = by_event(maps.mean(dim=2), batch)
        parts.append(pooled.mean() if isinstance(pooled, Ragged) else pooled)
    return torch.cat(parts)


def _entering(explained: Explained, inputs: list[Values], module: nn.Module) -> Tensor:
    """Return what enters a layer."""
    seen: list[Tensor] = []
    hook = module.register_forward_pre_hook(lambda module, args: seen.append(args[0].clone()))
    try:
        explained.score(*inputs)
    finally:
        hook.remove()
    return seen[-1]


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
