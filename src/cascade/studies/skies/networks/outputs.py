"""What a network says of a sky, and how wrong it is.

A network returns N + 1 logits a sky: of sources in the sky, then of each of its N rays being from a
source. Both are learned together: the rays tell a network early where to look.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cascade.layers.perceptron import perceptron

LEARNED = 8
"""Kinds of evidence that a network finds by itself."""
TEMPERATURES = (1.0, 4 / 3, 2.0)
"""What evidence is divided by before it is summed up: rays that share neighbours repeat it."""

RAY_WEIGHT = 10.0
"""Weight of the mean cross entropy of the rays beside that of the sky."""


class Heads(nn.Module):
    """From what is known of each ray to the logits of the sky and its rays.

    What speaks for a source is summed up as likelihood ratios are: by the logarithm of the sum of
    exponentials over all rays, at several temperatures.

    Shapes
    ------
    rays (B, N, width), evidence (B, N, evidence) or none → (B, 1 + N)
    """

    def __init__(self, width: int, evidence: int = 0):
        super().__init__()
        self.ray = perceptron(width, width, 1)
        self.part = nn.Sequential(perceptron(width, width), nn.ReLU())
        self.evidence = nn.Linear(width, LEARNED)
        sums = LEARNED + len(TEMPERATURES) * evidence
        self.normalisation = nn.BatchNorm1d(sums)
        self.sky = perceptron(width + 1 + sums, width, 1)

    def forward(self, rays: Tensor, evidence: Tensor | None = None) -> Tensor:
        """Return the logits."""
        each = self.ray(rays).squeeze(-1)
        sums = [torch.logsumexp(self.evidence(rays), dim=1)]
        if evidence is not None:
            sums += [
                temperature * torch.logsumexp(evidence / temperature, dim=1)
                for temperature in TEMPERATURES
            ]
        odds = torch.logsumexp(each, dim=1, keepdim=True)
        known = [self.part(rays).mean(dim=1), odds, self.normalisation(torch.cat(sums, dim=1))]
        return torch.cat([self.sky(torch.cat(known, dim=1)), each], dim=1)


class SourceSearch:
    """Cross entropy of the sky's label, and of the rays' labels."""

    label = "label"
    monitored = 2500  # skies: a million rays are enough for an area under their ROC curve

    def loss(self, output: Tensor, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the summed loss [nat] and the number of skies."""
        sky = F.binary_cross_entropy_with_logits(
            output[:, 0], batch["label"].float(), reduction="sum"
        )
        rays = F.binary_cross_entropy_with_logits(
            output[:, 1:], batch["ray_label"].float(), reduction="none"
        )
        loss = sky + RAY_WEIGHT * rays.mean(dim=1).sum()
        return loss, torch.tensor(float(len(output)), device=output.device)

    def predict(self, output: Tensor) -> dict[str, Tensor]:
        """Return ``score`` and ``ray_score``."""
        return {
            "score": torch.sigmoid(output[:, 0].double()),
            "ray_score": torch.sigmoid(output[:, 1:]),
        }

    def scores(self, output: Tensor) -> dict[str, Tensor]:
        """Return the ``logit`` of the sky."""
        return {"logit": output[:, 0]}

    def monitor(self, predicted: Mapping[str, np.ndarray], truth: Mapping) -> dict[str, float]:
        """Return the areas under the ROC curves of skies and rays on the validation split."""
        from cascade.evaluation.roc import auc

        rays = truth["ray_label"].numpy().ravel()
        return {
            "validation_auc": float(auc(predicted["score"], truth["label"].numpy())),
            "validation_ray_auc": float(auc(predicted["ray_score"].ravel(), rays)),
        }
