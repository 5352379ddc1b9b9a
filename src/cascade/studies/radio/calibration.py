"""Calibration of fluences on events whose truth is known.

The mean raw fluence of a method answers to the true one by

    ln ⟨raw⟩ = a + b x + c x²,    x = ln(true / typical),

fitted as a generalised linear model with logarithmic link and gamma variance (McCullagh and Nelder,
Generalized Linear Models, 1989, chapter 8), for which relative deviations count. Solved for the
true fluence, the curve leaves no bias at any true fluence; a fit of the true over the raw one
would, since it shrinks towards the mean.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cascade.studies.radio import metrics

LEAST_SNR = 3.0
"""Signals below this signal-to-noise ratio do not take part."""
FEWEST = 30
"""Of fewer signals nothing can be learned: the raw fluence stays."""
ROUNDS = 20
IDENTITY = (0.0, 1.0, 0.0, 1.0)
LEAST_SLOPE = 0.2
"""A curve that rises less tells nothing about the true fluence."""
TINY, HUGE = 1e-9, 1e12
"""Fluences are at least and at most so large [eV/m²]."""


def fit_calibration(raw: np.ndarray, true: np.ndarray, snr: np.ndarray) -> np.ndarray:
    """Return a, b, c and the typical fluence [eV/m²] of a calibration, (4,).

    Where raw fluences do not rise with the true ones, as those of a network that has learned
    nothing yet, there is nothing to calibrate, and they stay.

    Parameters
    ----------
    raw, true
        Fluences [eV/m²], (events,).
    snr
        Signal-to-noise ratios (events,); 0 for traces without a pulse.
    """
    taken = (snr > LEAST_SNR) & (true > 0)
    if taken.sum() < FEWEST:
        return np.array(IDENTITY)
    raw, log_true = _bounded(raw[taken]), np.log(true[taken])
    typical = log_true.mean()
    x = log_true - typical
    for terms in (3, 2):  # a parabola, or else a straight line
        found = np.zeros(3)
        found[:terms] = _response(raw, np.vander(x, terms, increasing=True))
        if min(found[1] + 2 * found[2] * end for end in (x.min(), x.max())) > LEAST_SLOPE:
            return np.append(found, np.exp(typical))
    return np.array(IDENTITY)


def _response(raw: np.ndarray, powers: np.ndarray) -> np.ndarray:
    """Return the coefficients of ln ⟨raw⟩, (terms,); not a number where the fit runs away."""
    coefficients = np.linalg.lstsq(powers, np.log(raw), rcond=None)[0]
    for _ in range(ROUNDS):  # Fisher scoring; its weights are all equal here
        expected = np.exp(np.clip(powers @ coefficients, *np.log([TINY, HUGE])))
        change = np.linalg.lstsq(powers, raw / expected - 1, rcond=None)[0]
        coefficients += change
        if np.abs(change).max() < 1e-9:
            return coefficients
    return coefficients if np.abs(change).max() < 1e-3 else np.full_like(coefficients, np.nan)


def calibrate(predicted: Mapping[str, np.ndarray], truth: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the calibration of a method from its predictions for the validation split, (4,).

    It is fitted on the pulses that the method finds, for these are the ones that get measured: near
    the threshold noise has made them larger than they are. Without pure noise, on all pulses.

    Parameters
    ----------
    predicted
        ``score`` and a raw ``predicted_fluence``.
    truth
        ``label``, ``snr`` and ``fluence``.
    """
    found = metrics.detected({"score": predicted["score"], "label": truth["label"]})
    snr = np.where(found, truth["snr"], 0.0) if (truth["label"] == 0).any() else truth["snr"]
    return fit_calibration(predicted["predicted_fluence"], truth["fluence"], snr)


def calibrated(raw: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Return the fluences that raw ones stand for [eV/m²], (events,).

    The parabola is followed on its rising side, written so that c may be 0, and beyond its top by a
    straight line.
    """
    a, b, c, typical = coefficients
    above = np.log(_bounded(raw)) - a
    x = 2 * above / (b + np.sqrt(np.maximum(b * b + 4 * c * above, 0)))
    return np.exp(np.clip(x + np.log(typical), *np.log([TINY, HUGE])))


def _bounded(fluence: np.ndarray) -> np.ndarray:
    return np.clip(fluence, TINY, HUGE)
