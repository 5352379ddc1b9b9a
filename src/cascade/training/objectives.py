"""Objectives: what a network's output means, and how wrong it is. Plain torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F


class Objective(Protocol):
    """What the training and the prediction ask of an objective.

    An objective that tells classes apart names their field as ``label``: a split that holds one
    class alone is then refused. One whose predictions are large says as ``monitored`` of how many
    events they are kept for ``monitor``.
    """

    def loss(self, output: Tensor, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the summed loss of a batch and the sum of its weights."""

    def predict(self, output: Tensor) -> dict[str, Tensor]:
        """Return the columns of predictions that the output stands for."""

    def monitor(self, predicted: Mapping[str, np.ndarray], truth: Mapping) -> dict[str, float]:
        """Return further numbers for the history, from a whole validation split."""

    def scores(self, output: Tensor) -> dict[str, Tensor]:
        """Return the numbers of the output that can be explained, (batch,) each, by name.

        They are those before any sigmoid; the first one is the default.
        """


class BinaryClassification:
    """Weighted cross entropy of a logit (batch,) against ``label`` 0 or 1.

    The predicted ``score`` is the sigmoid of the logit: the probability of class 1 for classes of
    equal weight.
    """

    def __init__(self, label: str = "label", weight: str | None = "weight"):
        self.label = label
        self.weight = weight

    def _weights(self, batch: Mapping) -> Tensor:
        label = batch[self.label].float()
        return torch.ones_like(label) if self.weight is None else batch[self.weight].float()

    def loss(self, output: Tensor, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return summed weighted cross entropy and summed weight."""
        weight = self._weights(batch)
        label = batch[self.label].float()
        losses = F.binary_cross_entropy_with_logits(output, label, weight, reduction="sum")
        return losses, weight.sum()

    def predict(self, output: Tensor) -> dict[str, Tensor]:
        """Return ``score``, in float64: a float32 sigmoid makes ties near 1."""
        return {"score": torch.sigmoid(output.double())}

    def scores(self, output: Tensor) -> dict[str, Tensor]:
        """Return the ``logit``."""
        return {"logit": output}

    def monitor(self, predicted: Mapping[str, np.ndarray], truth: Mapping) -> dict[str, float]:
        """Return ``validation_auc``."""
        from cascade.evaluation.roc import auc

        label = truth[self.label].numpy()
        return {
            "validation_auc": float(auc(predicted["score"], label, self._weights(truth).numpy()))
        }
