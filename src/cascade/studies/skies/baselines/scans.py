"""Blind searches for clustering: ``autocorrelation`` and ``multiplet``.

Both count in cells of angle and energy threshold, ask how surprising the counts are on isotropic
skies of the same size and exposure, and pay for the number of cells that were looked at. The first
counts pairs of rays, as the Auger Collaboration does (arXiv:1411.6111); the second the rays about
that ray which has most of them, and tells of each ray whether it has more than others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cascade.errors import CascadeError
from cascade.studies.skies.baselines.excess import NeighbourMeans, declination_bands, ray_excess
from cascade.studies.skies.baselines.grids import multiplets, pairs
from cascade.studies.skies.baselines.neighbours import Grid, neighbour_tables
from cascade.studies.skies.baselines.significance import (
    count_surprise,
    penalised,
    scan_statistic,
)
from cascade.studies.skies.settings.baselines import ScanSettings

if TYPE_CHECKING:
    from cascade.events.schema import Events

    Columns = dict[str, np.ndarray]
    History = list[dict[str, float]]

FEWEST = 20
"""Isotropic skies without which nothing can be said about them."""


def fit_autocorrelation(
    train: dict[str, Events], validation: dict[str, Events], settings: ScanSettings, seed: int
) -> tuple[dict[str, Any], History]:
    """Learn from isotropic skies how many pairs there are by chance.

    Returns
    -------
    model
        ``angles``, ``numbers`` and ``rays`` of the grid; ``counts``, sorted (skies, cells), and
        ``statistic``, sorted (skies,), of the isotropic skies.
    history
        One row: the validation loss is the largest distance of the distribution of penalised
        p-values of isotropic validation skies from a uniform one (Kolmogorov and Smirnov's).

    Raises
    ------
    CascadeError
        A split holds too few isotropic skies; training and validation skies differ in size.
    """
    sky = isotropic_skies(train["train"], "train", settings)
    grid = Grid.of(settings, sky["direction"].shape[1])
    model = grid.record() | _calibrated(_pair_counts(sky, grid))
    test = isotropic_skies(validation["train"], "validation", settings)
    return model, _history(predict_autocorrelation(model, test, settings)["score"])


def predict_autocorrelation(
    model: dict[str, Any], events: Events, settings: ScanSettings
) -> Columns:
    """Return −lg of the penalised p-value of each sky; the grid is the fit's."""
    return {"score": _score(model, _pair_counts(events, Grid.recorded(model)))}


def fit_multiplet(
    train: dict[str, Events], validation: dict[str, Events], settings: ScanSettings, seed: int
) -> tuple[dict[str, Any], History]:
    """Learn from isotropic skies how large multiplets become by chance, and where.

    Returns
    -------
    model
        As that of ``fit_autocorrelation``; and ``bands``, inner edges in sin δ, with ``expected``,
        the mean numbers of neighbours there (thresholds, angles, bands).
    history
        As that of ``fit_autocorrelation``.

    Raises
    ------
    CascadeError
        A split holds too few isotropic skies; training and validation skies differ in size.
    """
    sky = isotropic_skies(train["train"], "train", settings)
    grid = Grid.of(settings, sky["direction"].shape[1])
    means = NeighbourMeans(declination_bands(sky["direction"]), grid.numbers)
    counts = []
    tables = neighbour_tables(sky["direction"], sky["energy"], grid)
    for direction, (places, neighbours) in zip(sky["direction"], tables, strict=True):
        counts.append(multiplets(neighbours, (1,)).ravel())
        means.add(direction[places, 2], neighbours)
    model = grid.record() | _calibrated(np.array(counts))
    model |= {"bands": means.edges, "expected": means.mean()}
    test = isotropic_skies(validation["train"], "validation", settings)
    return model, _history(predict_multiplet(model, test, settings)["score"])


def predict_multiplet(model: dict[str, Any], events: Events, settings: ScanSettings) -> Columns:
    """Return −lg of the penalised p-value of each sky, and the excess about each ray."""
    direction = np.asarray(events["direction"])
    counts = np.empty((len(direction), model["counts"].shape[1]), np.int32)
    excess = np.empty(direction.shape[:2], np.float32)
    tables = neighbour_tables(direction, events["energy"], Grid.recorded(model))
    for sky, (places, neighbours) in enumerate(tables):
        counts[sky] = multiplets(neighbours, (1,)).ravel()
        sine = direction[sky, places, 2]
        excess[sky, places] = ray_excess(sine, neighbours, model["bands"], model["expected"])
    return {"score": _score(model, counts), "ray_score": excess}


def isotropic_skies(events: Events, split: str, settings: ScanSettings) -> Columns:
    """Return directions and energies of the first isotropic skies of a split."""
    chosen = np.flatnonzero(np.asarray(events["label"]) == 0)[: settings.calibration_skies]
    if len(chosen) < FEWEST:
        raise CascadeError(
            f"the {split} split holds {len(chosen)} isotropic skies (label 0): a scan needs at "
            f"least {FEWEST} to tell what happens by chance"
        )
    return {name: np.asarray(events[name])[chosen] for name in ("direction", "energy")}


def _pair_counts(events: Events, grid: Grid) -> np.ndarray:
    """Return the pairs in all cells, (skies, cells)."""
    cells = len(grid.numbers) * len(grid.angles)
    counts = np.empty((len(events["direction"]), cells), np.int32)
    tables = neighbour_tables(events["direction"], events["energy"], grid)
    for sky, (_, neighbours) in enumerate(tables):
        counts[sky] = pairs(neighbours).ravel()
    return counts


def _calibrated(counts: np.ndarray) -> Columns:
    """Return what isotropic skies show, from their counts (skies, cells)."""
    simulated = np.sort(counts, axis=0)
    statistic = scan_statistic(count_surprise(counts, simulated))
    return {"counts": simulated.astype(np.int32), "statistic": np.sort(statistic)}


def _score(model: dict[str, Any], counts: np.ndarray) -> np.ndarray:
    return penalised(scan_statistic(count_surprise(counts, model["counts"])), model["statistic"])


def _history(score: np.ndarray) -> History:
    from scipy.stats import kstest  # takes half a second

    distance = kstest(10**-score, "uniform").statistic
    return [{"step": 1, "validation_loss": float(distance)}]
