"""Toy source of jets: boosted W bosons and QCD jets without an event generator.

A W decays into two quarks exactly; a QCD jet starts as one parton of a falling spectrum. Both
radiate in the angular-ordered shower of ``toy_shower``, the quarks of the colour-singlet W only
inside the angle between them. Partons become hadrons; an underlying event and a few partons at
wide angles (initial-state radiation) are added. Towers, trimming, observables and images are
those of every other source.

The numbers in ``ToySettings`` are tuned to Pythia 8 jets in 250 < pT < 300 GeV, 50 < m < 110 GeV.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import awkward as ak
import numpy as np

from cascade.errors import CascadeError
from cascade.studies.jets.observables import describe
from cascade.studies.jets.reconstruction import find_jets
from cascade.studies.jets.settings import Selection, ToySettings
from cascade.studies.jets.toy_decay import decay, distance, invariant_mass, partons_of, restore
from cascade.studies.jets.toy_shower import Particles, Partons, evolve, hadronise, massless, totals

if TYPE_CHECKING:
    from cascade.events.schema import Events
    from cascade.events.seeding import Block

W_MASS, W_WIDTH = 80.38, 2.09  # GeV, Particle Data Group
MARGIN = 8.0
"""How far below the selection's windows the hard process may lie [GeV]: this loses one accepted jet
in two thousand."""
BATCH = 4000
"""Largest number of events drawn at once: 100 particles each, 32 bytes a particle."""
PATIENCE = 100_000
"""Events without a single accepted jet after which the settings are held to be a mistake."""


def power_law(
    rng: np.random.Generator, n: int, low: float, high: float, index: float
) -> np.ndarray:
    """Draw n numbers in (low, high) with a density ∝ x^−index, index ≠ 1."""
    ends = np.array([low, high]) ** (1 - index)
    return (ends[0] + rng.random(n) * (ends[1] - ends[0])) ** (1 / (1 - index))


def w_jets(
    rng: np.random.Generator, pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, s: ToySettings
) -> Particles:
    """Return the hadrons of W bosons, which add up to the bosons' four-momenta exactly."""
    # relativistic Breit–Wigner in m², cut at ten widths
    tail = np.arctan(10.0)
    spread = np.tan(rng.uniform(-tail, tail, len(pt)))
    mass = np.sqrt(W_MASS**2 + W_MASS * W_WIDTH * spread)
    bosons, quarks = decay(rng, np.stack([pt, eta, phi, mass]), s.longitudinal_fraction)
    first, second = (partons_of(momenta) for momenta in quarks)
    # radiation of a colour singlet ends at the angle between its quarks
    angle = distance(first.eta - second.eta, first.phi - second.phi)
    pair = Partons.concatenate([first, second])
    return restore(hadronise(rng, evolve(rng, pair, np.tile(angle, 2), s), s), bosons)


def qcd_jets(
    rng: np.random.Generator, pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, s: ToySettings
) -> Particles:
    """Return the hadrons of jets that start as one quark or gluon."""
    gluon = rng.random(len(pt)) >= s.quark_fraction
    partons = Partons(np.arange(len(pt)), pt, eta, phi, gluon)
    return hadronise(rng, evolve(rng, partons, np.full(len(pt), s.angle_max), s), s)


