"""Boosted trees on all cells of both scans: ``scan_trees``.

A scan asks its most surprising cell alone, and pays for the others. Trees learn which cells belong
together when there are sources; what they are given is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from cascade.errors import CascadeError
from cascade.studies.skies.baselines.grids import scan
from cascade.studies.skies.baselines.neighbours import Grid
from cascade.studies.skies.settings.baselines import ScanTreesSettings

if TYPE_CHECKING:
    from cascade.events.schema import Events

    History = list[dict[str, float]]


def fit_scan_trees(
    train: dict[str, Events], validation: dict[str, Events], settings: ScanTreesSettings, seed: int
) -> tuple[dict[str, Any], History]:
    """Grow boosted trees and keep as many as are best on the validation skies.

    Returns
    -------
    model
        ``classifier``; ``angles``, ``numbers`` and ``rays`` of the grid, and ``orders``.
    history
        Cross-entropies of both splits after each tree (``step``).

    Raises
    ------
    CascadeError
        A split holds only one class; training and validation skies differ in size.
    """
    splits = {"train": train["train"], "validation": validation["train"]}
    check_classes(**splits)
    grid = Grid.of(settings, splits["train"]["direction"].shape[1])
    orders = np.array(settings.orders)
    tables = [_table(events, grid, orders) for events in splits.values()]
    labels = [np.asarray(events["label"]) for events in splits.values()]

    def grown(trees: int) -> HistGradientBoostingClassifier:
        return HistGradientBoostingClassifier(
            max_iter=trees,
            learning_rate=settings.learning_rate,
            max_leaf_nodes=settings.leaves,
            min_samples_leaf=settings.min_samples_leaf,
            l2_regularization=settings.l2,
            max_features=settings.choice,
            early_stopping=False,
            random_state=seed,
        ).fit(tables[0], labels[0])

    with threadpool_limits(limits=settings.threads):
        classifier = grown(settings.iterations)
        losses = zip(*map(_losses, [classifier] * 2, tables, labels), strict=True)
        history = [
            {"step": step, "train_loss": loss, "validation_loss": validation_loss}
            for step, (loss, validation_loss) in enumerate(losses, start=1)
        ]
        best = min(history, key=lambda row: row["validation_loss"])["step"]
        if best < settings.iterations:
            # the first trees of a longer series are those of a shorter one
            classifier = grown(best)
    return grid.record() | {"classifier": classifier, "orders": orders}, history


def predict_scan_trees(
    model: dict[str, Any], events: Events, settings: ScanTreesSettings
) -> dict[str, np.ndarray]:
    """Return the log-odds of sources in each sky, (skies,); the grid is the fit's."""
    table = _table(events, Grid.recorded(model), model["orders"])
    if not len(table):
        return {"score": np.empty(0)}
    with threadpool_limits(limits=settings.threads):
        # log-odds, since probabilities next to 1 are all the same
        return {"score": model["classifier"].decision_function(table)}


def check_classes(**splits: Events) -> None:
    """Refuse splits that hold skies of only one class."""
    for name, events in splits.items():
        found = np.unique(events["label"])
        if len(found) < 2:
            holds = f"only skies of label {found[0]}" if len(found) else "no skies"
            raise CascadeError(
                f"the {name} split holds {holds}: a fit needs skies with sources (1) and isotropic "
                "ones (0)"
            )


def _table(events: Events, grid: Grid, orders: np.ndarray) -> np.ndarray:
    """Return the counts of all cells side by side, (skies, scans · thresholds · angles)."""
    counts = scan(events["direction"], events["energy"], grid, orders)
    return counts.reshape(len(counts), np.prod(counts.shape[1:])).astype(np.float32)


def _losses(
    classifier: HistGradientBoostingClassifier, table: np.ndarray, label: np.ndarray
) -> Iterable[float]:
    """Yield the mean of −ln(probability of the true class) after each tree."""
    for probability in classifier.staged_predict_proba(table):
        right = probability[np.arange(len(label)), label.astype(int)]
        yield float(-np.mean(np.log(np.maximum(right, 1e-15))))
