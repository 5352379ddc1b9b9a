"""Ways of explaining whose rows are no events: patches of channels, and inputs that excite most.

Each file holds all that a figure of it needs. Inputs are as the network behind its scalers sees
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from cascade.errors import CascadeError
from cascade.events.schema import Field
from cascade.introspection.batching import Attribution, array, numbers
from cascade.introspection.channels import chosen_channels
from cascade.introspection.explained import Explained
from cascade.introspection.feature_maps import Layer
from cascade.introspection.maximisation import maximise
from cascade.introspection.patches import most_excited
from cascade.introspection.settings import (
    AscentSettings,
    DeconvNetSettings,
    Features,
    MaximisationSettings,
    MaximisedSettings,
    PatchesSettings,
)
from cascade.introspection.shown import Columns
from cascade.layers.ragged import Ragged, cat
from cascade.training.batches import Values

Channel = tuple[int, Layer, int]
"""The place of a layer in the settings' list, the layer, and one of its channels."""

_FEATURE = Field("feature", "1", "place in the settings' features, −1 for the number", (), "int16")
_CHANNEL = Field("channel", "1", "channel of the layer, −1 for the number", (), "int16")


def deconvnet(explained: Explained, inputs: Sequence[Values], settings: PatchesSettings) -> Columns:
    """Return the events that excite channels most, with patterns and receptive fields.

    Rows
    ----
    Channels in the order of the settings, the events of each from the most excited on.

    Columns
    -------
    feature, channel
        Which channel it is.
    event, activation, place
        Which event, its largest feature, and where on the map that is.
    FIELD, FIELD_reach, FIELD_pattern
        Of each input: the event, 1 in the receptive field of the feature, what DeconvNet projects
        back.

    Raises
    ------
    CascadeError
        There is no such layer or channel, the events are ragged, there is no way back, or layers
        have no maps, or such of other kinds.
    """
    channels = _channels(explained, inputs, settings.features, settings.batch)
    _check_maps([chosen for _, chosen, _ in channels])
    found = [
        most_excited(
            explained,
            inputs,
            DeconvNetSettings(
                layer=chosen.name, channel=channel, count=settings.count, batch=settings.batch
            ),
        )
        for _, chosen, channel in channels
    ]
    sizes = [len(each.events) for each in found]
    columns = _Rows()
    columns.add(_FEATURE, np.repeat([place for place, _, _ in channels], sizes))
    columns.add(_CHANNEL, np.repeat([channel for _, _, channel in channels], sizes))
    events = torch.cat([each.events for each in found])
    columns.add(Field("event", "1", "place among the events", (), "int32"), array(events))
    activations = torch.cat([each.activations for each in found])
    columns.add(Field("activation", "1", "its largest feature"), array(activations))
    where = Field("place", "1", "where on the map it is", ("axis",), "int16")
    columns.add(where, array(torch.cat([each.places for each in found])))
    for place, name in enumerate(explained.fields):
        columns.input(name, "as the network sees it", inputs[place][events])
        if found[0].fields[place] is not None:
            reach = torch.cat([each.fields[place] for each in found])
            columns.input(f"{name}_reach", "1 in the receptive field", reach, "int8")
            pattern = torch.cat([each.projections[place] for each in found])
            columns.input(f"{name}_pattern", "what DeconvNet projects back", pattern)
    return columns.schema, columns.arrays


def maximisation(
    explained: Explained, inputs: Sequence[Values], settings: MaximisedSettings
) -> Columns:
    """Return inputs that make the number large, then small, then those that excite channels.

    Rows
    ----
    Aims in that order, the starts of each.

    Columns
    -------
    feature, channel
        Which channel it is.
    sign
        −1 where the number was to be small, else 1.
    start
        Running number: the same noise and rows for all aims.
    climb
        What was excited, before each step and at the end; the number itself, small or large.
    FIELD
        Each input found.

    Raises
    ------
    CascadeError
        There is no such layer, channel or field; jitter is asked for on ragged events.
    """
    template = [values[: settings.starts] for values in inputs]
    ascent = {name: getattr(settings, name) for name in AscentSettings.model_fields}
    down = replace(explained, number=lambda output: -explained.number(output))
    aims = [(-1, -1, 1, explained, {}), (-1, -1, -1, down, {})]
    for place, chosen, channel in _channels(explained, inputs, settings.features, settings.batch):
        target = {"layer": chosen.name, "channel": channel}
        if settings.middle:
            target["position"] = _middle(chosen)
        aims.append((place, channel, 1, explained, target))
    found = [
        maximise(looked, template, MaximisationSettings(**ascent, **target))
        for *_, looked, target in aims
    ]
    starts = len(template[0])
    columns = _Rows()
    columns.add(_FEATURE, np.repeat([aim[0] for aim in aims], starts))
    columns.add(_CHANNEL, np.repeat([aim[1] for aim in aims], starts))
    sign = Field("sign", "1", "−1 where the number was to be small", (), "int8")
    columns.add(sign, np.repeat([aim[2] for aim in aims], starts))
    start = Field("start", "1", "running number of the start", (), "int16")
    columns.add(start, np.tile(np.arange(starts), len(aims)))
    climbs = [aim[2] * array(each.activations).T for aim, each in zip(aims, found, strict=True)]
    climb = Field("climb", "1", "what was excited, before each step and at the end", ("step",))
    columns.add(climb, np.concatenate(climbs))
    for place, name in enumerate(explained.fields):
        columns.input(name, "as the network sees it", cat([each.inputs[place] for each in found]))
    return columns.schema, columns.arrays


def _channels(
    explained: Explained, inputs: Sequence[Values], features: Features, size: int
) -> list[Channel]:
    found = []
    for place, settings in enumerate(features):
        chosen, channels = chosen_channels(explained, inputs, settings, size)
        found += [(place, chosen, channel) for channel in channels]
    return found


def _check_maps(chosen: Sequence[Layer]) -> None:
    first = chosen[0]
    for each in chosen:
        if len(each.shape) == 1:
            raise CascadeError(f"features: the layer '{each.name}' has no map to find patches by")
        if len(each.shape) != len(first.shape):
            raise CascadeError(
                f"features: the maps of '{first.name}' and '{each.name}' have other axes; explain "
                "them in files of their own"
            )


def _middle(chosen: Layer) -> tuple[int, ...]:
    """Return the middle of a layer's map."""
    axis = chosen.channel_axis - 1
    return tuple(length // 2 for length in (*chosen.shape[:axis], *chosen.shape[axis + 1 :]))


class _Rows:
    """Columns as they come."""

    def __init__(self) -> None:
        self.schema: tuple[Field, ...] = ()
        self.arrays: dict[str, Any] = {}

    def add(self, field: Field, values: Any) -> None:
        self.schema += (field,)
        self.arrays[field.name] = values

    def input(
        self, name: str, description: str, values: Attribution, dtype: str | None = None
    ) -> None:
        """Add what has the shape of an input."""
        ragged = isinstance(values, Ragged)
        known = numbers(values)
        inner = (f"axis_{axis}" for axis in range(known.ndim - 1))
        whole = "float32" if known.is_floating_point() else "int64"
        dims = (*(("row",) if ragged else ()), *inner)
        self.add(Field(name, "1", description, dims, dtype or whole, ragged), array(values))
