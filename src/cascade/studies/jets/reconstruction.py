"""From particles to jets: towers, anti-kT, trimming, selection, observables, images.

Visible particles fill massless towers of a calorimeter; the towers are clustered with anti-kT
(arXiv:0802.1189) and trimmed (arXiv:0912.1342): the jet is clustered again into small kT subjets
and those with less than a fraction of its pT are dropped. The leading trimmed jet of an event is
kept if it lies in the windows of pT, mass and pseudorapidity, and described by its observables and
images.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import awkward as ak
import fastjet
import numpy as np

from cascade.studies.jets.clustering import cluster, four_momenta, polar, total, trim
from cascade.studies.jets.observables import describe
from cascade.studies.jets.settings import Selection
from cascade.studies.jets.towers import deposit

if TYPE_CHECKING:
    from cascade.events.schema import Events

CHUNK = 1_000_000
"""Particles that are reconstructed at once; towers and clusterings need about 0.3 kB each."""


def reconstruct(particles: ak.Array, selection: Selection) -> tuple[Events, np.ndarray]:
    """Return the jets that pass the selection, at most one an event, and their events' numbers.

    Parameters
    ----------
    particles
        Visible stable particles, events × variable, records with ``px``, ``py``, ``pz``, ``E``
        [GeV].
    selection
        Detector, clustering, trimming, windows and images.

    Returns
    -------
    jets
        All fields of a jet but ``label`` and ``weight``, in the order of their events.
    event
        Index of the event of each jet, shape (jets,).
    """
    accepted, event = [], []
    for start, stop in _chunks(ak.to_numpy(ak.num(particles, axis=1))):
        trimmed, owner = leading_trimmed_jets(deposit(particles[start:stop], selection), selection)
        towers = polar(trimmed)
        passed = in_windows(total(four_momenta(towers)), selection)
        accepted.append(towers[passed])
        event.append(owner[passed] + start)
    return describe(ak.concatenate(accepted), selection), np.concatenate(event)


def _chunks(counts: np.ndarray) -> list[tuple[int, int]]:
    """Cut events into ranges of about ``CHUNK`` particles; one empty range if there is none."""
    chunk = np.cumsum(counts) // CHUNK
    edges = np.flatnonzero(np.diff(chunk)) + 1
    return list(zip([0, *edges], [*edges, len(counts)], strict=True))


def leading_trimmed_jets(towers: ak.Array, selection: Selection) -> tuple[ak.Array, np.ndarray]:
    """Return the towers of each event's leading trimmed jet, and the index of its event.

    Only jets that could pass are trimmed (trimming lowers the pT), so events without a jet above
    the window's lower end are absent.
    """
    jets = cluster(towers, fastjet.antikt_algorithm, selection.radius, min_pt=selection.pt[0])
    event = np.repeat(np.arange(len(jets)), ak.to_numpy(ak.num(jets, axis=1)))
    trimmed = trim(ak.flatten(jets, axis=1), selection.trim_radius, selection.trim_fraction)
    order = np.lexsort((-total(trimmed)["pt"], event))
    _, first = np.unique(event[order], return_index=True)
    leading = order[first]
    return trimmed[leading], event[leading]


def in_windows(jet: dict[str, np.ndarray], selection: Selection) -> np.ndarray:
    """Say which jets lie in the windows of pT, mass and pseudorapidity, shape (jets,)."""
    # compared as stored, so that no number in a file lies outside its window
    pt, mass, eta = (jet[name].astype(np.float32) for name in ("pt", "mass", "eta"))
    return (
        (pt > selection.pt[0])
        & (pt < selection.pt[1])
        & (mass > selection.mass[0])
        & (mass < selection.mass[1])
        & (np.abs(eta) < selection.eta_max)
    )
