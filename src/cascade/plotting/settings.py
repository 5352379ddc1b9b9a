"""Settings that figures of all studies share."""

from __future__ import annotations

from cascade.settings import Settings


class FigureSettings(Settings):
    """What all products can be told."""

    labels: dict[str, str] = {}
    """Name of a method, fit or sample in the figure, where it shall differ from the config's."""
