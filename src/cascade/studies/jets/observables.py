"""Observables of a trimmed jet, all computed from the towers that survived trimming.

N-subjettiness (arXiv:1011.2268, β = 1, R0 = the jet's radius) measures distances to axes found by
exclusive kT clustering: τN = Σ pT_i min_k ΔR_ik / (Σ pT_i R0), small for a jet with N prongs or
fewer. The kT subjets found here are those that trimming kept: dropping whole subjets leaves the
clustering of the others as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import awkward as ak
import fastjet
import numpy as np

from cascade.studies.jets import images
from cascade.studies.jets.clustering import cluster, massless, total
from cascade.studies.jets.settings import Selection
from cascade.studies.jets.towers import nearest_centre

if TYPE_CHECKING:
    from cascade.events.schema import Events


def describe(jets: ak.Array, selection: Selection) -> Events:
    """Return all fields of jets but ``label`` and ``weight``.

    Parameters
    ----------
    jets
        Towers of the trimmed jets, jets × variable, records with ``px``, ``py``, ``pz``, ``E``
        [GeV].
    selection
        Radii and images.
    """
    kinematics = total(jets)
    towers = constituents(jets)
    subjets = leading_subjets(jets, selection.trim_radius)
    taus = n_subjettiness(jets, selection.radius)
    pixels = _images(towers, kinematics, subjets, selection)
    final = images.normalise(pixels["flipped"]) if selection.normalise else pixels["flipped"]
    fields = {
        "image_raw": pixels["raw"],
        "image": final,
        "constituents": towers,
        **{name: kinematics[name] for name in ("pt", "eta", "phi", "mass")},
        **{f"tau{n}": taus[:, n - 1] for n in (1, 2, 3)},
        "tau21": ratio(taus[:, 1], taus[:, 0]),
        "tau32": ratio(taus[:, 2], taus[:, 1]),
        "delta_r": separation(subjets),
    }
    return {
        name: ak.values_astype(values, np.float32)
        if isinstance(values, ak.Array)
        else values.astype(np.float32)
        for name, values in fields.items()
    }


def preprocessing(towers: ak.Array, selection: Selection) -> dict[str, np.ndarray]:
    """Return the images of jets after each step of the preprocessing, without normalisation.

    Parameters
    ----------
    towers
        The field ``constituents``: (pT, η, φ) of a jet's towers, jets × variable × 3.
    selection
        The selection that the jets were made with.

    Returns
    -------
    dict
        ``raw``, ``translated``, ``rotated``, ``flipped`` [GeV], each of shape (jets, size, size).
    """
    jets = ak.unflatten(
        massless(*ak.to_numpy(ak.flatten(towers)).astype(np.float64).T), ak.num(towers, axis=1)
    )
    subjets = leading_subjets(jets, selection.trim_radius)
    return _images(towers, total(jets), subjets, selection)


def _images(
    towers: ak.Array, axis: dict[str, np.ndarray], subjets: np.ndarray, selection: Selection
) -> dict[str, np.ndarray]:
    """Fill the image of each step; the raw one is centred on the tower that the axis points to."""
    counts = ak.to_numpy(ak.num(towers, axis=1))
    pt, eta, phi = ak.to_numpy(ak.flatten(towers)).T
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


def constituents(jets: ak.Array) -> ak.Array:
    """Return (pT, η, φ) of a jet's towers, highest pT first, jets × variable × 3."""
    counts = ak.to_numpy(ak.num(jets, axis=1))
    px, py, pz = (ak.to_numpy(ak.flatten(jets[name])) for name in ("px", "py", "pz"))
    pt = np.hypot(px, py)
    order = np.lexsort((-pt, np.repeat(np.arange(len(counts)), counts)))
    towers = np.stack([pt, np.arcsinh(pz / pt), np.arctan2(py, px)], axis=1)
    return ak.unflatten(ak.from_numpy(towers[order]), counts)
