"""What the networks' outputs mean, and how far refined traces are from data."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from cascade.studies.refinement import observables
from cascade.training.objectives import BinaryClassification

BINS = 4
"""Bins of the distance, and of the zenith angle, in which refined traces and data are compared."""
FLAT = 0.1
"""The spread of data in a bin counts as at least this share of its mean over the bins."""
ROUNDING = 1e-6
"""A smaller spread is none; all observables are of order 1, or more."""
OBSERVABLES = {
    "signal": lambda trace: np.log10(observables.total_signal(trace)),
    "rise_time": observables.rise_time,
    "peak": lambda trace: np.log10(1 + observables.peak(trace)),
    "spikes": observables.spikes,
}


class EnergyRegression:
    """Squared error of lg E."""

    def loss(self, output: Tensor, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the summed squared error and the number of traces."""
        losses = F.mse_loss(output, batch["lg_energy"], reduction="sum")
        return losses, torch.tensor(float(len(output)), device=output.device)

    def predict(self, output: Tensor) -> dict[str, Tensor]:
        """Return ``predicted_lg_energy``."""
        return {"predicted_lg_energy": output}

    def scores(self, output: Tensor) -> dict[str, Tensor]:
        """Return ``lg_energy``."""
        return {"lg_energy": output}

    def monitor(self, predicted: Mapping[str, np.ndarray], truth: Mapping) -> dict[str, float]:
        """Return mean and standard deviation of the error of lg E."""
        error = predicted["predicted_lg_energy"] - truth["lg_energy"].numpy()
        return {"validation_bias": float(error.mean()), "validation_width": float(error.std())}


class TwoSampleTest(BinaryClassification):
    """Cross entropy between two samples, the second one being 1."""

    def __init__(self) -> None:
        super().__init__(weight=None)


class Likeness:
    """How far refined traces are from data, in what one reads off a trace.

    That is the Wasserstein-1 distance of four observables in units of their spread in data, in the
    mean over the observables and over bins of distance and zenith angle with equal parts of the
    data. No label is read. Where the spectra differ that shows too: equal ones are assumed.
    """

    def distance(
        self, refined: Mapping[str, np.ndarray], data: Mapping[str, np.ndarray]
    ) -> tuple[float, dict[str, float]]:
        """Return the mean distance; by observable, and the spread of signals over that of data.

        Parameters
        ----------
        refined, data
            ``trace`` (events, bins), ``distance`` and ``zenith`` (events,).
        """
        cells = [_cells(events, data) for events in (refined, data)]
        distances = {}
        for name, read in OBSERVABLES.items():
            values = [read(events["trace"]) for events in (refined, data)]
            distances[f"distance_{name}"] = _mean_distance(values, cells)
            if name == "signal":
                spread = float(np.std(values[0]) / max(np.std(values[1]), 1e-12))
        return float(np.mean(list(distances.values()))), {**distances, "spread": spread}


def _cells(events: Mapping[str, np.ndarray], data: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the number of the bin of distance and zenith angle of each event (events,)."""
    shares = np.linspace(0, 1, BINS + 1)[1:-1]
    places = [
        np.searchsorted(np.quantile(data[axis], shares), events[axis])
        for axis in ("distance", "zenith")
    ]
    return places[0] * BINS + places[1]


def _mean_distance(values: list[np.ndarray], cells: list[np.ndarray]) -> float:
    from scipy.stats import wasserstein_distance  # half a second, which most jobs do not need

    distances, spreads = [], []
    for cell in range(BINS * BINS):
        refined, data = (x[place == cell] for x, place in zip(values, cells, strict=True))
        if len(refined) and len(data):
            distances.append(wasserstein_distance(refined, data))
            spreads.append(data.std())
    if not distances:  # so few that no bin holds some of both: all of them are one bin
        return _mean_distance(values, [np.zeros(len(x)) for x in values])
    # a few data, or counts that are all 0, have no spread of their own
    units = np.maximum(spreads, FLAT * np.mean(spreads))
    return float(np.mean(distances / np.where(units > ROUNDING, units, 1.0)))
