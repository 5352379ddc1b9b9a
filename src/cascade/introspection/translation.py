r"""Translation test: what becomes of a network's maps and score when its input is shifted.

A layer f is equivariant if its maps move with the input, f(T x) = T f(x), and invariant if they
stay, f(T x) = f(x). Convolutions are equivariant, but for the edges; with pooling they are so only
under shifts by whole strides (Azulay and Weiss, arXiv:1805.12177; Zhang, arXiv:1904.11486). With
g = f(x) − f(0), the maps without what an empty input gives, and T_m the shift by that whole number
of the maps' own pixels which is nearest,

    moved = ‖g(T x) − T_m g(x)‖ / ‖g(x)‖,   stayed = ‖g(T x) − g(x)‖ / ‖g(x)‖.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np
import torch
from torch import Tensor

from cascade.errors import CascadeError
from cascade.events.schema import Field
from cascade.introspection.batching import batches
from cascade.introspection.explained import Explained, attributable
from cascade.introspection.feature_maps import Layer, kept, layer
from cascade.introspection.references import reference
from cascade.introspection.settings import TranslationSettings
from cascade.layers.ragged import Ragged
from cascade.training.batches import Values

SCHEMA = (
    Field("shifted_score", "1", "the number that is explained, shift by shift", ("shift",)),
    Field("shifted_kept", "1", "share of the input that a shift leaves in", ("shift",)),
    Field("moved", "1", "how far maps are from having moved along", ("layer", "shift")),
    Field("stayed", "1", "how far maps are from having stayed", ("layer", "shift")),
)


def translation(
    explained: Explained, inputs: Sequence[Values], settings: TranslationSettings
) -> tuple[tuple[Field, ...], dict[str, np.ndarray]]:
    """Return score and errors of the maps under shifts by 0 … ``largest`` pixels, event by event.

    What is shifted out is lost, and what comes in is empty.

    Raises
    ------
    CascadeError
        An input has no such axis, or a layer is missing or has no map along it.
    """
    lengths = {
        _length(x, name, settings.axis) for x, name in zip(inputs, explained.fields, strict=True)
    }
    if len(lengths) > 1 or max(lengths) <= settings.largest:
        found = " and ".join(map(str, sorted(lengths)))
        raise CascadeError(
            f"largest: shifts by up to {settings.largest} need inputs that are equally long, and "
            f"longer, along axis {settings.axis}, not {found}"
        )
    chosen = [layer(explained, inputs, name) for name in settings.layers]
    for each in chosen:
        if each.by_row or each.channel_axis != 1 or len(each.shape) <= -settings.axis:
            raise CascadeError(f"layers: '{each.name}' has no maps along axis {settings.axis}")
    nothing = reference(explained, [x[:1] for x in inputs], "empty")
    _, background = _seen(explained, nothing, chosen)
    parts: dict[str, list[Tensor]] = {field.name: [] for field in SCHEMA}
    for batch in batches(inputs, settings.batch):
        columns = _tested(explained, batch, nothing, background, chosen, settings)
        for name, column in columns.items():
            parts[name].append(column)
    return SCHEMA, {name: torch.cat(found).cpu().numpy() for name, found in parts.items()}


def _length(x: Values, name: str, axis: int) -> int:
    """Return how long an input is along an axis."""
    if isinstance(x, Ragged) or x.ndim <= -axis or not attributable(x):
        raise CascadeError(f"axis: input '{name}' has no axis {axis} to be shifted along")
    return x.shape[axis]


def _seen(
    explained: Explained, inputs: Sequence[Tensor], chosen: Sequence[Layer]
) -> tuple[Tensor, list[Tensor]]:
    """Return the score of a batch and the maps of each layer."""
    with torch.no_grad(), ExitStack() as stack:
        outputs = [stack.enter_context(kept(each.module)) for each in chosen]
        score = explained.score(*inputs)
    return score, [found[-1] for found in outputs]


def _tested(
    explained: Explained,
    batch: Sequence[Tensor],
    nothing: Sequence[Tensor],
    background: Sequence[Tensor],
    chosen: Sequence[Layer],
    settings: TranslationSettings,
) -> dict[str, Tensor]:
    """Return all columns of one batch."""
    empty = [x0.expand_as(x) for x, x0 in zip(batch, nothing, strict=True)]
    columns: dict[str, list[Tensor]] = {field.name: [] for field in SCHEMA}
    whole = _content(batch, empty)
    for shift in range(settings.largest + 1):
        given = [shifted(x, x0, shift, settings.axis) for x, x0 in zip(batch, empty, strict=True)]
        score, maps = _seen(explained, given, chosen)
        maps = [found - without for found, without in zip(maps, background, strict=True)]
        if shift == 0:
            still = maps
        columns["shifted_score"].append(score)
        columns["shifted_kept"].append(_content(given, empty) / whole)
        share = shift / batch[0].shape[settings.axis]
        expected = [
            shifted(g, torch.zeros_like(g), round(share * g.shape[settings.axis]), settings.axis)
            for g in still
        ]
        columns["moved"].append(_distances(maps, expected, still))
        columns["stayed"].append(_distances(maps, still, still))
    return {name: torch.stack(found, dim=-1) for name, found in columns.items()}


def shifted(values: Tensor, empty: Tensor, shift: int, axis: int) -> Tensor:
    """Return values moved up an axis by some places; what comes in is that of ``empty``."""
    left = values.narrow(axis, 0, values.shape[axis] - shift)
    return torch.cat([empty.narrow(axis, 0, shift), left], dim=axis)


def _content(inputs: Sequence[Tensor], empty: Sequence[Tensor]) -> Tensor:
    """Return how much there is in each event, all inputs together, (B,)."""
    pairs = zip(inputs, empty, strict=True)
    return sum((x - x0).abs().flatten(1).sum(dim=1) for x, x0 in pairs)


def _distances(
    maps: Sequence[Tensor], expected: Sequence[Tensor], still: Sequence[Tensor]
) -> Tensor:
    """Return ‖g − expected‖ / ‖g unshifted‖ of each event and layer, (B, layers)."""
    found = [
        (new - old).flatten(1).norm(dim=1) / whole.flatten(1).norm(dim=1)
        for new, old, whole in zip(maps, expected, still, strict=True)
    ]
    return torch.stack(found, dim=1)
