"""Toy partons: an angular-ordered veto shower, and the hadrons that its partons turn into.

Each parton radiates from its largest allowed angle downwards with the collinear density of QCD
(Ellis, Stirling, Webber, *QCD and Collider Physics*, ch. 5)

    dN = αs(kT)/π · dθ/θ · P(z) dz,   kT = z θ pT > kT_min,
    P_q→qg = CF (1 + (1−z)²)/z,
    P_g→gg = 2 CA ((1−z)/z + z(1−z)/2),
    P_g→qq̄ = TR nf (z² + (1−z)²),

where z is the share of the emitted gluon (P_g→gg is folded by its symmetry z ↔ 1−z, so that only
z → 0 is soft), and αs = 1/(2 b0 ln(kT/Λ)), b0 = (33 − 2 nf)/(12π). Both daughters go on from
the angle of the branching. All partons of all events move together, one trial each per sweep.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from cascade.studies.jets.settings import ToySettings

CF, CA, TR = 4 / 3, 3.0, 0.5

# event of each particle, shape (particles,), and its px, py, pz, E [GeV], shape (4, particles)
Particles = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Partons:
    """Massless partons of many events, one entry each, in any order.

    Attributes
    ----------
    event
        Running number of the event, shape (partons,).
    pt, eta, phi
        Transverse momentum [GeV], pseudorapidity, azimuth [rad].
    gluon
        True for a gluon, False for a quark.
    """

    event: np.ndarray
    pt: np.ndarray
    eta: np.ndarray
    phi: np.ndarray
    gluon: np.ndarray

    def __getitem__(self, chosen: np.ndarray) -> Partons:
        """Return the partons picked by a mask or by indices."""
        return Partons(*(getattr(self, f.name)[chosen] for f in fields(self)))

    @staticmethod
    def concatenate(parts: list[Partons]) -> Partons:
        """Return the partons of several lists as one."""
        columns = [[getattr(part, f.name) for part in parts] for f in fields(Partons)]
        return Partons(*(np.concatenate(column) for column in columns))

    def momenta(self) -> np.ndarray:
        """Return px, py, pz, E [GeV], shape (4, partons)."""
        return massless(self.pt, self.eta, self.phi)


def massless(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Return px, py, pz, E of massless particles, shape (4, particles)."""
    return np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta)])


