"""Statistics in bins of the signal-to-noise ratio, and the axis that they are drawn over.

The axis is logarithmic: figures are drawn over lg SNR, with the ticks written as SNR.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator

from cascade.evaluation.resolution import Binned, binned
from cascade.plotting.reading import Applied
from cascade.plotting.resolution import Curve
from cascade.studies.radio.settings.products import SnrSettings

TICKS = (0.5, 1, 2, 3, 5, 10, 20, 50, 100)
SNR = "signal-to-noise ratio"


def over_snr(
    values: np.ndarray,
    snr: np.ndarray,
    statistic: Callable[..., float | np.ndarray],
    settings: SnrSettings,
    seed: int,
) -> Binned:
    """Return a statistic in bins of the SNR, NaN where there are too few pulses.

    Parameters
    ----------
    values, snr
        Of pulses, (pulses,).
    statistic
        See ``evaluation.resolution``.
    """
    rng = np.random.default_rng(seed)
    found = binned(statistic, [(values, snr)], np.array(settings.edges), rng, settings.replicas)
    few = found.events < settings.min_events
    bounds = {
        name: np.where(few, np.nan, getattr(found, name)) for name in ("value", "low", "high")
    }
    return replace(found, **bounds)


def bin_of(snr: np.ndarray, edges: Sequence[float]) -> np.ndarray:
    """Return the bin of each SNR, (traces,); -1 outside of all.

    As in a histogram each bin holds its lower edge, the last one its upper, too.

    Examples
    --------
    >>> bin_of(np.array([0.5, 1.0, 2.0, 4.0, 4.1]), [1.0, 2.0, 4.0]).tolist()
    [-1, 0, 1, 1, -1]
    """
    inner = np.append(edges[:-1], np.nextafter(edges[-1], np.inf))
    number = np.digitize(np.asarray(snr, np.float64), inner) - 1
    return np.where(number == len(edges) - 1, -1, number)


def curve(found: Binned, one: Applied, look: int, limit: str, factor: float = 1.0) -> Curve:
    """Return a method's values in bins as they are drawn."""
    bounds = (factor * bound for bound in (found.value, found.low, found.high))
    return Curve(one.label, *bounds, look, one.method == limit)


def snr_edges(settings: SnrSettings) -> np.ndarray:
    """Return the edges of the bins as the axis has them, lg SNR."""
    return np.log10(settings.edges)


def name_snr(panels: Sequence[Axes], edges: Sequence[float], label: str = SNR) -> None:
    """Write SNRs at the ticks of axes over lg SNR, and the name under the last one."""
    ticks = [tick for tick in TICKS if edges[0] <= tick <= edges[-1]]
    minor = np.outer(10.0 ** np.arange(-2, 4), np.arange(1, 10)).ravel()
    inside = minor[(minor >= edges[0]) & (minor <= edges[-1])]
    for panel in panels:
        panel.set_xticks(np.log10(ticks), [f"{tick:g}" for tick in ticks])
        panel.xaxis.set_minor_locator(FixedLocator(np.log10(inside)))
        panel.set_xlim(*np.log10([edges[0], edges[-1]]))
    panels[-1].set_xlabel(label)


def named(edges: Sequence[float]) -> list[str]:
    """Return the bins' names in metrics.

    Examples
    --------
    >>> named([2.0, 2.5, 3.0])
    ['snr_2_2.5', 'snr_2.5_3']
    """
    return [f"snr_{low:g}_{high:g}" for low, high in pairwise(edges)]


def table(
    applied: Sequence[Applied], measured: Mapping[str, Mapping[str, Binned]]
) -> dict[str, list]:
    """Return a row for each method and bin.

    Parameters
    ----------
    measured
        By method's key and quantity's name, all of the same bins.
    """
    rows: dict[str, list] = {name: [] for name in ("method", "sample", "snr_low", "snr_high")}
    for one in applied:
        quantities = measured[one.key]
        bins = next(iter(quantities.values()))
        rows["method"] += [one.method] * len(bins.events)
        rows["sample"] += [one.sample] * len(bins.events)
        rows["snr_low"] += bins.edges[:-1].tolist()
        rows["snr_high"] += bins.edges[1:].tolist()
        rows.setdefault("pulses", []).extend(bins.events.tolist())
        for name, found in quantities.items():
            for suffix, bound in (("", "value"), ("_low", "low"), ("_high", "high")):
                rows.setdefault(name + suffix, []).extend(getattr(found, bound).tolist())
    return rows
