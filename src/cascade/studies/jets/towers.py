"""The calorimeter: particles fill massless towers in η and φ, their energies optionally smeared."""

from __future__ import annotations

import zlib

import awkward as ak
import numpy as np

from cascade.studies.jets.clustering import Momenta
from cascade.studies.jets.settings import Selection


def deposit(particles: ak.Array, selection: Selection) -> Momenta:
    """Fill the particles' energies into massless towers, grouped by event.

    A tower's momentum points to its centre. Particles outside the calorimeter and along the beam
    are lost.

    Parameters
    ----------
    particles
        Events × variable, records with ``px``, ``py``, ``pz``, ``E`` [GeV].
    selection
        Size and reach of the towers, resolution of their energies.
    """
    counts = ak.to_numpy(ak.num(particles, axis=1))
    px, py, pz, E = (
        ak.to_numpy(ak.flatten(particles[name])).astype(np.float64)
        for name in ("px", "py", "pz", "E")
    )
    rows, columns, height, width = grid(selection)
    pt = np.hypot(px, py)
    with np.errstate(divide="ignore", invalid="ignore"):
        eta = np.arcsinh(pz / pt)
    seen = np.abs(eta) < selection.tower_eta_max
    row = np.floor(eta[seen] / height + rows / 2).astype(np.int64)
    column = np.floor((np.arctan2(py, px)[seen] + np.pi) / width).astype(np.int64) % columns
    event = np.repeat(np.arange(len(counts)), counts)[seen]
    cell, index = np.unique((event * rows + row) * columns + column, return_inverse=True)
    energy = _smear(np.bincount(index, E[seen], len(cell)), selection)
    live = energy > 0
    cell, energy = cell[live], energy[live]
    eta = (cell // columns % rows + 0.5 - rows / 2) * height
    phi = (cell % columns + 0.5) * width - np.pi
    event = cell // (rows * columns)
    return Momenta.massless(energy / np.cosh(eta), eta, phi, event, len(counts))


def grid(selection: Selection) -> tuple[int, int, float, float]:
    """Return rows in η, columns in φ, and a tower's size in η and in φ [rad]."""
    rows = max(1, round(2 * selection.tower_eta_max / selection.tower_size))
    columns = max(1, round(2 * np.pi / selection.tower_size))
    return rows, columns, 2 * selection.tower_eta_max / rows, 2 * np.pi / columns


def _smear(energy: np.ndarray, selection: Selection) -> np.ndarray:
    """Apply σ/E = a/√E ⊕ b to towers' energies [GeV].

    The random stream is keyed by the energies themselves, so that the same events are always
    smeared alike and no two sets of events share their noise.
    """
    a, b = selection.smearing_stochastic, selection.smearing_constant
    if a == 0 and b == 0:
        return energy
    rng = np.random.default_rng(zlib.crc32(energy.tobytes()))
    sigma = np.sqrt(a**2 * energy + (b * energy) ** 2)
    return np.maximum(energy + sigma * rng.normal(size=len(energy)), 0.0)


def nearest_centre(
    eta: np.ndarray, phi: np.ndarray, selection: Selection
) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres of the towers that hold the directions η, φ [rad], any shape."""
    rows, _, height, width = grid(selection)
    return (
        (np.floor(eta / height + rows / 2) + 0.5 - rows / 2) * height,
        (np.floor((phi + np.pi) / width) + 0.5) * width - np.pi,
    )
