"""Linear baselines of the jets study: Fisher's discriminant and logistic regression on the pixels.

Fisher's discriminant of jet images follows arXiv:1407.5675. Both classifiers are one weighted sum
of the pixels, so their coefficients can be looked at as an image; both use the jets' weights, and
how strongly they are regularised is chosen on the validation split.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit
from threadpoolctl import threadpool_limits

from cascade.studies.jets.baselines import check_classes, cross_entropy
from cascade.studies.jets.settings import FisherSettings, LogisticSettings

if TYPE_CHECKING:
    from cascade.events.schema import Events

    History = list[dict[str, float]]

BLOCK = 20_000
"""Images that are held in double precision at once."""


def fit_fisher(
    train: dict[str, Events], validation: dict[str, Events], settings: FisherSettings, seed: int
) -> tuple[dict[str, Any], History]:
    """Fit Fisher's linear discriminant to pixels, the best of several shrinkages.

    With the classes' mean images μ and their common covariance Σ of standardised pixels, both
    weighted, the discriminant is w = [(1 − s) Σ + s]⁻¹ (μ_W − μ_QCD). If pixels were Gaussian,
    w·x + b would be the log odds of a W.

    Returns
    -------
    model
        ``coefficients`` (pixels,) and ``intercept`` of the log odds, ``shrinkage``, ``logarithm``.
    history
        One row a shrinkage, which it names.
    """
    train, validation = train["train"], validation["train"]
    check_classes(train=train, validation=validation)
    # one thread, since the order of a sum would change the last bits
    with threadpool_limits(limits=1):
        fractions, means, covariance = class_moments(train, settings.logarithm)
        spread = np.sqrt(np.diag(covariance))
        inverse = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 0)
        correlation = covariance * inverse[:, None] * inverse
        difference = (means[1] - means[0]) * inverse
        models = []
        for shrinkage in settings.shrinkages:
            shrunk = (1 - shrinkage) * correlation + shrinkage * np.eye(len(spread))
            coefficients = np.linalg.solve(shrunk, difference) * inverse
            intercept = np.log(fractions[1] / fractions[0]) - coefficients @ means.mean(axis=0)
            models.append(_linear(coefficients, intercept, settings.logarithm, shrinkage=shrinkage))
        return _choose(models, "shrinkage", train, validation)


def fit_logistic(
    train: dict[str, Events], validation: dict[str, Events], settings: LogisticSettings, seed: int
) -> tuple[dict[str, Any], History]:
    """Fit a logistic regression with an L2 penalty to standardised pixels, the best of several C.

    Returns
    -------
    model
        ``coefficients`` (pixels,) and ``intercept`` of the log odds, ``inverse_penalty``,
        ``logarithm``.
    history
        One row an inverse penalty C, which it names.
    """
    train, validation = train["train"], validation["train"]
    # imported here as it takes a second
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    check_classes(train=train, validation=validation)
    with threadpool_limits(limits=1):
        first = slice(0, settings.max_jets)
        x = _pixels(train["image"][first], settings.logarithm)
        label, weight = train["label"][first], np.asarray(train["weight"][first], np.float64)
        centre = np.average(x, axis=0, weights=weight)
        x -= centre
        spread = np.sqrt(np.average(x**2, axis=0, weights=weight))
        inverse = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 0)
        x *= inverse
        models = []
        for inverse_penalty in settings.inverse_penalties:
            regression = LogisticRegression(
                C=inverse_penalty, solver="newton-cholesky", random_state=seed
            )
            with warnings.catch_warnings():
                # stopped early or not, validation judges it like the others
                warnings.simplefilter("ignore", ConvergenceWarning)
                regression.fit(x, label, weight)
            coefficients = regression.coef_[0] * inverse
            intercept = regression.intercept_[0] - coefficients @ centre
            models.append(
                _linear(
                    coefficients, intercept, settings.logarithm, inverse_penalty=inverse_penalty
                )
            )
        return _choose(models, "inverse_penalty", train, validation)


def predict_linear(
    model: dict[str, Any], events: Events, settings: FisherSettings | LogisticSettings
) -> dict[str, np.ndarray]:
    """Return the probability that a jet is a W, shape (jets,)."""
    with threadpool_limits(limits=1):
        return {"score": _probability(model, events["image"]).astype(np.float32)}


def class_moments(events: Events, logarithm: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the weighted moments of the pixels, block by block to keep memory flat.

    Returns
    -------
    fractions
        Share of the weights by class, shape (2,).
    means
        Mean image by class, shape (2, pixels).
    covariance
        Covariance about the class's own mean, shape (pixels, pixels).
    """
    sums, weights = 0.0, np.zeros(2)
    for x, label, weight in _blocks(events, logarithm):
        by_class = np.stack([weight * (label == 0), weight * (label == 1)])
        sums = sums + by_class @ x
        weights += by_class.sum(axis=1)
    means = sums / weights[:, None]
    scatter = 0.0
    for x, label, weight in _blocks(events, logarithm):
        x -= means[label]
        scatter = scatter + (x * weight[:, None]).T @ x
    return weights / weights.sum(), means, scatter / weights.sum()


def _blocks(events: Events, logarithm: bool) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    for start in range(0, len(events["label"]), BLOCK):
        part = slice(start, start + BLOCK)
        label = np.asarray(events["label"][part], np.int64)
        weight = np.asarray(events["weight"][part], np.float64)
        yield _pixels(events["image"][part], logarithm), label, weight


def _pixels(images: np.ndarray, logarithm: bool) -> np.ndarray:
    """Return images as rows of pixels in double precision, shape (jets, pixels)."""
    x = np.array(images, np.float64).reshape(len(images), -1)
    # a detector's smearing cannot make a pixel negative, a user's own image may
    return np.log1p(np.maximum(x, 0, out=x), out=x) if logarithm else x


def _linear(
    coefficients: np.ndarray, intercept: float, logarithm: bool, **choice: float
) -> dict[str, Any]:
    return {
        "coefficients": coefficients,
        "intercept": float(intercept),
        "logarithm": logarithm,
        **choice,
    }


def _probability(model: dict[str, Any], images: np.ndarray) -> np.ndarray:
    blocks = [
        _pixels(images[start : start + BLOCK], model["logarithm"]) @ model["coefficients"]
        for start in range(0, len(images), BLOCK)
    ]
    return expit(np.concatenate([np.zeros(0), *blocks]) + model["intercept"])


def _choose(
    models: list[dict[str, Any]], choice: str, train: Events, validation: Events
) -> tuple[dict[str, Any], History]:
    """Return the model that is best on validation, and the losses of all."""
    history = []
    for step, model in enumerate(models, start=1):
        losses = {
            f"{name}loss": cross_entropy(
                _probability(model, events["image"]), events["label"], events["weight"]
            )
            for name, events in (("train_", train), ("validation_", validation))
        }
        history.append({"step": step, choice: model[choice], **losses})
    best = min(history, key=lambda row: row["validation_loss"])["step"]
    return models[best - 1], history
