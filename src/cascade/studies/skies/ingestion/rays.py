"""From the numbers in a user's file to skies: checked, turned, cut and of one length."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import awkward as ak
import numpy as np

from cascade.errors import CascadeError
from cascade.studies.skies.ingestion.frame import equatorial, unit_vectors
from cascade.studies.skies.settings.ingest import ReadingSettings

if TYPE_CHECKING:
    from cascade.events.schema import Events

EEV = {"EeV": 1.0, "eV": 1e-18}
ENERGIES = (1e-6, 1e6)
"""Energies beyond these [EeV] are no cosmic rays' but in another unit."""

Mistake = Callable[[int, str], CascadeError]
"""Makes an error out of the place of a ray and of what is wrong with it."""


def checked_energies(values: np.ndarray, settings: ReadingSettings, mistake: Mistake) -> np.ndarray:
    """Return energies [EeV], (n,), once all of them are possible."""
    energy = values * EEV[settings.energy_unit]
    _check(values, np.isfinite(values), "an energy of {:g} is not finite", mistake)
    _check(values, values > 0, "an energy of {:g} is not above 0", mistake)
    low, high = ENERGIES
    _check(
        energy,
        (energy > low) & (energy < high),
        "an energy of {:g} EeV is out of the question; check 'energy_unit' and the column",
        mistake,
    )
    return energy


def from_angles(
    longitude: np.ndarray, latitude: np.ndarray, settings: ReadingSettings, mistake: Mistake
) -> np.ndarray:
    """Return equatorial unit vectors (n, 3) from a file's angles, (n,) each."""
    whole = 360.0 if settings.angle == "deg" else 2 * np.pi
    names = ("right ascension", "declination")
    if settings.frame == "galactic":
        names = ("galactic longitude", "galactic latitude")
    # a float32 file may round π / 2 up
    for name, values, limit in zip(names, (longitude, latitude), (whole, whole / 4), strict=True):
        good = np.abs(values) <= limit * (1 + 1e-6)
        wrong = f"a {name} of {{:g}} {settings.angle} is beyond ±{limit:g}; check its column"
        _check(values, good, wrong, mistake)
    if settings.angle == "deg":
        longitude, latitude = np.radians(longitude), np.radians(latitude)
    return _turned(unit_vectors(longitude, latitude), settings)


def from_vectors(vectors: np.ndarray, settings: ReadingSettings, mistake: Mistake) -> np.ndarray:
    """Return equatorial unit vectors (n, 3) from a file's vectors of any length."""
    length = np.linalg.norm(vectors, axis=1)
    good = (length > 0) & np.isfinite(length)
    _check(length, good, "a direction of length {:g} is none", mistake)
    return _turned(vectors / length[:, None], settings)


def _turned(directions: np.ndarray, settings: ReadingSettings) -> np.ndarray:
    return equatorial(directions) if settings.frame == "galactic" else directions


def _check(values: np.ndarray, good: np.ndarray, wrong: str, mistake: Mistake) -> None:
    if not good.all():
        place = int(np.argmin(good))
        raise mistake(place, wrong.format(values[place]))


def selected(rays: ak.Array, settings: ReadingSettings) -> ak.Array:
    """Return the rays of each sky that pass the settings' cuts, in the order of the file.

    Parameters
    ----------
    rays
        Records with a field ``energy`` [EeV], skies × var.
    """
    rays = rays[rays.energy >= settings.minimum]
    if settings.rays is None:
        return rays
    highest = ak.argsort(rays.energy, axis=1, ascending=False, stable=True)[:, : settings.rays]
    return rays[ak.sort(highest, axis=1)]


def dense(
    skies: Iterable[tuple[Path, int | None, ak.Array, Events]], settings: ReadingSettings
) -> Iterator[tuple[int, Events]]:
    """Cut skies, see that they all have the same number of rays, and lay them in plain arrays.

    Parameters
    ----------
    skies
        In chunks: the file, the number that its first sky has there (none if the file is one sky),
        the rays (skies × var) with the fields ``energy``, ``x``, ``y``, ``z`` and further ones, and
        fields of whole skies.

    Yields
    ------
    int
        How many skies a chunk has.
    Events
        Their fields.

    Raises
    ------
    CascadeError
        A sky has no two rays, fewer than wanted, or not as many as the sky before.
    """
    wanted = settings.rays
    for path, first, rays, whole in skies:
        rays = selected(rays, settings)
        counts = ak.to_numpy(ak.num(rays))
        wanted = counts[0] if wanted is None and len(counts) else wanted
        wrong = (counts != wanted) | (counts < 2)
        if wrong.any():
            sky = int(np.argmax(wrong))
            which = "" if first is None else f"sky {first + sky} "
            raise CascadeError(f"{path}: {which}has {_too_few(counts[sky], wanted, settings)}")
        shape = (len(counts), int(wanted))
        columns = {name: ak.to_numpy(ak.flatten(rays[name])) for name in rays.fields}
        direction = np.stack([columns.pop(name) for name in "xyz"], axis=-1)
        yield (
            len(counts),
            {
                "direction": direction.reshape(*shape, 3).astype(np.float32),
                "energy": columns.pop("energy").reshape(shape).astype(np.float32),
                **{name: values.reshape(shape).astype(np.int8) for name, values in columns.items()},
                **whole,
            },
        )


def _too_few(found: int, wanted: int, settings: ReadingSettings) -> str:
    """Say what is wrong with a number of rays, and what would help."""
    above = f" of at least {settings.minimum:g} EeV" if settings.minimum else ""
    rays = f"{found} {'ray' if found == 1 else 'rays'}{above}"
    if settings.rays is not None:
        return f"{rays}, fewer than 'rays: {wanted}'; ask for fewer, or lower 'minimum'"
    if found < 2:
        return f"{rays}; a sky has at least two"
    return f"{rays}, but an earlier one {wanted}; set 'rays' to keep as many of each"
