"""Products that any study can have, whatever its physics."""

from __future__ import annotations

from types import MappingProxyType

from cascade.study import Product

_SETTINGS = "cascade.plotting.settings"

COMMON = MappingProxyType(
    {
        "history": Product("cascade.plotting.history:history", f"{_SETTINGS}:FigureSettings"),
        "truth_scores": Product(
            "cascade.plotting.truth_scores:truth_scores", f"{_SETTINGS}:FigureSettings"
        ),
        "pixel_flipping": Product(
            "cascade.plotting.pixel_flipping:pixel_flipping", f"{_SETTINGS}:FigureSettings"
        ),
        "embedding": Product(
            "cascade.plotting.embedding:embedding", f"{_SETTINGS}:EmbeddingFigureSettings"
        ),
    }
)
"""Histories of trainings, and how good explanations are."""
