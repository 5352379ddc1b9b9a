"""Is there a pulse in the trace? Evidence at each time, summed up as likelihood ratios are.

A pulse may come at any time, so the likelihood ratio of a pulse is the mean of those at each time:
the logarithm of a sum of exponentials, which a network gets in place of a mean or maximum.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cascade.layers.perceptron import perceptron
from cascade.studies.radio.networks.views import Views
from cascade.studies.radio.settings.networks import ClassifierSettings

KERNEL = 5


def unit(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Return convolution over time, normalisation and ReLU: (B, inputs, t) → (B, outputs, t/stride)."""
    return nn.Sequential(
        nn.Conv1d(inputs, outputs, KERNEL, stride, KERNEL // 2, bias=False),
        nn.BatchNorm1d(outputs),
        nn.ReLU(),
    )


class Detection(nn.Module):
    """Logit of a pulse from features over time.

    Shapes
    ------
    (B, features, times) → (B,)
    """

    def __init__(self, features: int, settings: ClassifierSettings):
        super().__init__()
        self.evidence = nn.Conv1d(features, settings.evidence, 1)
        known = features + settings.evidence
        self.normalisation = nn.BatchNorm1d(known)
        self.answer = perceptron(known, settings.hidden, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Return the logits."""
        sums = torch.logsumexp(self.evidence(features), dim=2)
        known = torch.cat([sums, features.mean(dim=2)], dim=1)
        return self.answer(self.normalisation(known)).squeeze(1)


class Classifier(nn.Module):
    """Views, two convolutions over time, and the sum of evidence.

    Shapes
    ------
    trace (B, samples) → ``logit`` (B,)
    """

    def __init__(self, settings: ClassifierSettings):
        super().__init__()
        self.views = Views(settings)
        width = settings.channels
        self.body = nn.Sequential(unit(self.views.channels, width), unit(width, width))
        self.detection = Detection(self.views.channels + width, settings)

    def forward(self, trace: Tensor) -> dict[str, Tensor]:
        """Return the logit of a pulse."""
        views, _ = self.views(trace)
        return {"logit": self.detection(torch.cat([views, self.body(views)], dim=1))}
