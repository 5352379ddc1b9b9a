"""The toy sky: background rays are isotropic, signal rays come from a few deflected sources.

Signal and background have the same spectrum and the same exposure, so that nothing but the
arrangement of the rays tells a sky with sources from an isotropic one. Rays stand in random order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cascade.errors import CascadeError
from cascade.studies.skies.settings.sources import SkySettings
from cascade.studies.skies.simulation.deflection import draw_fields, drift
from cascade.studies.skies.simulation.spectrum import draw_charges, draw_energies
from cascade.studies.skies.simulation.sphere import isotropic, relative_exposure, smear

if TYPE_CHECKING:
    from cascade.events.schema import Events
    from cascade.events.seeding import Block

RIGIDITY = 10.0
"""Rigidity for which deflections are stated [EV]."""
BACKGROUND = -1
TRIES = 50
"""Tries to bring a signal ray into the field of view, before its sky gets other sources."""
ROUNDS = 20
"""Choices of a sky's sources."""


def simulate(block: Block, settings: SkySettings) -> Events:
    """Draw a block of skies."""
    rng = block.rng()
    skies, rays = block.events, settings.rays
    true_energy, energy = draw_energies(rng, (skies, rays), settings.spectrum)
    charge = draw_charges(rng, (skies, rays), settings.composition)
    direction = isotropic(rng, (skies, rays), settings.exposure)
    label = rng.random(skies) >= settings.isotropic
    fraction = np.where(label, rng.choice(settings.fractions, skies), 0.0)
    # a sky with sources has a ray of theirs, however few rays there are
    number = np.maximum(np.rint(fraction * rays).astype(int), label)
    signal = _signal_rays(rng, number, rays)
    source = np.full((skies, rays), BACKGROUND)
    where, direction[signal], charge[signal], source[signal] = _from_sources(
        rng, np.nonzero(signal)[0], true_energy[signal], charge[signal], skies, settings
    )
    if settings.angular_resolution:
        sigma = np.radians(settings.angular_resolution)
        direction = smear(rng, direction.reshape(-1, 3), sigma).reshape(direction.shape)
    return {
        "direction": direction.astype(np.float32),
        "energy": energy.astype(np.float32),
        "charge": charge.astype(np.int8),
        "source": source.astype(np.int8),
        "ray_label": _shared(source, settings.sources).astype(np.int8),
        "source_direction": where.astype(np.float32),
        "label": label.astype(np.int8),
        "signal_fraction": fraction.astype(np.float32),
    }


def _signal_rays(rng: np.random.Generator, number: np.ndarray, rays: int) -> np.ndarray:
    """Choose ``number`` rays of each sky: a mask (skies, rays)."""
    chosen = np.zeros((len(number), rays), dtype=bool)
    lit = number > 0
    places = np.argsort(rng.random((lit.sum(), rays)), axis=1)
    chosen[lit] = places < number[lit, None]
    return chosen


def _from_sources(
    rng: np.random.Generator,
    sky: np.ndarray,
    energy: np.ndarray,
    charge: np.ndarray,
    skies: int,
    settings: SkySettings,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draw sources, and where their rays arrive.

    Sources are drawn by the exposure. Rays that would arrive where it is low are drawn anew with
    that probability, their charges too. Their energies and sources stay: so signal and background
    have the same spectrum, and over many skies very nearly the same declinations. Where the field
    drives the rays of a source out of view, the whole sky gets other sources and another field.

    Parameters
    ----------
    sky, energy, charge
        Of each signal ray (n,); energies are true ones [EeV].
    skies
        Number of skies, also of those without signal rays.

    Returns
    -------
    tuple of arrays
        Sources (skies, sources, 3); arrival directions (n, 3), charges (n,) and numbers of the
        sources (n,) of the rays.
    """
    where = isotropic(rng, (skies, settings.sources), settings.exposure)
    field = draw_fields(rng, skies)
    direction, charge = np.empty((len(sky), 3)), charge.copy()
    source = rng.integers(settings.sources, size=len(sky))
    waiting = np.arange(len(sky))
    for attempt in range(TRIES * ROUNDS):
        if attempt and attempt % TRIES == 0:
            dark = np.unique(sky[waiting])
            where[dark] = isotropic(rng, (len(dark), settings.sources), settings.exposure)
            field[dark] = draw_fields(rng, len(dark))
            waiting = np.flatnonzero(np.isin(sky, dark))
        at = sky[waiting]
        if attempt:
            charge[waiting] = draw_charges(rng, waiting.shape, settings.composition)
        inverse = RIGIDITY * charge[waiting] / energy[waiting]
        drifted = drift(
            where[at, source[waiting]], field[at], np.radians(settings.coherent) * inverse
        )
        arrived = smear(rng, drifted, np.radians(settings.turbulent) * inverse)
        direction[waiting] = arrived
        seen = relative_exposure(arrived[:, 2], settings.exposure)
        waiting = waiting[rng.random(len(waiting)) >= seen]
        if not len(waiting):
            return where, direction, charge, source
    raise CascadeError(
        f"exposure: {len(waiting)} rays did not get into the field of view in {TRIES * ROUNDS} "
        "tries; deflect less or see more of the sky"
    )


def _shared(source: np.ndarray, sources: int) -> np.ndarray:
    """Return which rays have a source that shines with two rays or more."""
    together = np.zeros(source.shape, dtype=bool)
    for number in range(sources):
        of_it = source == number
        together |= of_it & (of_it.sum(axis=1, keepdims=True) >= 2)
    return together
