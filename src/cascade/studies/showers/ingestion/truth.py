"""What a user's ROOT file knows of its showers, in the units and frame of Cascade's events."""

from __future__ import annotations

import numpy as np

from cascade.studies.showers.ingestion.branches import Entries
from cascade.studies.showers.ingestion.frame import METRES, Frame
from cascade.studies.showers.settings.ingest import RootSettings

LG_EV = {"eV": 0, "GeV": 9, "TeV": 12, "PeV": 15, "EeV": 18}
RADIANS = {"rad": 1.0, "deg": np.pi / 180}
LG_ENERGY = (10.0, 22.0)
"""Energies beyond these come from a wrong unit."""
DEEPEST = 10_000
ROUNDING = 1e-6
"""A vector whose norm is as close to 1 as single precision allows stays as it is."""


def read_truth(
    entries: Entries, settings: RootSettings, shift: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the fields of the truth whose branches are named.

    Parameters
    ----------
    shift
        Where each event's array is centred [m], in the array's frame: (events, 2).

    Raises
    ------
    CascadeError
        A value is not finite, or impossible in the units that the settings tell.
    """
    named, frame = settings.truth, Frame.of(settings)
    fields = {}
    if named.axis is not None or named.zenith is not None:
        fields["axis"] = frame.turn(_axis(entries, settings)).astype(np.float32)
    if named.core is not None:
        core = entries.vectors(named.core, 2) * METRES[settings.units.length]
        fields["core"] = (frame.place(core) - shift).astype(np.float32)
    if named.energy is not None or named.lg_energy is not None:
        fields["lg_energy"] = _lg_energy(entries, settings).astype(np.float32)
    if named.x_max is not None:
        depth = entries.numbers(named.x_max)
        good = (depth > 0) & (depth < DEEPEST)
        _within(entries, named.x_max, depth, good, f"a depth in g/cm² lies within 0 … {DEEPEST}")
        fields["x_max"] = depth.astype(np.float32)
    if named.mass_number is not None:
        fields["mass_number"] = _mass_number(entries, settings).astype(np.int16)
    for name, wish in (("turn", range(6)), ("mirrored", range(2))):
        branch = getattr(named, name)
        if branch is not None:
            number = entries.numbers(branch)
            _within(entries, branch, number, np.isin(number, wish), f"it is one of {[*wish]}")
            fields[name] = number.astype(np.int8)
    return fields


def _axis(entries: Entries, settings: RootSettings) -> np.ndarray:
    """Return unit vectors towards the origin, in the file's frame: (events, 3)."""
    named, backwards = settings.truth, -1 if settings.direction == "flight" else 1
    if named.axis is None:
        unit = RADIANS[settings.units.angle]
        zenith = entries.numbers(named.zenith) * unit
        _within(
            entries, named.zenith, zenith / unit, (zenith >= 0) & (zenith < np.pi / 2),
            f"a zenith angle in {settings.units.angle} lies from 0 to below {np.pi / 2 / unit:.4g}",
        )  # fmt: skip
        azimuth = entries.numbers(named.azimuth) * unit
        across = backwards * np.sin(zenith)
        return np.stack(
            [across * np.cos(azimuth), across * np.sin(azimuth), np.cos(zenith)], axis=1
        )
    axis = backwards * entries.vectors(named.axis, 3)
    name = named.axis if isinstance(named.axis, str) else named.axis[2]
    _within(
        entries, name, axis[:, 2], axis[:, 2] > 0,
        "an axis points up to the shower's origin; if the file's point along the flight, set "
        "'direction: flight'",
    )  # fmt: skip
    norm = np.linalg.norm(axis, axis=1)
    _within(entries, name, norm, np.abs(norm - 1) < 0.01, "the axis has the length 1")
    return axis / np.where(np.abs(norm - 1) < ROUNDING, 1, norm)[:, np.newaxis]


def _lg_energy(entries: Entries, settings: RootSettings) -> np.ndarray:
    branch = settings.truth.lg_energy
    if branch is not None:
        lg_energy = shown = entries.numbers(branch)
        wish = "lg(E / eV) of a shower"
    else:
        branch, unit = settings.truth.energy, settings.units.energy
        shown = entries.numbers(branch)
        _within(entries, branch, shown, shown > 0, "an energy is positive")
        lg_energy = np.log10(shown) + LG_EV[unit]
        wish = f"with 'units.energy: {unit}', lg(E / eV)"
    low, high = LG_ENERGY
    good = (lg_energy >= low) & (lg_energy <= high)
    _within(entries, branch, shown, good, f"{wish} lies within {low:g} … {high:g}")
    return lg_energy


def _mass_number(entries: Entries, settings: RootSettings) -> np.ndarray:
    """Return mass numbers from one of three ways to number nuclei."""
    branch, kind = settings.truth.mass_number, settings.units.primary
    number = entries.numbers(branch)
    if kind == "CORSIKA":
        mass = np.where(number == 14, 1, number // 100)
    elif kind == "PDG":
        # ±10LZZZAAAI
        mass = np.where(number == 2212, 1, np.where(number > 1e9, number // 10 % 1000, 0))
    else:
        mass = number
    good = (mass >= 1) & (mass <= 300) & (number % 1 == 0)
    meant = "a mass number" if kind == "A" else f"a nucleus in {kind}'s numbers"
    _within(entries, branch, number, good, f"'units.primary: {kind}' wants {meant}")
    return mass


def _within(entries: Entries, branch: str, values: np.ndarray, good: np.ndarray, wish: str) -> None:
    """Complain of the first event whose value is impossible."""
    if not good.all():
        event = int(np.argmin(good))
        raise entries.mistake(
            f"branch '{branch}' gives {values[event]:.10g} in entry {entries.entry(event)}; {wish}"
        )
