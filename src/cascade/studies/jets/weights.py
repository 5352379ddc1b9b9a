"""Weights that give W jets the pT spectrum of QCD jets.

Without them a classifier could tell the classes by the pT that the generators were asked for. As in
arXiv:1511.05190 the spectra are compared in 200 bins of pT. Where a bin holds few jets, it is
widened until it holds enough of both classes: large samples are matched bin by bin, small ones as
finely as they allow, and no weight rests on a handful of jets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cascade.events.schema import Events

BINS = 200
ENOUGH = 25
"""Jets of each class that a bin must hold, or be widened to hold."""
LARGEST = 20.0
"""Where the spectra hardly overlap, no jet counts more (or less) than this times the average."""


def pt_weights(chunks: Iterable[Events]) -> Iterator[Events]:
    """Yield ``weight``, shape (events,), of each chunk: 1 for QCD, the ratio of spectra for W jets.

    Reads ``pt`` and ``label`` of all jets of a split, three times. Weights are positive and of unit
    mean in each class; they are 1 if a class is missing or too small to have a spectrum.
    """
    edges = _edges(chunks)
    background, jets = np.zeros((2, BINS), np.int64)
    for events in chunks:
        bins, signal = _bins(events["pt"], edges), events["label"] == 1
        jets += np.bincount(bins[signal], minlength=BINS)
        background += np.bincount(bins[~signal], minlength=BINS)
    ratio = np.ones(BINS)
    if jets.any() and background.any():
        ratio = spectrum_ratio(background, jets)
        ratio /= np.average(ratio, weights=jets)
    for events in chunks:
        weight = np.where(events["label"] == 1, ratio[_bins(events["pt"], edges)], 1)
        yield {"weight": weight.astype(np.float32)}


def _edges(chunks: Iterable[Events]) -> np.ndarray:
    """Return the edges of equal bins from the lowest to the highest pT of all jets."""
    ends = [end(events["pt"]) for events in chunks if len(events["pt"]) for end in (np.min, np.max)]
    low, high = (min(ends), max(ends)) if ends else (0, 0)
    return np.linspace(np.float64(low), np.float64(high), BINS + 1)


def _bins(pt: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the bin of each jet."""
    found = np.searchsorted(edges, pt.astype(np.float64), side="right") - 1
    return np.clip(found, 0, BINS - 1)


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
