"""Ways of explaining that show what a network makes of events, as columns of a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cascade.events.schema import Field
from cascade.introspection import embedding as tsne
from cascade.introspection import feature_maps as maps
from cascade.introspection.batching import array, numbers
from cascade.introspection.explained import Explained
from cascade.introspection.settings import EmbeddingSettings, LayerSettings
from cascade.layers.ragged import Ragged
from cascade.training.batches import Values

Columns = tuple[tuple[Field, ...], dict[str, Any]]
"""The schema of a file, and its arrays."""


def embedding(
    explained: Explained, inputs: Sequence[Values], settings: EmbeddingSettings
) -> Columns:
    """Return where each event stands in the plane of t-SNE, and the schema of that column."""
    schema = Field("embedding", "1", "t-SNE of a layer's nodes", ("xy",))
    return (schema,), {"embedding": tsne.embedding(explained, inputs, settings)}


def feature_maps(
    explained: Explained, inputs: Sequence[Values], settings: LayerSettings
) -> Columns:
    """Return the maps of a layer, and the schema of that column."""
    found = maps.feature_maps(explained, inputs, settings)
    ragged = isinstance(found, Ragged)
    inner = numbers(found).ndim - 2
    dims = (*(("row",) if ragged else ()), "channel", *(f"axis_{axis}" for axis in range(inner)))
    schema = Field("feature_maps", "1", "what a layer says of an event", dims, ragged=ragged)
    return (schema,), {"feature_maps": array(found)}