def axes(eta: np.ndarray, phi: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the unit vectors along a direction, of growing azimuth, and of growing eta there.

    Each of shape (3, directions).
    """
    cos, sin, tanh, sech = np.cos(phi), np.sin(phi), np.tanh(eta), 1 / np.cosh(eta)
    return (
        np.stack([sech * cos, sech * sin, tanh]),
        np.stack([-sin, cos, np.zeros_like(sin)]),
        np.stack([-tanh * cos, -tanh * sin, sech]),
    )


def totals(event: np.ndarray, momenta: np.ndarray, events: int) -> np.ndarray:
    """Sum four-momenta, shape (4, particles), event by event: shape (4, events)."""
    return np.stack([np.bincount(event, component, events) for component in momenta])


def kernel(z: np.ndarray, gluon: np.ndarray, settings: ToySettings) -> tuple[np.ndarray, ...]:
    """Return the splitting function z P(z) / (2C) of each parton, C = CA or CF, and its g→qq̄ part.

    The factor in front is the soft limit, so that both numbers lie in [0, 1]: they are the
    probabilities with which the veto keeps a trial.
    """
    y = 1 - z
    pair = TR * settings.flavours / (2 * CA) * z * (z * z + y * y)
    quark = (1 + y * y) / 2
    return np.where(gluon, y + z * z * y / 2 + pair, quark), np.where(gluon, pair, 0.0)


def trial(
    rng: np.random.Generator, pt: np.ndarray, gluon: np.ndarray, angle: np.ndarray, s: ToySettings
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the next trial branching below ``angle`` of partons with ``angle · pt > kT_min``.

    The soft density 2C αs(kT)/π dlnkT dlnθ is integrated over kT in (kT_min, angle · pt) exactly,
    since ∫ αs dlnkT = lnln(kT/Λ) / (2 b0); what it overestimates is left to the veto.

    Returns
    -------
    tuple
        Angle θ of the trial, and share z: 1 where kT exceeds θ pT, which is outside the phase
        space and has to be vetoed.
    """
    b0 = (33 - 2 * s.flavours) / (12 * np.pi)
    lowest = np.log(s.kt_min / s.lambda_qcd)
    span = np.log(np.log(angle * pt / s.lambda_qcd) / lowest)
    rate = np.where(gluon, CA, CF) * span / (np.pi * b0)
    # just above the threshold the rate is 0 but for rounding: the next angle is then 0
    fall = rng.standard_exponential(len(pt)) / np.maximum(rate, 1e-12)
    log_kt = np.log(s.lambda_qcd) + lowest * np.exp(span * rng.random(len(pt)))
    log_z = log_kt - np.log(angle * pt) + fall
    return angle * np.exp(-fall), np.exp(np.minimum(log_z, 0.0))


def branch(
    rng: np.random.Generator, parents: Partons, theta: np.ndarray, z: np.ndarray, pair: np.ndarray
) -> Partons:
    """Split each parent into daughters with shares z and 1 − z, a distance theta apart.

    Scalar pT and the pT-weighted direction of the parent are kept, so that the pair's mass is
    pT θ √(z(1−z)) for small angles. ``pair`` marks g→qq̄. The daughters with share z come first.
    """
    psi = rng.uniform(0, 2 * np.pi, len(z))
    d_eta, d_phi = theta * np.cos(psi), theta * np.sin(psi)
    y = 1 - z
    return Partons(
        np.tile(parents.event, 2),
        np.concatenate([z * parents.pt, y * parents.pt]),
        np.concatenate([parents.eta + y * d_eta, parents.eta - z * d_eta]),
        np.concatenate([parents.phi + y * d_phi, parents.phi - z * d_phi]),
        np.concatenate([~pair, parents.gluon & ~pair]),
    )


def evolve(
    rng: np.random.Generator, partons: Partons, angle: np.ndarray, settings: ToySettings
) -> Partons:
    """Let all partons radiate below their angles, shape (partons,), until none can any more."""
    done = []
    while len(angle):
        alive = angle * partons.pt > settings.kt_min
        done.append(partons[~alive])
        partons, angle = partons[alive], angle[alive]

        theta, z = trial(rng, partons.pt, partons.gluon, angle, settings)
        keep, pair = kernel(z, partons.gluon, settings)
        chance = rng.random(len(z))
        accepted = (z < 1) & (chance < keep)
        parents = partons[accepted]
        daughters = branch(rng, parents, theta[accepted], z[accepted], (chance < pair)[accepted])
        partons = Partons.concatenate([partons[~accepted], daughters])
        angle = np.concatenate([theta[~accepted], np.tile(theta[accepted], 2)])
    return Partons.concatenate(done)


def hadronise(rng: np.random.Generator, partons: Partons, settings: ToySettings) -> Particles:
    """Turn each parton into massless hadrons, kicked about its direction.

    There are 1 + Poisson(∝ ln(1 + pT)) of them, as strings make hadrons by the logarithm of their
    energy, and all ways to share the momentum are equally likely. The kicks of a parton's hadrons
    add up to zero, so that its three-momentum is kept (energy is not: a massless parton cannot turn
    into several massless hadrons that are not parallel).
    """
    number = 1 + rng.poisson(settings.hadron_multiplicity * np.log1p(partons.pt))
    parton = np.repeat(np.arange(len(number)), number)
    first = np.cumsum(number) - number
    share = rng.standard_exponential(len(parton))
    share /= np.add.reduceat(share, first)[parton]
    kick = settings.hadron_kick * rng.standard_normal((2, len(parton)))
    kick -= np.add.reduceat(kick, first, axis=1)[:, parton] * share

    along, azimuth, polar = axes(partons.eta, partons.phi)
    along *= partons.pt * np.cosh(partons.eta)
    p = along[:, parton] * share + azimuth[:, parton] * kick[0] + polar[:, parton] * kick[1]
    return partons.event[parton], np.concatenate([p, np.sqrt((p * p).sum(axis=0))[None]])
