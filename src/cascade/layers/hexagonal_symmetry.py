"""The symmetries of a hexagonal array about its middle cell: 6 rotations, and 6 with a mirror.

Element g = turns + 6 · mirrored of the groups p6 (rotations) and p6m (both) first mirrors at the
x axis, y → −y, then rotates turns times by 60° from x to y. Axial coordinates: x = q + r / 2,
y = r √3 / 2. Maps on a hexagonal array are ``(…, R, W)`` with R = W = 2n + 1, zero but for the
cells of ``hexagon(n)``. Maps of a group are ``(…, G, R, W)``; an element u moves their cells and
the maps among themselves: x[h](p) becomes x[u⁻¹ h](u⁻¹ p).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from cascade.layers.hexagonal import hexagon

GroupName = Literal["p6", "p6m"]

SIZES: dict[GroupName, int] = {"p6": 6, "p6m": 12}
"""Elements of the groups, without translations."""


def elements(group: GroupName) -> Tensor:
    """Return the matrices that act on axial coordinates (q, r): (G, 2, 2), integer."""
    turn = torch.tensor([[0, -1], [1, 1]])
    mirror = torch.tensor([[1, 1], [0, -1]])
    rotations = [torch.eye(2, dtype=torch.long)]
    for _ in range(5):
        rotations.append(turn @ rotations[-1])
    mirrored = [rotation @ mirror for rotation in rotations] if group == "p6m" else []
    return torch.stack(rotations + mirrored)


def quotients(group: GroupName) -> Tensor:
    """Return the number of the element g⁻¹ h for all g (rows) and h (columns): (G, G)."""
    matrices = elements(group)
    products = matrices[:, None] @ matrices[None]
    # g · (g⁻¹ h) = h: the place of h among the products of g with all
    same = (products[:, None] == matrices[None, :, None]).all(-1).all(-1)
    return same.int().argmax(-1)


def sources(group: GroupName, radius: int) -> Tensor:
    """Return the place g⁻¹ p of each place p of a hexagon's square, −1 outside: (G, (2k + 1)²)."""
    inside = hexagon(radius).flatten()
    steps = torch.arange(-radius, radius + 1)
    r, q = torch.meshgrid(steps, steps, indexing="ij")
    places = torch.stack([q, r], dim=-1).view(-1, 2)
    inverse = elements(group)[quotients(group)[:, 0]]
    q, r = (inverse[:, None] @ places[None, :, :, None])[..., 0].unbind(-1)
    return torch.where(inside, (r + radius) * (2 * radius + 1) + q + radius, -1)


def _moved(x: Tensor, element: int) -> Tensor:
    """Return planar maps moved by an element of p6m."""
    rows, columns = x.shape[-2:]
    if rows != columns or rows % 2 == 0:
        raise ValueError(
            f"no hexagonal array has {rows} rows and {columns} columns in axial storage"
        )
    source = sources("p6m", rows // 2)[element].to(x.device)
    # an appended zero stands for what lies outside the hexagon
    flat = torch.cat([x.flatten(-2), x.new_zeros(*x.shape[:-2], 1)], dim=-1)
    return flat[..., source].view_as(x)


def rotate(x: Tensor, turns: int) -> Tensor:
    """Return maps (…, R, W) rotated by turns · 60° from x to y; negative turns go back."""
    return _moved(x, turns % 6)


def mirror(x: Tensor) -> Tensor:
    """Return maps (…, R, W) mirrored at the x axis."""
    return _moved(x, 6)


def permute_group(x: Tensor, turns: int, *, mirrored: bool = False, dim: int = 2) -> Tensor:
    """Return the values of a group's elements as they are after the event is mirrored, then turned.

    Parameters
    ----------
    x
        Values with 6 or 12 elements of the group along ``dim``, as ``(B, C, G)``.
    turns
        Rotation by turns · 60°.
    mirrored
        Whether the event is mirrored first; needs the group p6m.
    """
    size = x.shape[dim]
    if size not in SIZES.values() or (mirrored and size == 6):
        wanted = "12 (p6m)" if mirrored else "6 (p6) or 12 (p6m)"
        raise ValueError(f"dimension {dim} has length {size}, not {wanted} as the group's elements")
    order = quotients("p6m" if size == 12 else "p6")[turns % 6 + 6 * mirrored]
    return x.index_select(dim, order.to(x.device))


def rotate_group(x: Tensor, turns: int) -> Tensor:
    """Return maps of a group (…, G, R, W) of an event that is rotated by turns · 60°."""
    return permute_group(rotate(x, turns), turns, dim=-3)


def mirror_group(x: Tensor) -> Tensor:
    """Return maps of the group p6m (…, 12, R, W) of an event that is mirrored at the x axis."""
    return permute_group(mirror(x), 0, mirrored=True, dim=-3)
