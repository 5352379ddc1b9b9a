"""Mean signals of stations over distance and depth: the toy of arXiv:1708.00647."""

from __future__ import annotations

import numpy as np

from cascade.studies.showers.settings.sources import SignalSettings


def mean_signals(
    distance: np.ndarray,
    delta_x: np.ndarray,
    lg_energy: np.ndarray,
    mass_number: np.ndarray,
    settings: SignalSettings,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean muonic and electromagnetic signal of stations [particles].

    Parameters
    ----------
    distance
        From the station to the shower axis [m].
    delta_x
        Slant depth between the station and the shower maximum [g/cm²], above 0.
    lg_energy, mass_number
        Of the primary. All four have shapes that fit each other.
    """
    s = settings
    muonic_part = s.muonic * np.asarray(mass_number, np.float64) ** s.mass_exponent
    energy = s.scale * 10 ** (np.asarray(lg_energy, np.float64) - 19)
    scale = energy / (muonic_part + s.electromagnetic)
    # in logarithms: one exponential each instead of two powers
    far = np.log(np.maximum(distance, s.core_distance) / 1000)
    depth = np.log(delta_x / 100)
    limit = np.log(s.attenuation_limit)
    muonic = (
        scale * muonic_part * _attenuated(far, depth, s.muonic_slope, s.muonic_attenuation, limit)
    )
    electromagnetic = (
        scale
        * s.electromagnetic
        * _attenuated(far, depth, s.electromagnetic_slope, s.electromagnetic_attenuation, limit)
    )
    # the limit holds for the sum, the parts keep their relation
    kept = s.limit / np.maximum(muonic + electromagnetic, s.limit)
    return muonic * kept, electromagnetic * kept


def _attenuated(
    far: np.ndarray, depth: np.ndarray, slope: float, attenuation: float, limit: float
) -> np.ndarray:
    return np.exp(np.minimum(-attenuation * depth, limit) - slope * far)
