"""The methods ``fit``, ``likelihood`` and ``trace_likelihood``: reconstructions without learning.

All start from a plane front and a lateral distribution. What training events teach them is small: a
calibration of the energy, and which primaries to expect. See ``front_fit``, ``lateral_fit`` and
``likelihood``; ``trees`` learns on top of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from cascade.studies.showers.baselines.calibration import fit_polynomial, polynomial
from cascade.studies.showers.baselines.front_fit import (
    Front,
    axis_uncertainty,
    fit_front,
    unit_vector,
)
from cascade.studies.showers.baselines.lateral_fit import Lateral, fit_lateral
from cascade.studies.showers.baselines.likelihood import Prior, fit_showers, learn_prior
from cascade.studies.showers.baselines.neighbours import isolated
from cascade.studies.showers.baselines.observables import Stations, stations
from cascade.studies.showers.settings.baselines import FitSettings, LikelihoodSettings

if TYPE_CHECKING:
    from cascade.events.schema import Events

    Columns = dict[str, np.ndarray]
    History = list[dict[str, float]]

CHUNK = 2048
"""Events that are reconstructed at once: flat memory, and quicker than all together."""
FIT_DEGREE, LIKELIHOOD_DEGREE = 3, 1
ENERGY_MARGIN = 0.3
"""Energies are given up to so far outside those of the training events [lg E]."""
CALIBRATING_STATIONS = 3
"""Events with fewer stations do not calibrate."""


def reconstruct_fit(found: Stations, settings: FitSettings) -> tuple[Front, Lateral]:
    """Fit plane front and lateral distribution."""
    front = fit_front(found, settings.detector)
    return front, fit_lateral(found, front, settings)


def chunks(events: Events, settings: FitSettings) -> Iterator[Stations]:
    """Yield the stations of some events at a time, at least once, without the isolated ones."""
    number = len(events["time"])
    for first in range(0, max(number, 1), CHUNK):
        part = {name: events[name][first : first + CHUNK] for name in ("position", "time", "trace")}
        found = stations(part, settings.detector)
        yield found.keep(~isolated(found, settings.array))


def joined(tables: Iterator[Columns]) -> Columns:
    """Join columns of successive events."""
    parts = list(tables)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def fit_columns(found: Stations, settings: FitSettings) -> Columns:
    """Return what the fit tells of each event, before its energy is calibrated."""
    front, lateral = reconstruct_fit(found, settings)
    return {
        "axis": front.axis,
        "core": lateral.core,
        "axis_uncertainty": axis_uncertainty(front.axis, front.covariance),
        "lg_signal": lateral.lg_signal,
        "slope": lateral.slope,
        "stations": found.counts,
    }


def likelihood_columns(found: Stations, prior: Prior, settings: LikelihoodSettings) -> Columns:
    """Return what the likelihood tells of each event, before it is calibrated."""
    front, lateral = reconstruct_fit(found, settings)
    best, covariance = fit_showers(found, front, lateral, prior, settings)
    axis = unit_vector(best[:, :2])
    sigma = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    return {
        "axis": axis,
        "core": best[:, 3:5],
        "lg_energy": best[:, 5],
        "x_max": best[:, 6],
        "ln_mass": best[:, 7],
        "axis_uncertainty": axis_uncertainty(axis, covariance[:, :2, :2]),
        "core_uncertainty": np.sqrt(np.mean(sigma[:, 3:5] ** 2, axis=1)),
        "lg_energy_uncertainty": sigma[:, 5],
        "x_max_uncertainty": sigma[:, 6],
        "ln_mass_uncertainty": sigma[:, 7],
        "fit_lg_signal": lateral.lg_signal,
        "fit_slope": lateral.slope,
        "stations": found.counts,
    }


def fit_fit(
    train: dict[str, Events], validation: dict[str, Events], settings: FitSettings, seed: int
) -> tuple[dict[str, np.ndarray], History]:
    """Calibrate lg E as a polynomial in the signal at 1200 m, sec θ and the slope.

    Returns
    -------
    model
        ``coefficients``, and ``energies``: least, mean and largest lg E of the training events.
    history
        One row: the validation loss is the mean square error of lg E.
    """
    events = _first(train["train"], settings)
    columns = joined(fit_columns(part, settings) for part in chunks(events, settings))
    use = calibrating(columns)
    lg_energy = np.asarray(events["lg_energy"], np.float64)
    model = {
        "coefficients": fit_polynomial(_fit_variables(columns)[use], lg_energy[use], FIT_DEGREE),
        "energies": np.array([lg_energy.min(), lg_energy.mean(), lg_energy.max()]),
    }
    return model, _history(predict_fit, model, validation["train"], settings)


def predict_fit(model: dict[str, np.ndarray], events: Events, settings: FitSettings) -> Columns:
    """Return axis, core, lg E and the axis's uncertainty.

    Events that have too few stations for a fit get what is expected beforehand: vertical axes (or
    upright across a line of stations), the barycentre, and the mean energy without any station.
    """
    columns = joined(fit_columns(part, settings) for part in chunks(events, settings))
    low, mean, high = model["energies"]
    lg_energy = polynomial(_fit_variables(columns), model["coefficients"], FIT_DEGREE)
    lg_energy = np.clip(lg_energy, low - ENERGY_MARGIN, high + ENERGY_MARGIN)
    return _predictions(columns | {"lg_energy": np.where(columns["stations"], lg_energy, mean)})


def fit_likelihood(
    train: dict[str, Events],
    validation: dict[str, Events],
    settings: LikelihoodSettings,
    seed: int,
) -> tuple[dict[str, np.ndarray], History]:
    """Learn which primaries to expect, and take off what bias is left in lg E and depth.

    Returns
    -------
    model
        ``prior_mean`` and ``prior_precision`` of lg E, depth of maximum and ln A; coefficients of
        the biases of ``lg_energy`` and ``x_max``.
    history
        One row: the validation loss is the mean square error of lg E.
    """
    prior = learn_prior(train["train"])
    events = _first(train["train"], settings)
    columns = joined(likelihood_columns(part, prior, settings) for part in chunks(events, settings))
    use, variables = calibrating(columns), _likelihood_variables(columns)
    model = {"prior_mean": prior.mean, "prior_precision": prior.precision}
    for name in ("lg_energy", "x_max"):
        bias = columns[name] - np.asarray(events[name], np.float64)
        model[name] = fit_polynomial(variables[use], bias[use], LIKELIHOOD_DEGREE)
    return model, _history(predict_likelihood, model, validation["train"], settings)


def predict_likelihood(
    model: dict[str, np.ndarray], events: Events, settings: LikelihoodSettings
) -> Columns:
    """Return axis, core, lg E and depth of maximum, with uncertainties from the Fisher matrix."""
    return _predictions(likelihood_table(model, events, settings))


def likelihood_table(
    model: dict[str, np.ndarray], events: Events, settings: LikelihoodSettings
) -> Columns:
    """Return the columns of ``likelihood_columns`` for all events, calibrated."""
    return joined(
        calibrated(model, likelihood_columns(part, prior_of(model), settings))
        for part in chunks(events, settings)
    )


def calibrated(model: dict[str, np.ndarray], columns: Columns) -> Columns:
    """Take the biases of the training events off lg E and depth of maximum."""
    variables = _likelihood_variables(columns)
    return columns | {
        name: columns[name] - polynomial(variables, model[name], LIKELIHOOD_DEGREE)
        for name in ("lg_energy", "x_max")
    }


def prior_of(model: dict[str, np.ndarray]) -> Prior:
    """Return the law of primaries that a fitted model expects."""
    return Prior(model["prior_mean"], model["prior_precision"])


def calibrating(columns: Columns) -> np.ndarray:
    """Return which events calibrate: those with enough stations, or all if none has."""
    enough = columns["stations"] >= CALIBRATING_STATIONS
    return enough if enough.any() else np.ones_like(enough)


def _first(events: Events, settings: FitSettings) -> Events:
    return {name: values[: settings.calibration_events] for name, values in events.items()}


def _fit_variables(columns: Columns) -> np.ndarray:
    secant = 1 / columns["axis"][:, 2]
    return np.stack([columns["lg_signal"] - 2, secant - 1.25, columns["slope"] - 5.5], axis=1)


def _likelihood_variables(columns: Columns) -> np.ndarray:
    return np.stack([columns["lg_energy"] - 19, 1 / columns["axis"][:, 2] - 1.25], axis=1)


def _predictions(columns: Columns) -> Columns:
    names = {"axis", "core", "lg_energy", "x_max"} & columns.keys()
    uncertainties = {
        name for name in columns if name.removesuffix("_uncertainty") in names - {name}
    }
    return {f"predicted_{name}": columns[name].astype(np.float32) for name in sorted(names)} | {
        name: columns[name].astype(np.float32) for name in sorted(uncertainties)
    }


def _history(
    predict: Callable[[Any, Events, Any], Columns],
    model: dict[str, np.ndarray],
    events: Events,
    settings: FitSettings,
) -> History:
    error = predict(model, events, settings)["predicted_lg_energy"] - events["lg_energy"]
    return [{"step": 1, "validation_loss": float(np.mean(np.square(error)))}]
