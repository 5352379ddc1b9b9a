"""A fit's history: what its steps and epochs gave, row by row, and as it is written."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cascade.events import hdf5
from cascade.files import csv_text


class History:
    """One row an epoch: losses, learning rate, gradients at both ends of the network.

    ``gradient_first`` and ``gradient_last`` are norms of the gradient of the first and the last
    weight tensor, averaged over the steps of the epoch. Of a task with several optimisers they are
    those of the first one, as the learning rate is.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []
        self.sums = [0.0] * 5
        self.latest: tuple[list[Tensor], ...] = ([], [], [], [])

    def state_dict(self) -> dict[str, Any]:
        """Return the rows and the sums of the epoch under way."""
        self._add_up()
        return {"rows": self.rows, "sums": list(self.sums)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.rows, self.sums = state["rows"], list(state["sums"])

    def step(
        self, losses: Tensor, weights: Tensor, gradients: tuple[Tensor, Tensor] | None
    ) -> None:
        """Note what a step gave."""
        numbers = (losses, weights, *(gradients or ()))
        self.sums[4] += gradients is not None
        if losses.device.type == "cpu":
            # kept among the large blocks of the steps, they would break up the memory
            for place, number in enumerate(numbers):
                self.sums[place] += number.item()
        else:
            for latest, number in zip(self.latest, numbers, strict=False):
                latest.append(number)

    def _add_up(self) -> None:
        """Add what the latest steps gave to the sums: at once, since a GPU is waited for."""
        for place, values in enumerate(self.latest):
            for value in torch.stack(values).tolist() if values else ():
                self.sums[place] += value
            values.clear()

    def close(self, loss: float, numbers: Mapping[str, float], rate: float) -> None:
        """End an epoch with the loss of its validation, numbers beside it and the learning rate."""
        self._add_up()
        losses, weights, first, last, steps = self.sums
        self.sums = [0.0] * 5
        self.rows.append(
            {
                "epoch": len(self.rows) + 1,
                "train_loss": losses / weights if weights else math.nan,
                "validation_loss": loss,
                **numbers,
                "learning_rate": rate,
                "gradient_first": first / max(steps, 1),
                "gradient_last": last / max(steps, 1),
            }
        )

    @property
    def best(self) -> dict[str, float]:
        """The row of the lowest loss of the validation, of equal ones the first."""
        return min(self.rows, key=lambda row: row["validation_loss"])

    def stalled(self, patience: int) -> bool:
        """Return whether so many epochs have passed since the best one; 0 waits for ever."""
        return bool(patience and self.rows) and len(self.rows) - self.best["epoch"] >= patience

    def __str__(self) -> str:
        row, best = self.rows[-1], self.best
        return (
            f"train {row['train_loss']:.4f}, validation {row['validation_loss']:.4f} "
            f"(best {best['validation_loss']:.4f} in epoch {best['epoch']})"
        )


def history_text(
    rows: Iterable[Mapping[str, Any]], train: Iterable[Path], validation: Iterable[Path]
) -> str:
    """Return the history as CSV, one row an epoch or step.

    To the rows of the fit come ``events_train`` and ``events_validation``: how many events the
    files of all roles hold, for figures to tell.
    """
    kinds = {"train": train, "validation": validation}
    events = {f"events_{kind}": sum(map(hdf5.count, paths)) for kind, paths in kinds.items()}
    return csv_text([{**row, **events} for row in rows])
