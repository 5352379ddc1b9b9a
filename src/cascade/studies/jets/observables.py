"""Observables and images of a trimmed jet, from the towers that survived trimming.

The kT subjets found here are those that trimming kept: dropping whole subjets leaves the clustering
of the others as it was.

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
from cascade.studies.jets.clustering import Momenta, cluster, n_subjettiness
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
    kinematics = jets.total()
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
    axis = jets.total()
    subjets = leading_subjets(jets, selection.trim_radius)
    pt, eta, phi = _columns(towers)
    hits = images.Hits(eta, phi, pt, jets.group, jets.groups)
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


def leading_subjets(jets: Momenta, radius: float) -> np.ndarray:
    """Return (η, φ) of the two leading kT subjets, shape (jets, 2, 2); NaN where there is none."""
    subjets, owner = cluster(jets, fastjet.kt_algorithm, radius)
    summed = subjets.total()
    counts = np.bincount(owner, minlength=jets.groups)
    order = np.lexsort((-summed["pt"], owner))
    first = np.cumsum(counts) - counts
    leading = np.full((jets.groups, 2, 2), np.nan)
    for rank in range(2):
        there = counts > rank
        chosen = order[first[there] + rank]
        leading[there, rank] = np.stack([summed["eta"][chosen], summed["phi"][chosen]], axis=1)
    return leading


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide, with 0 where the denominator is 0 (a jet with too few towers)."""
    return np.divide(numerator, denominator, np.zeros_like(numerator), where=denominator > 0)


def four_momenta(towers: ak.Array) -> Momenta:
    """Return the four-momenta behind the field ``constituents``, grouped by jet."""
    counts = ak.to_numpy(ak.num(towers, axis=1))
    group = np.repeat(np.arange(len(counts)), counts)
    return Momenta.massless(*_columns(towers), group, len(counts))


def polar(jets: Momenta) -> ak.Array:
    """Return the field ``constituents``: (pT, η, φ), highest pT first, jets × variable × 3."""
    pt = np.hypot(jets.px, jets.py)
    order = np.lexsort((-pt, jets.group))
    towers = np.stack([pt, np.arcsinh(jets.pz / pt), np.arctan2(jets.py, jets.px)], axis=1)
    return ak.unflatten(ak.from_numpy(towers[order].astype(np.float32)), jets.counts())


def _columns(towers: ak.Array) -> np.ndarray:
    """Return pT, η, φ of all jets' towers in a row, shape (3, towers)."""
    return ak.to_numpy(ak.flatten(towers)).astype(np.float64).T
