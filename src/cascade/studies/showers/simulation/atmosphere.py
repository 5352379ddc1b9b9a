"""Depth and height in the atmosphere: five layers as in CORSIKA (model 17, Heck et al., FZKA 6019).

The vertical depth above a height h is a + b exp(−h / c) in each of the lower four layers and
a − b h / c in the top one.
"""

from __future__ import annotations

import numpy as np

BORDERS = np.array([0.0, 7e3, 11.4e3, 37e3, 100e3])
"""Lower ends of the layers [m]."""
_A = np.array([-149.801663, -57.932486, 0.63631894, 4.3545369e-4, 0.01128292])  # g/cm²
_B = np.array([1183.6071, 1143.0425, 1322.9748, 655.67307, 1.0])  # g/cm²
_C = np.array([954248.34, 800005.34, 629568.93, 737521.77, 1e9]) / 100  # m
TOP = _A[-1] * _C[-1] / _B[-1]
"""Height of the atmosphere [m]: above it is nothing."""


def vertical_depth(height: np.ndarray) -> np.ndarray:
    """Return the vertical depth [g/cm²] at a height above the sea [m], of any shape.

    The lowest layer is continued below the sea.
    """
    height = np.asarray(height, np.float64)
    layer = np.maximum(np.searchsorted(BORDERS, height, side="right") - 1, 0)
    falling = _A[layer] + _B[layer] * np.exp(-height / _C[layer])
    linear = np.maximum(_A[-1] - _B[-1] * height / _C[-1], 0)
    return np.where(layer == len(BORDERS) - 1, linear, falling)


def height(depth: np.ndarray) -> np.ndarray:
    """Return the height above the sea [m] at a vertical depth [g/cm²] ≥ 0, of any shape."""
    depth = np.asarray(depth, np.float64)
    # depths at the borders fall with height; a layer starts at its lower border, the deepest point
    layer = len(BORDERS) - 1 - np.searchsorted(_DEPTHS[:0:-1], depth, side="left")
    exponential = np.minimum(layer, len(BORDERS) - 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        curved = -_C[exponential] * np.log((depth - _A[exponential]) / _B[exponential])
    return np.where(layer == len(BORDERS) - 1, (_A[-1] - depth) * _C[-1] / _B[-1], curved)


_DEPTHS = vertical_depth(BORDERS)
