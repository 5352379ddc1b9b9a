"""Toy W bosons: the decay into two quarks, and the exact four-momentum given back to its hadrons.

Two-body kinematics: in the boson's frame both quarks have momentum m/2, in the laboratory they are
a distance ΔR ≈ m/(pT √(z(1−z))) apart, z being a quark's share of the boson's pT.
"""

from __future__ import annotations

import numpy as np

from cascade.studies.jets.toy_shower import Particles, Partons, axes, totals


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
