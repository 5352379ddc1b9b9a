"""Where the truth lies in a sky: explanations of networks are held to it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def source_rays(events: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return which rays come from a source of two rays or more: 1 or 0, int8 (skies, rays)."""
    return (np.asarray(events["ray_label"]) != 0).astype(np.int8)
