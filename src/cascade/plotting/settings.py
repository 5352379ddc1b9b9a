"""Settings that figures of all studies share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cascade.settings import Settings


class FigureSettings(Settings):
    """What all products can be told."""

    labels: dict[str, str] = {}
    """Name of a method, fit or sample in the figure, where it shall differ from the config's."""


class EmbeddingFigureSettings(FigureSettings):
    """Where t-SNE puts events."""

    colours: Annotated[dict[str, str], Field(min_length=1, max_length=6)]
    """Fields that colour the events: name → what it is called in the figure."""
