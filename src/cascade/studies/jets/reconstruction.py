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

from cascade.studies.jets.clustering import Momenta, cluster, trim
from cascade.studies.jets.observables import describe, four_momenta, polar
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
    towers, event = find_jets(particles, selection)
    return describe(towers, selection), event


def find_jets(particles: ak.Array, selection: Selection) -> tuple[ak.Array, np.ndarray]:
    """Return the field ``constituents`` of the jets that pass, and their events' numbers.

    It is the first half of ``reconstruct``, for sources that do not know beforehand how many
    events they need: ``describe`` is then called once for all jets.
    """
    found, event = [], []
    for start, stop in _chunks(ak.to_numpy(ak.num(particles, axis=1))):
        trimmed, owner = leading_trimmed_jets(deposit(particles[start:stop], selection), selection)
        towers = polar(trimmed)
        passed = in_windows(four_momenta(towers).total(), selection)
        found.append(towers[passed])
        event.append(owner[passed] + start)
    return ak.concatenate(found), np.concatenate(event)


def _chunks(counts: np.ndarray) -> list[tuple[int, int]]:
    """Cut events into ranges of about ``CHUNK`` particles; one empty range if there is none."""
    chunk = np.cumsum(counts) // CHUNK
    edges = np.flatnonzero(np.diff(chunk)) + 1
    return list(zip([0, *edges], [*edges, len(counts)], strict=True))


def leading_trimmed_jets(towers: Momenta, selection: Selection) -> tuple[Momenta, np.ndarray]:
    """Return the towers of each event's leading trimmed jet, and the number of its event.

    Only jets that could pass are trimmed (trimming lowers the pT), so events without a jet above
    the window's lower end are absent.
    """
    jets, event = cluster(
        towers, fastjet.antikt_algorithm, selection.radius, min_pt=selection.pt[0]
    )
    trimmed = trim(jets, selection.trim_radius, selection.trim_fraction)
    order = np.lexsort((-trimmed.total()["pt"], event))
    _, first = np.unique(event[order], return_index=True)
    leading = order[first]
    return trimmed.select(leading), event[leading]


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
