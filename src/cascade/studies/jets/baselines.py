"""Baselines of the jets study: observables by themselves, and boosted trees on them.

A network on jet images has to be compared with what was known before: the jet's mass, the
N-subjettiness ratio τ21 (arXiv:1011.2268) and the distance of its subjets, each a score by itself;
and boosted trees, which learn where in the observables' space the W lies. Linear classifiers of the
pixels are in ``linear``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from cascade.errors import CascadeError
from cascade.studies.jets.settings import BoostedTreesSettings

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

    from cascade.events.schema import Events
    from cascade.settings import Settings

    History = list[dict[str, float]]

W_MASS = np.float32(80.4)  # GeV, Particle Data Group

DELTA_R = ("delta_r", "pt")
MASS_TAU21 = ("mass", "tau21")
OBSERVABLES = ("mass", "pt", "tau1", "tau2", "tau3", "tau21", "tau32", "delta_r")
"""Inputs of the methods of these names."""


def mass(events: Events, settings: Settings) -> Events:
    """Score a jet by its mass [GeV]: the W's is larger than that of most QCD jets."""
    return {"score": np.asarray(events["mass"], np.float32)}


def tau21(events: Events, settings: Settings) -> Events:
    """Score a jet by −τ2/τ1: a jet with two prongs has a small one."""
    return {"score": -np.asarray(events["tau21"], np.float32)}


def delta_r(events: Events, settings: Settings) -> Events:
    """Score a jet by −|ΔR − 2 m_W / pT|: its subjets' distance against that of an even W decay.

    ΔR ≈ m / (pT √(z(1 − z))) is smallest for an even share z = ½ of the momentum, where most W
    decays lie; QCD jets are narrower when light and wider when uneven, so neither a small nor a
    large ΔR by itself is W-like.
    """
    expected = 2 * W_MASS / np.asarray(events["pt"], np.float32)
    return {"score": -np.abs(np.asarray(events["delta_r"], np.float32) - expected)}


def fit_mass_tau21(
    train: dict[str, Events],
    validation: dict[str, Events],
    settings: BoostedTreesSettings,
    seed: int,
) -> tuple[dict[str, Any], History]:
    """Fit boosted trees to mass and τ21; see ``fit_trees``."""
    return fit_trees(train["train"], validation["train"], MASS_TAU21, settings, seed)


def fit_observables(
    train: dict[str, Events],
    validation: dict[str, Events],
    settings: BoostedTreesSettings,
    seed: int,
) -> tuple[dict[str, Any], History]:
    """Fit boosted trees to all observables of a jet; see ``fit_trees``."""
    return fit_trees(train["train"], validation["train"], OBSERVABLES, settings, seed)


def fit_trees(
    train: Events,
    validation: Events,
    columns: Iterable[str],
    settings: BoostedTreesSettings,
    seed: int,
) -> tuple[dict[str, Any], History]:
    """Grow boosted trees and keep as many as are best on the validation events.

    Returns
    -------
    model
        ``classifier`` and ``columns``, the observables in order.
    history
        Weighted cross-entropies of both splits after each tree (``step``).

    Raises
    ------
    CascadeError
        A split holds only one class.
    """
    columns = list(columns)
    check_classes(train=train, validation=validation)
    with threadpool_limits(limits=settings.threads):
        classifier = _grow(train, columns, settings, settings.iterations, seed)
        losses = zip(
            _staged_losses(classifier, train, columns),
            _staged_losses(classifier, validation, columns),
            strict=True,
        )
        history = [
            {"step": step, "train_loss": loss, "validation_loss": validation_loss}
            for step, (loss, validation_loss) in enumerate(losses, start=1)
        ]
        best = min(history, key=lambda row: row["validation_loss"])["step"]
        if best < settings.iterations:
            # the first trees of a longer series are those of a shorter one
            classifier = _grow(train, columns, settings, best, seed)
    return {"classifier": classifier, "columns": columns}, history


def predict_trees(
    model: dict[str, Any], events: Events, settings: BoostedTreesSettings
) -> dict[str, np.ndarray]:
    """Return the probability that a jet is a W, shape (jets,)."""
    with threadpool_limits(limits=settings.threads):
        probability = model["classifier"].predict_proba(_table(events, model["columns"]))
    return {"score": probability[:, 1].astype(np.float32)}


def _grow(
    events: Events, columns: list[str], settings: BoostedTreesSettings, trees: int, seed: int
) -> HistGradientBoostingClassifier:
    from sklearn.ensemble import HistGradientBoostingClassifier  # takes a second

    classifier = HistGradientBoostingClassifier(
        max_iter=trees,
        learning_rate=settings.learning_rate,
        max_leaf_nodes=settings.leaves,
        min_samples_leaf=settings.min_samples_leaf,
        l2_regularization=settings.l2,
        early_stopping=False,
        random_state=seed,
    )
    return classifier.fit(_table(events, columns), events["label"], events["weight"])


def _staged_losses(
    classifier: HistGradientBoostingClassifier, events: Events, columns: list[str]
) -> Iterable[float]:
    for probability in classifier.staged_predict_proba(_table(events, columns)):
        yield cross_entropy(probability[:, 1], events["label"], events["weight"])


def _table(events: Events, columns: Iterable[str]) -> np.ndarray:
    return np.stack([np.asarray(events[name], np.float32) for name in columns], axis=1)


def check_classes(**splits: Events) -> None:
    """Refuse splits that hold jets of only one class."""
    for name, events in splits.items():
        found = np.unique(events["label"])
        if len(found) < 2:
            holds = f"only jets of label {found[0]}" if len(found) else "no jets"
            raise CascadeError(f"the {name} split holds {holds}: a fit needs W (1) and QCD (0)")


def cross_entropy(probability: np.ndarray, label: np.ndarray, weight: np.ndarray) -> float:
    """Return the weighted mean of −ln(probability of the true class), all of shape (jets,)."""
    right = np.where(np.asarray(label) == 1, probability, 1 - probability)
    return float(np.average(-np.log(np.maximum(right, 1e-15)), weights=weight))
