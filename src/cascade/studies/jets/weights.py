"""Weights that give W jets the pT spectrum of QCD jets.

Without them a classifier could tell the classes by the pT that the generators were asked for. As in
arXiv:1511.05190 the spectra are compared in 200 bins of pT. Where a bin holds few jets, it is
widened until it holds enough of both classes: large samples are matched bin by bin, small ones as
finely as they allow, and no weight rests on a handful of jets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cascade.events.schema import Events

BINS = 200
ENOUGH = 25
"""Jets of each class that a bin must hold, or be widened to hold."""
PIECE = 100_000
"""Jets that are looked at in double precision at once."""
LARGEST = 20.0
"""Where the spectra hardly overlap, no jet counts more (or less) than this times the average."""


def pt_weights(events: Events) -> Events:
    """Return ``weight``, shape (events,): 1 for QCD, the ratio of the pT spectra for W jets.

    Reads ``pt`` and ``label`` of all jets of a split. Weights are positive and of unit mean in each
    class; they are 1 if a class is missing or too small to have a spectrum.
    """
    pt, signal = events["pt"], events["label"] == 1
    weight = np.ones(len(pt), np.float32)
    if signal.any() and not signal.all():
        bins = _bins(pt)
        jets, background = (np.bincount(bins[mask], minlength=BINS) for mask in (signal, ~signal))
        ratio = spectrum_ratio(background, jets)
        ratio /= np.average(ratio, weights=jets)
        np.copyto(weight, ratio.astype(np.float32)[bins], where=signal)
    return {"weight": weight}


def _bins(pt: np.ndarray) -> np.ndarray:
    """Return the bin of each jet: a byte, for a split may hold many."""
    edges = np.linspace(np.float64(pt.min()), np.float64(pt.max()), BINS + 1)
    bins = np.empty(len(pt), np.uint8)
    for start in range(0, len(pt), PIECE):
        piece = pt[start : start + PIECE].astype(np.float64)
        found = np.searchsorted(edges, piece, side="right") - 1
        bins[start : start + PIECE] = np.clip(found, 0, BINS - 1)
    return bins


def spectrum_ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Return the ratio of two normalised histograms, shape (bins,), each from the narrowest window.

    The window about a bin grows to both sides until both histograms hold ``ENOUGH`` entries there;
    one over all bins has ratio 1.
    """
    bins = len(numerator)
    up, down = (np.concatenate([[0], np.cumsum(counts)]) for counts in (numerator, denominator))
    ratio = np.ones(bins)
    open_ = np.ones(bins, dtype=bool)
    centre = np.arange(bins)
    for reach in range(bins):
        low, high = np.maximum(centre - reach, 0), np.minimum(centre + reach + 1, bins)
        above, below = up[high] - up[low], down[high] - down[low]
        closed = open_ & (np.minimum(above, below) >= ENOUGH)
        ratio[closed] = (above[closed] / up[-1]) / (below[closed] / down[-1])
        open_ &= ~closed
    return np.clip(ratio, 1 / LARGEST, LARGEST)
