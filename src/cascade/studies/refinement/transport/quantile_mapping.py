"""Totals of simulation mapped onto those of data, the classic correction: ``quantile_mapping``.

How the mean of lg S, S the sum of a trace, changes with distance and zenith angle is a polynomial
in either sample. What is left over is mapped in bins of distance and zenith angle: the quantiles of
simulation are moved onto those of data, as in the quantile mapping of climate models (Cannon,
Sobie, Murdock, J. Climate 28 (2015) 6938, §2). Between quantiles, and between the bins' centres,
the map is linear. A trace is scaled by what its S gains: its shape stays. No label is read.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from cascade.errors import CascadeError
from cascade.studies.refinement.settings.transport import QuantileMappingSettings

if TYPE_CHECKING:
    from cascade.events.schema import Events

    Model = dict[str, np.ndarray]

ROLES = ("simulation", "data")
AXES = {"distance": "m", "zenith": "deg"}
FEWEST = 10
"""Stations of either role that each bin needs."""
DEGREE = 3
"""Of the polynomials in distance and zenith angle."""
FAINT = 1e-3
"""Totals below this [particles], such as those of empty traces, count as this."""


def fit_quantile_mapping(
    train: dict[str, Events],
    validation: dict[str, Events],
    settings: QuantileMappingSettings,
    seed: int,
) -> tuple[Model, list[dict[str, float]]]:
    """Find trends, and quantiles in bins that hold equally many stations of both roles together.

    Returns
    -------
    model
        For ``distance`` and ``zenith`` the centres of their bins, (D,) and (Z,), and
        ``simulation`` and ``data``: quantiles of lg S less its trend, (D, Z, quantiles);
        ``simulation_trend`` and ``data_trend``: coefficients, (terms,).
    history
        Mean over bins of the Wasserstein-1 distance between lg S of mapped simulation and of data,
        in both splits.

    Raises
    ------
    CascadeError
        A bin holds hardly any stations.
    """
    edges, model = {}, {}
    for axis, bins in (("distance", settings.distance_bins), ("zenith", settings.zenith_bins)):
        values = np.concatenate([train[role][axis] for role in ROLES]).astype(np.float64)
        edges[axis] = np.quantile(values, np.linspace(0, 1, bins + 1))
        place = _places(values, edges[axis])
        number = np.bincount(place, minlength=bins)
        model[axis] = np.bincount(place, values, bins) / np.maximum(number, 1)
    levels = (np.arange(settings.quantiles) + 0.5) / settings.quantiles
    shape = (settings.distance_bins, settings.zenith_bins, settings.quantiles)
    for role in ROLES:
        lg, terms = lg_signal(train[role]["trace"]), _terms(train[role])
        model[f"{role}_trend"] = np.linalg.lstsq(terms, lg, rcond=None)[0]
        cells = _cells(lg - trend(model, role, train[role]), train[role], edges)
        model[role] = np.empty(shape)
        for place, values in cells.items():
            if len(values) < FEWEST:
                raise CascadeError(_too_few(role, len(values), place, edges))
            model[role][place] = np.quantile(values, levels)
    losses = [_distance(model, split, edges) for split in (train, validation)]
    return model, [{"step": 1, "train_loss": losses[0], "validation_loss": losses[1]}]


def transform_quantile_mapping(
    model: Model, events: Events, settings: QuantileMappingSettings, rng: np.random.Generator
) -> Events:
    """Return the events with their traces scaled; everything else stays, and nothing is drawn."""
    factor = 10 ** (mapped(model, events) - lg_signal(events["trace"]))
    trace = events["trace"] * factor[:, np.newaxis]
    return {**events, "trace": trace.astype(np.float32)}


def mapped(model: Model, events: Events) -> np.ndarray:
    """Return lg S as data have it, (events,): at one place it grows with the lg S of simulation."""
    left = lg_signal(events["trace"]) - trend(model, "simulation", events)
    # hat functions about the centres, which are all of 1 together; (bins, events) each
    far, steep = (
        np.stack([np.interp(events[axis], model[axis], row) for row in np.eye(len(model[axis]))])
        for axis in AXES
    )
    found = left + trend(model, "data", events)
    for place in product(range(len(far)), range(len(steep))):
        simulation, data = model["simulation"][place], model["data"][place]
        # what lies beyond the outermost quantiles moves along with them
        found += far[place[0]] * steep[place[1]] * np.interp(left, simulation, data - simulation)
    return found


def trend(model: Model, role: str, events: Events) -> np.ndarray:
    """Return the mean lg S of a role's stations at these distances and zenith angles, (events,)."""
    return _terms(events) @ model[f"{role}_trend"]


def _terms(events: Events) -> np.ndarray:
    """Return the terms of the polynomial in distance and zenith angle, (events, terms)."""
    far = np.asarray(events["distance"], np.float64) / 1000 - 1
    steep = np.asarray(events["zenith"], np.float64) / 30 - 1
    powers = [far**i * steep**j for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i)]
    return np.stack(powers, axis=1)


def lg_signal(trace: np.ndarray) -> np.ndarray:
    """Return lg of the sums of traces [particles], (n, bins) → (n,)."""
    return np.log10(np.maximum(np.sum(trace, axis=1, dtype=np.float64), FAINT))


def _places(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return in which bin values lie; the outermost bins reach to infinity."""
    return np.searchsorted(edges[1:-1], values, side="right")


def _cells(
    values: np.ndarray, events: Events, edges: dict[str, np.ndarray]
) -> dict[tuple[int, ...], np.ndarray]:
    """Return the values of the events in each bin of distance and zenith angle."""
    places = [_places(events[axis], edges[axis]) for axis in AXES]
    return {
        (i, j): values[(places[0] == i) & (places[1] == j)]
        for i, j in product(*(range(len(edges[axis]) - 1) for axis in AXES))
    }


def _distance(model: Model, split: dict[str, Events], edges: dict[str, np.ndarray]) -> float:
    """Return the mean Wasserstein-1 distance over the bins that hold both roles."""
    from scipy.stats import wasserstein_distance  # takes half a second

    simulation = _cells(mapped(model, split["simulation"]), split["simulation"], edges)
    data = _cells(lg_signal(split["data"]["trace"]), split["data"], edges)
    distances = [
        wasserstein_distance(simulation[place], data[place])
        for place in data
        if len(simulation[place]) and len(data[place])
    ]
    return float(np.mean(distances)) if distances else np.nan


def _too_few(role: str, number: int, place: tuple[int, ...], edges: dict[str, np.ndarray]) -> str:
    bounds = [
        f"{axis} {edges[axis][i]:.4g} … {edges[axis][i + 1]:.4g} {unit}"
        for (axis, unit), i in zip(AXES.items(), place, strict=True)
    ]
    return (
        f"quantile_mapping: the training split of role '{role}' has {number} stations at "
        f"{' and '.join(bounds)}, of {FEWEST} needed; ask for fewer 'distance_bins' or "
        "'zenith_bins', or give more stations"
    )
