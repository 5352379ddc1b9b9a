"""A planted artefact: a mark in the images of one class, as a photographer's imprint would be.

A network trained on such images learns the mark in place of the physics: it tells the classes apart
nearly perfectly, and fails where the mark is missing or stands in the other class. Explanations
must show it (Lapuschkin et al., arXiv:1902.10178: horses told by an imprint; Ribeiro et al.,
arXiv:1602.04938: huskies told by snow).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cascade.errors import CascadeError
from cascade.studies.jets.settings import ArtefactSettings

if TYPE_CHECKING:
    from cascade.events.schema import Events


def fit_artefact(
    train: dict[str, Events], validation: dict[str, Events], settings: ArtefactSettings, seed: int
) -> tuple[dict[str, np.ndarray], list[dict[str, float]]]:
    """Learn nothing: all is in the settings."""
    return {}, [{"step": 1, "validation_loss": 0.0}]


def plant(
    model: dict[str, np.ndarray],
    events: Events,
    settings: ArtefactSettings,
    rng: np.random.Generator,
) -> Events:
    """Return the events with the mark in the images of its class, and where it is.

    The jets' other fields stay as they are.

    Raises
    ------
    CascadeError
        The jets have no label, or the mark does not fit into the image.
    """
    if "label" not in events:
        raise CascadeError("artefact: the jets have no 'label', so no class can get the mark")
    image = events["image"]
    for first, length, axis in zip(settings.place, image.shape[1:], ("η", "φ"), strict=True):
        if first + settings.size > length:
            raise CascadeError(
                f"artefact: a mark of {settings.size} pixels from pixel {first} on ends beyond the "
                f"{length} pixels in {axis}"
            )
    marked = events["label"] == settings.label
    marked &= rng.random(len(marked)) < settings.share
    low, high = settings.energy
    energy = low * (high / low) ** rng.random(len(marked))
    mark = np.zeros(image.shape, np.int8)
    eta, phi = (slice(first, first + settings.size) for first in settings.place)
    mark[marked, eta, phi] = 1
    planted = image + energy[:, np.newaxis, np.newaxis] * mark
    return {**events, "image": planted.astype(image.dtype), "mark": mark}


def planted(events: Events) -> Any:
    """Return where an artefact was planted, (jets, η, φ): the evidence of a fooled network."""
    return events["mark"]
