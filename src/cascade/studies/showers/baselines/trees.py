"""Boosted trees on what the likelihood found and how the traces look: ``trees``, ``trees_mass``.

They learn what formulas leave out: which traces belong to which depth and mass. Energy and depth of
maximum are learnt as corrections of the likelihood's; axis and core are the likelihood's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from cascade.errors import CascadeError
from cascade.studies.showers.baselines.event_table import event_table
from cascade.studies.showers.baselines.likelihood import learn_prior
from cascade.studies.showers.baselines.methods import prior_of
from cascade.studies.showers.constants import IRON, PROTON
from cascade.studies.showers.settings.baselines import TreesSettings

if TYPE_CHECKING:
    from cascade.events.schema import Events

    Trees = HistGradientBoostingRegressor | HistGradientBoostingClassifier
    History = list[dict[str, float]]

"""Mass numbers that ``trees_mass`` tells apart."""
TARGETS = ("lg_energy", "x_max")
HANDED_ON = {
    "axis": "predicted_axis",
    "core": "predicted_core",
    "axis_uncertainty": "axis_uncertainty",
    "core_uncertainty": "core_uncertainty",
}
"""The likelihood's columns that are predictions of the trees as well."""


def fit_trees(
    train: dict[str, Events], validation: dict[str, Events], settings: TreesSettings, seed: int
) -> tuple[dict[str, Any], History]:
    """Grow trees for energy and depth; of each keep as many as are best on validation.

    Returns
    -------
    model
        ``lg_energy`` and ``x_max``: the trees; ``prior_mean`` and ``prior_precision``.
    history
        After each tree (``step``) the mean square errors of both quantities; the validation loss is
        the mean of both, each relative to that of the likelihood alone.
    """
    prior = learn_prior(train["train"])
    splits = [train["train"], validation["train"]]
    described = [event_table(split, prior, settings) for split in splits]
    model: dict[str, Any] = {"prior_mean": prior.mean, "prior_precision": prior.precision}
    history = [{"step": step} for step in range(1, settings.iterations + 1)]
    relative = []
    for name in TARGETS:
        data = [
            (table, np.asarray(split[name], np.float64) - found[name])
            for split, (found, table) in zip(splits, described, strict=True)
        ]
        model[name], losses = _grow(
            HistGradientBoostingRegressor, *data, _square_losses, settings, seed
        )
        for row, loss in zip(history, losses, strict=True):
            row[f"{name}_validation_loss"] = loss
        alone = float(np.mean(data[1][1] ** 2))
        relative.append([loss / max(alone, 1e-12) for loss in losses])
    for row, losses in zip(history, zip(*relative, strict=True), strict=True):
        row["validation_loss"] = float(np.mean(losses))
    return model, history


def predict_trees(model: dict[str, Any], events: Events, settings: TreesSettings) -> Events:
    """Return energy and depth from the trees, axis and core from the likelihood."""
    found, table = event_table(events, prior_of(model), settings)
    predicted = {column: found[name] for name, column in HANDED_ON.items()}
    with threadpool_limits(limits=settings.threads):
        for name in TARGETS:
            predicted[f"predicted_{name}"] = found[name] + model[name].predict(table)
    return {name: values.astype(np.float32) for name, values in predicted.items()}


def fit_mass(
    train: dict[str, Events], validation: dict[str, Events], settings: TreesSettings, seed: int
) -> tuple[dict[str, Any], History]:
    """Grow trees that tell iron from protons; other primaries take no part.

    Returns
    -------
    model
        ``classifier``; ``prior_mean`` and ``prior_precision``.
    history
        Cross-entropy of the validation events after each tree (``step``).

    Raises
    ------
    CascadeError
        A split holds no protons, or no iron.
    """
    splits = {"train": train["train"], "validation": validation["train"]}
    check_masses(**splits)
    # iron and protons are kept apart from the primaries between them, yet all shape what to expect
    prior = learn_prior(splits["train"])
    data = []
    for split in splits.values():
        extreme = np.isin(split["mass_number"], (PROTON, IRON))
        chosen = {name: values[extreme] for name, values in split.items()}
        data.append((event_table(chosen, prior, settings)[1], chosen["mass_number"] == IRON))
    classifier, losses = _grow(
        HistGradientBoostingClassifier, *data, _cross_entropies, settings, seed
    )
    model = {
        "classifier": classifier,
        "prior_mean": prior.mean,
        "prior_precision": prior.precision,
    }
    history = [{"step": step, "validation_loss": loss} for step, loss in enumerate(losses, 1)]
    return model, history


def predict_mass(model: dict[str, Any], events: Events, settings: TreesSettings) -> Events:
    """Return the probability of iron against protons, shape (events,)."""
    _, table = event_table(events, prior_of(model), settings)
    with threadpool_limits(limits=settings.threads):
        return {"score": model["classifier"].predict_proba(table)[:, 1]}


def check_masses(**splits: Events) -> None:
    """Refuse splits without protons or without iron."""
    for name, events in splits.items():
        for mass, primary in ((PROTON, "protons"), (IRON, "iron")):
            if not np.any(np.asarray(events["mass_number"]) == mass):
                raise CascadeError(
                    f"the {name} split holds no {primary} (mass_number {mass}): a fit of the mass "
                    f"needs protons ({PROTON}) and iron ({IRON})"
                )


def _grow(
    kind: type[Trees],
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    staged_losses: Callable[[Trees, np.ndarray, np.ndarray], Iterable[float]],
    settings: TreesSettings,
    seed: int,
) -> tuple[Trees, list[float]]:
    """Return the trees that are best on validation, and the loss there after each tree."""

    def grown(trees: int) -> Trees:
        return kind(
            max_iter=trees,
            learning_rate=settings.learning_rate,
            max_leaf_nodes=settings.leaves,
            min_samples_leaf=settings.min_samples_leaf,
            l2_regularization=settings.l2,
            early_stopping=False,
            random_state=seed,
        ).fit(*train)

    with threadpool_limits(limits=settings.threads):
        trees = grown(settings.iterations)
        losses = [float(loss) for loss in staged_losses(trees, *validation)]
        best = int(np.argmin(losses)) + 1
        if best < settings.iterations:
            # the first trees of a longer series are those of a shorter one
            trees = grown(best)
    return trees, losses


def _square_losses(
    trees: HistGradientBoostingRegressor, table: np.ndarray, target: np.ndarray
) -> Iterable[float]:
    for predicted in trees.staged_predict(table):
        yield np.mean((predicted - target) ** 2)


def _cross_entropies(
    trees: HistGradientBoostingClassifier, table: np.ndarray, iron: np.ndarray
) -> Iterable[float]:
    for probability in trees.staged_predict_proba(table):
        yield -np.mean(
            np.log(np.maximum(np.where(iron, probability[:, 1], probability[:, 0]), 1e-15))
        )
