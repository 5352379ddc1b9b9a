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

from cascade.events.seeding import Block
from cascade.studies.jets.settings import ToySettings
from cascade.studies.jets.toy_shower import Partons, axes, evolve, hadronise, massless, totals

if TYPE_CHECKING:
    from cascade.events.schema import Events

W_MASS, W_WIDTH = 80.38, 2.09  # GeV, Particle Data Group

# event of each particle, shape (particles,), and its px, py, pz, E [GeV], shape (4, particles)
Particles = tuple[np.ndarray, np.ndarray]


def power_law(
    rng: np.random.Generator, n: int, low: float, high: float, index: float
) -> np.ndarray:
    """Draw n numbers in (low, high) with a density ∝ x^−index, index ≠ 1."""
    ends = np.array([low, high]) ** (1 - index)
    return (ends[0] + rng.random(n) * (ends[1] - ends[0])) ** (1 / (1 - index))


def decay(
    rng: np.random.Generator, bosons: np.ndarray, longitudinal: float
) -> tuple[np.ndarray, np.ndarray]:
    """Decay bosons into two massless quarks, with θ* flat in cos θ* or, by a fraction, as sin²θ*.

    θ* is the angle to the boson's flight direction, in its rest frame. Longitudinally polarised
    bosons follow sin²θ*.

    Parameters
    ----------
    bosons
        pT [GeV], eta, phi, mass [GeV], shape (4, bosons).

    Returns
    -------
    tuple
        px, py, pz, E [GeV] of the bosons and of the quarks, shapes (4, bosons) and
        (2, 4, bosons). The quarks add up to their boson.
    """
    pt, eta, phi, mass = bosons
    cos = rng.uniform(-1, 1, len(pt))
    # solves 3c − c³ = 2u, the distribution function of sin²θ*, for u flat in (−1, 1)
    cos = np.where(rng.random(len(pt)) < longitudinal, 2 * np.sin(np.arcsin(cos) / 3), cos)
    psi = rng.uniform(0, 2 * np.pi, len(pt))

    along, azimuth, polar = axes(eta, phi)
    momentum = pt * np.cosh(eta)
    energy = np.hypot(momentum, mass)
    # Lorentz boost of ±(cos, sin) m/2 with γ = E/m, γβ = p/m
    parallel = (cos * energy, momentum)
    across = mass * np.sqrt(1 - cos * cos) * (np.cos(psi) * azimuth + np.sin(psi) * polar)
    quarks = np.stack([s * (along * parallel[0] + across) + along * parallel[1] for s in (1, -1)])
    energies = np.stack([energy + s * cos * momentum for s in (1, -1)])
    quarks = np.concatenate([quarks, energies[:, None]], axis=1) / 2
    return np.concatenate([along * momentum, energy[None]]), quarks


def boost(momenta: np.ndarray, velocity: np.ndarray) -> np.ndarray:
    """Boost px, py, pz, E by four-velocities γβ, γ; both of shape (4, particles)."""
    energy = momenta[3] * velocity[3] + (momenta[:3] * velocity[:3]).sum(axis=0)
    shift = (energy + momenta[3]) / (1 + velocity[3])
    return np.concatenate([momenta[:3] + velocity[:3] * shift, energy[None]])


def invariant_mass(momenta: np.ndarray) -> np.ndarray:
    """Return the mass [GeV] of px, py, pz, E along the first axis."""
    return np.sqrt(np.maximum(momenta[3] ** 2 - (momenta[:3] ** 2).sum(axis=0), 0))


def restore(particles: Particles, wanted: np.ndarray) -> Particles:
    """Give the massless particles of each event the wanted total four-momentum, shape (4, events).

    In their rest frame all momenta are scaled to the wanted mass, then boosted to the wanted
    momentum. The shower keeps pT, not mass: without this the W's peak would sit too high.
    """
    event, momenta = particles
    total = totals(event, momenta, wanted.shape[1])
    mass, wanted_mass = invariant_mass(total), invariant_mass(wanted)
    to_rest = np.concatenate([-total[:3], total[3:]]) / mass
    momenta = boost(momenta, to_rest[:, event]) * (wanted_mass / mass)[event]
    return event, boost(momenta, (wanted / wanted_mass)[:, event])


def partons_of(momenta: np.ndarray) -> Partons:
    """Return quarks with px, py, pz, E, shape (4, events), numbered by event."""
    px, py, pz, _ = momenta
    pt = np.hypot(px, py)
    event = np.arange(len(pt))
    return Partons(event, pt, np.arcsinh(pz / pt), np.arctan2(py, px), np.zeros(len(pt), bool))


def distance(eta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Return ΔR of differences in pseudorapidity and azimuth, the latter taken round the circle."""
    return np.hypot(eta, (phi + np.pi) % (2 * np.pi) - np.pi)


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
    rng: np.random.Generator, eta: np.ndarray, phi: np.ndarray, density: float, s: ToySettings
) -> Particles:
    """Return the hadrons of extra gluons about the jets, with dN/dpT ∝ 1/pT."""
    low, high = s.wide_angle_pt
    event, eta, phi = disc(rng, density * np.log(high / low), eta, phi, s)
    pt = low * (high / low) ** rng.random(len(event))
    return hadronise(rng, Partons(event, pt, eta, phi, np.ones(len(event), bool)), s)


def underlying_event(
    rng: np.random.Generator, eta: np.ndarray, phi: np.ndarray, s: ToySettings
) -> Particles:
    """Return soft particles about the jets, with exponential pT."""
    event, eta, phi = disc(rng, s.underlying_density, eta, phi, s)
    return event, massless(s.underlying_pt * rng.standard_exponential(len(event)), eta, phi)


def as_records(parts: list[Particles], events: int) -> ak.Array:
    """Return lists of particles as one Awkward array: px, py, pz, E [GeV] per event."""
    event = np.concatenate([event for event, _ in parts])
    # a stable sort of 16-bit integers is a radix sort, ten times faster than any other
    event = event.astype(np.uint16) if events <= 2**16 else event
    order = np.argsort(event, kind="stable")
    momenta = np.concatenate([momenta for _, momenta in parts], axis=1)[:, order]
    records = ak.zip(dict(zip(("px", "py", "pz", "E"), momenta, strict=True)))
    return ak.unflatten(records, np.bincount(event, minlength=events))


def shower(rng: np.random.Generator, n: int, label: int, settings: ToySettings) -> ak.Array:
    """Draw the particles of n events with one boosted W boson (label 1) or QCD jet (label 0) each.

    Returns
    -------
    ak.Array
        Records px, py, pz, E [GeV] of the massless particles, ``n * var``.
    """
    s = settings
    index = s.w_pt_index if label else s.qcd_pt_index
    pt = power_law(rng, n, *s.pt, index)
    eta, phi = rng.uniform(-s.eta_max, s.eta_max, n), rng.uniform(-np.pi, np.pi, n)
    hard = (w_jets if label else qcd_jets)(rng, pt, eta, phi, s)
    density = s.w_wide_angle_density if label else s.qcd_wide_angle_density
    wide = wide_angle(rng, eta, phi, density, s)
    return as_records([hard, wide, underlying_event(rng, eta, phi, s)], n)