def disc(
    rng: np.random.Generator, density: float, eta: np.ndarray, phi: np.ndarray, s: ToySettings
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw points of a density per unit area about axes: their event, eta and phi."""
    number = rng.poisson(density * np.pi * s.surroundings_radius**2, len(eta))
    event = np.repeat(np.arange(len(eta)), number)
    radius = s.surroundings_radius * np.sqrt(rng.random(len(event)))
    psi = rng.uniform(0, 2 * np.pi, len(event))
    return event, eta[event] + radius * np.cos(psi), phi[event] + radius * np.sin(psi)


def wide_angle(
    rng: np.random.Generator, eta: np.ndarray, phi: np.ndarray, s: ToySettings
) -> Particles:
    """Return the hadrons of extra gluons about the jets, with dN/dpT ∝ 1/pT."""
    low, high = s.wide_angle_pt
    event, eta, phi = disc(rng, s.wide_angle_density * np.log(high / low), eta, phi, s)
    pt = low * (high / low) ** rng.random(len(event))
    return hadronise(rng, Partons(event, pt, eta, phi, np.ones(len(event), bool)), s)


def underlying_event(
    rng: np.random.Generator, eta: np.ndarray, phi: np.ndarray, label: int, s: ToySettings
) -> Particles:
    """Return soft particles about the jets, with exponential pT."""
    density = s.w_underlying_density if label else s.qcd_underlying_density
    event, eta, phi = disc(rng, density, eta, phi, s)
    return event, massless(s.underlying_pt * rng.standard_exponential(len(event)), eta, phi)


def pick(particles: Particles, keep: np.ndarray) -> Particles:
    """Return the particles of the events in a mask, shape (events,), which are numbered anew."""
    event, momenta = particles
    kept = keep[event]
    return (np.cumsum(keep) - 1)[event[kept]], momenta[:, kept]


def as_records(parts: list[Particles], events: int) -> ak.Array:
    """Return lists of particles as one Awkward array: px, py, pz, E [GeV] per event."""
    event = np.concatenate([event for event, _ in parts])
    # a stable sort of 16-bit integers is a radix sort, ten times faster than any other
    event = event.astype(np.uint16) if events <= 2**16 else event
    order = np.argsort(event, kind="stable")
    momenta = np.concatenate([momenta for _, momenta in parts], axis=1)[:, order]
    records = ak.zip(dict(zip(("px", "py", "pz", "E"), momenta, strict=True)))
    return ak.unflatten(records, np.bincount(event, minlength=events))


def hard_jets(
    rng: np.random.Generator, n: int, label: int, settings: ToySettings
) -> tuple[np.ndarray, Particles]:
    """Draw the axes of n jets (eta and phi, shape (2, n)) and the hadrons of their hard process.

    That is all but the underlying event: a W boson (label 1) or a QCD jet (label 0), and
    radiation at wide angles.
    """
    s = settings
    make, index = (w_jets, s.w_pt_index) if label else (qcd_jets, s.qcd_pt_index)
    pt = power_law(rng, n, *s.pt, index)
    axis = np.stack([rng.uniform(-s.eta_max, s.eta_max, n), rng.uniform(-np.pi, np.pi, n)])
    jet, wide = make(rng, pt, *axis, s), wide_angle(rng, *axis, s)
    return axis, (np.concatenate([jet[0], wide[0]]), np.concatenate([jet[1], wide[1]], axis=1))


def shower(rng: np.random.Generator, n: int, label: int, settings: ToySettings) -> ak.Array:
    """Draw the particles of n events with one boosted W boson (label 1) or QCD jet (label 0) each.

    Returns
    -------
    ak.Array
        Records px, py, pz, E [GeV] of the massless particles, ``n * var``.
    """
    axis, hard = hard_jets(rng, n, label, settings)
    return as_records([hard, underlying_event(rng, *axis, label, settings)], n)


def promising(hard: Particles, n: int, selection: Selection) -> np.ndarray:
    """Say which events can pass the selection, shape (n,), from their hard process alone.

    Trimming takes away, and the little of the underlying event that it leaves adds less than
    ``MARGIN`` to pT and mass.
    """
    total = totals(*hard, n)
    enough_pt = np.bincount(hard[0], np.hypot(*hard[1][:2]), n) > selection.pt[0] - MARGIN
    return enough_pt & (invariant_mass(total) > selection.mass[0] - MARGIN)


def accepted_jets(
    rng: np.random.Generator, jets: int, label: int, settings: ToySettings
) -> ak.Array:
    """Draw events of a class until ``jets`` of them are accepted; return these jets' towers.

    Raises
    ------
    CascadeError
        The settings' events never pass their selection.
    """
    selection = settings.selection
    parts, found, tried = [], 0, 0
    while not parts or found < jets:
        # before the first jet one event in five is taken to give one, then ever fewer
        wanted = (jets - found) * tried / found if found else max(5 * jets, tried)
        n = int(np.clip(wanted, 50, BATCH))
        axis, hard = hard_jets(rng, n, label, settings)
        keep = promising(hard, n, selection)
        axis, hard, n = axis[:, keep], pick(hard, keep), int(keep.sum())
        soft = underlying_event(rng, *axis, label, settings)
        towers, _ = find_jets(as_records([hard, soft], n), selection)
        parts.append(towers)
        found, tried = found + len(towers), tried + len(keep)
        if not found and tried > PATIENCE:
            raise CascadeError(
                f"no jet of {tried} toy events passes the selection: widen its windows pt "
                f"{selection.pt} and mass {selection.mass}, or move the toy's pt {settings.pt} "
                "towards them"
            )
    return ak.concatenate(parts)[:jets]


def simulate(block: Block, settings: ToySettings) -> Events:
    """Draw a block of accepted jets, half of them W (an odd one is QCD), in random order.

    Returns
    -------
    Events
        All fields of a jet but ``weight``.

    Raises
    ------
    CascadeError
        The settings' events never pass their selection.
    """
    rng = block.rng()
    signal = block.events // 2
    towers = [
        accepted_jets(rng, jets, label, settings)
        for label, jets in ((1, signal), (0, block.events - signal))
    ]
    order = rng.permutation(block.events)
    events = describe(ak.concatenate(towers)[order], settings.selection)
    events["label"] = (order < signal).astype(np.int8)
    return events
