"""Observables and images of a trimmed jet, from the towers that survived trimming.

N-subjettiness (arXiv:1011.2268, β = 1, R0 = the jet's radius) measures distances to axes found by
exclusive kT clustering: τN = Σ pT_i min_k ΔR_ik / (Σ pT_i R0), small for a jet with N prongs or
fewer. The kT subjets found here are those that trimming kept: dropping whole subjets leaves the
clustering of the others as it was.

Towers lie on a grid, so distances tie, and the last bit of a coordinate decides which two merge.
Everything is therefore computed from the towers as they are stored: whoever reads them back finds
the same subjets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import awkward as ak
import fastjet
import numpy as np

from cascade.studies.jets import images
from cascade.studies.jets.clustering import cluster, four_momenta, total
from cascade.studies.jets.settings import Selection
from cascade.studies.jets.towers import nearest_centre

if TYPE_CHECKING:
    from cascade.events.schema import Events


def describe(towers: ak.Array, selection: Selection) -> Events:
    """Return all fields of jets but ``label`` and ``weight``.

    Parameters
    ----------
    towers
        The field ``constituents``: (pT, η, φ) of the trimmed jets' towers in GeV, 1, rad, jets ×
        variable × 3.
    selection
        Radii and images.
    """
    jets = four_momenta(towers)
    kinematics = total(jets)
    taus = n_subjettiness(jets, selection.radius)
    pixels = preprocessing(towers, selection)
    final = images.normalise(pixels["flipped"]) if selection.normalise else pixels["flipped"]
    fields = {
        "image_raw": pixels["raw"],
        "image": final,
        **{name: kinematics[name] for name in ("pt", "eta", "phi", "mass")},
        **{f"tau{n}": taus[:, n - 1] for n in (1, 2, 3)},
        "tau21": ratio(taus[:, 1], taus[:, 0]),
        "tau32": ratio(taus[:, 2], taus[:, 1]),
        "delta_r": separation(leading_subjets(jets, selection.trim_radius)),
    }
    return {
        "constituents": towers,
        **{name: values.astype(np.float32) for name, values in fields.items()},
    }


def preprocessing(towers: ak.Array, selection: Selection) -> dict[str, np.ndarray]:
    """Return the images of jets after each step of the preprocessing, without normalisation.

    The raw image is centred on the tower that the jet's axis points to.

    Parameters
    ----------
    towers
        The field ``constituents``.
    selection
        The selection that the jets were made with.

    Returns
    -------
    dict
        ``raw``, ``translated``, ``rotated``, ``flipped`` [GeV], each of shape (jets, size, size).
    """
    jets = four_momenta(towers)
    axis = total(jets)
    subjets = leading_subjets(jets, selection.trim_radius)
    counts = ak.to_numpy(ak.num(towers, axis=1))
    pt, eta, phi = ak.to_numpy(ak.flatten(towers)).astype(np.float64).T
    hits = images.Hits(eta, phi, pt, np.repeat(np.arange(len(counts)), counts), len(counts))
    steps = {
        "raw": images.translate(hits, *nearest_centre(axis["eta"], axis["phi"], selection)),
        **images.preprocess(hits, subjets[:, 0], subjets[:, 1]),
    }
    size, half_width = selection.image_size, selection.image_half_width
    return {name: images.pixelate(step, size, half_width) for name, step in steps.items()}


def separation(subjets: np.ndarray) -> np.ndarray:
    """Return ΔR of the two leading subjets, shape (jets,); 0 where there is one alone."""
    offset = subjets[:, 1] - subjets[:, 0]
    return np.nan_to_num(np.hypot(offset[:, 0], images.wrap(offset[:, 1])))


def leading_subjets(jets: ak.Array, radius: float) -> np.ndarray:
    """Return (η, φ) of the two leading kT subjets, shape (jets, 2, 2); NaN where there is none."""
    subjets = cluster(jets, fastjet.kt_algorithm, radius)
    counts = ak.to_numpy(ak.num(subjets, axis=1))
    summed = total(ak.flatten(subjets, axis=1))
    jet = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((-summed["pt"], jet))
    first = np.cumsum(counts) - counts
    leading = np.full((len(counts), 2, 2), np.nan)
    for rank in range(2):
        there = counts > rank
        chosen = order[first[there] + rank]
        leading[there, rank] = np.stack([summed["eta"][chosen], summed["phi"][chosen]], axis=1)
    return leading


def n_subjettiness(jets: ak.Array, radius: float) -> np.ndarray:
    """Return τ1, τ2, τ3, shape (jets, 3); 0 for jets with no more towers than axes."""
    if len(jets) == 0:
        return np.zeros((0, 3))
    definition = fastjet.JetDefinition(fastjet.kt_algorithm, radius)
    taus = fastjet.ClusterSequence(jets, definition).njettiness(
        measure_definition="NormalizedMeasure",
        axes_definition="KT_Axes",
        njets=[1, 2, 3],
        beta=1.0,
        R0=radius,
    )
    towers = ak.to_numpy(ak.num(jets, axis=1))
    # the distance of a tower to an axis of its own is 0 up to rounding
    return np.where(towers[:, None] > np.array([1, 2, 3]), ak.to_numpy(taus), 0.0)


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide, with 0 where the denominator is 0 (a jet with too few towers)."""
    return np.divide(numerator, denominator, np.zeros_like(numerator), where=denominator > 0)
