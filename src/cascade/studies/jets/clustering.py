"""Four-momenta and their clustering with FastJet (arXiv:1111.6097): anti-kT, kT, trimming.

FastJet knows azimuth and rapidity; for massless towers rapidity is pseudorapidity.
"""

from __future__ import annotations

import awkward as ak
import fastjet
import numpy as np

# FastJet would print its banner at the first clustering, into whatever the command prints
fastjet._swig.ClusterSequence.set_fastjet_banner_stream(None)


def momenta(px: np.ndarray, py: np.ndarray, pz: np.ndarray, E: np.ndarray) -> ak.Array:
    """Return four-momenta as FastJet wants them: records with ``px``, ``py``, ``pz``, ``E``."""
    return ak.zip({"px": px, "py": py, "pz": pz, "E": E}, with_name="Momentum4D")


def total(groups: ak.Array) -> dict[str, np.ndarray]:
    """Return pT, mass [GeV], η and φ [rad] of the summed momenta of each group, shape (groups,).

    An empty group has pT, η, φ and mass 0.
    """
    px, py, pz, E = (ak.to_numpy(ak.sum(groups[name], axis=-1)) for name in ("px", "py", "pz", "E"))
    pt = np.hypot(px, py)
    return {
        "pt": pt,
        "eta": np.arcsinh(pz / np.where(pt > 0, pt, 1.0)),
        "phi": np.arctan2(py, px),
        "mass": np.sqrt(np.maximum(E**2 - px**2 - py**2 - pz**2, 0.0)),
    }


def massless(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray) -> ak.Array:
    """Return massless four-momenta of given pT, η and φ, flat arrays."""
    return momenta(pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta))


def four_momenta(towers: ak.Array) -> ak.Array:
    """Return the four-momenta of massless towers (pT, η, φ), jets × variable × 3."""
    pt, eta, phi = ak.to_numpy(ak.flatten(towers)).astype(np.float64).T
    return ak.unflatten(massless(pt, eta, phi), ak.num(towers, axis=1))


def polar(jets: ak.Array) -> ak.Array:
    """Return (pT, η, φ) of the jets' towers, highest pT first, jets × variable × 3, float32."""
    counts = ak.to_numpy(ak.num(jets, axis=1))
    px, py, pz = (ak.to_numpy(ak.flatten(jets[name])) for name in ("px", "py", "pz"))
    pt = np.hypot(px, py)
    order = np.lexsort((-pt, np.repeat(np.arange(len(counts)), counts)))
    towers = np.stack([pt, np.arcsinh(pz / pt), np.arctan2(py, px)], axis=1).astype(np.float32)
    return ak.unflatten(ak.from_numpy(towers[order]), counts)


def cluster(towers: ak.Array, algorithm: int, radius: float, min_pt: float = 0.0) -> ak.Array:
    """Return the towers of each inclusive jet above ``min_pt`` [GeV], events × jets × towers."""
    definition = fastjet.JetDefinition(algorithm, radius)
    return fastjet.ClusterSequence(towers, definition).constituents(min_pt=min_pt)


def trim(jets: ak.Array, radius: float, fraction: float) -> ak.Array:
    """Drop the towers of kT subjets with less than a fraction of the jet's pT.

    Jets × towers in and out.
    """
    subjets = cluster(jets, fastjet.kt_algorithm, radius)
    px, py = ak.sum(subjets.px, axis=-1), ak.sum(subjets.py, axis=-1)
    threshold = fraction * total(jets)["pt"]
    return ak.flatten(subjets[np.hypot(px, py) >= threshold], axis=2)
