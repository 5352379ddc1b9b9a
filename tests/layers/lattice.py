"""Hexagonal lattices the slow way: neighbours found by distance in the plane."""

from __future__ import annotations

import math

import numpy as np
import torch


def plane(rows, columns):
    """Return x and y of the cells of an array in axial storage: two lists by row and column."""
    return {
        (row, column): (column + row / 2, row * math.sqrt(3) / 2)
        for row in range(rows)
        for column in range(columns)
    }


def steps(dx, dy):
    """Return how many steps lead along (dx, dy): hexagons of side k have corners at distance k."""
    # the distance in a hexagonal norm: the greatest projection on the normals of the six sides
    normals = [math.radians(30 + 60 * side) for side in range(6)]
    return max(dx * math.cos(n) + dy * math.sin(n) for n in normals) / math.cos(math.radians(30))


def near(rows, columns, radius):
    """Return, for every cell, its neighbours within ``radius`` steps and where they stand."""
    points = plane(rows, columns)
    return {
        cell: [
            (other, (points[other][0] - x, points[other][1] - y))
            for other in points
            if steps(points[other][0] - x, points[other][1] - y) < radius + 1e-6
        ]
        for cell, (x, y) in points.items()
    }


def offsets(radius):
    """Return where the taps of a kernel stand in the plane, from south to north, west to east."""
    middle = (radius, radius)
    found = near(2 * radius + 1, 2 * radius + 1, radius)[middle]
    return [place for _, place in sorted(found)]


def slow_convolution(x, weight, bias, radius):
    """Sum over true neighbours, cell by cell: (B, I, R, W), (O, I, taps) -> (B, O, R, W)."""
    taps = offsets(radius)
    result = []
    for neighbours in near(*x.shape[-2:], radius).values():
        total = bias.expand(len(x), -1)
        for (row, column), place in neighbours:
            tap = int(np.argmin([math.dist(place, other) for other in taps]))
            total = total + x[:, :, row, column] @ weight[:, :, tap].T
        result.append(total)
    return torch.stack(result, dim=-1).unflatten(-1, x.shape[-2:])


def slow_pool(x, radius, mask, reduce):
    """Reduce the values (n,) of true neighbours that exist, for each cell that exists."""
    result = torch.zeros_like(x)
    for (row, column), neighbours in near(*x.shape[-2:], radius).items():
        if mask[row, column]:
            values = [x[..., r, c] for (r, c), _ in neighbours if mask[r, c]]
            result[..., row, column] = reduce(torch.stack(values), dim=0)
    return result
