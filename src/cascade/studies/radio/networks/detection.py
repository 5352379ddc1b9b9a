"""Whether there is a pulse in the trace: evidence at each time, summed up as likelihood ratios are.

A pulse may come at any time, so the likelihood ratio of a pulse is the mean of those at each time:
the logarithm of a sum of exponentials, which a network gets in place of a mean or maximum.

Networks see a trace in a unit of its own, the median amplitude of its frequencies, which is known
to a few per cent only. The noise hardly changes from trace to trace, so the unit itself says
whether all else was measured too large or too small, and is told to what decides.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cascade.layers.convolution1d import BatchNorm1d, Conv1d, cat
from cascade.layers.perceptron import perceptron
from cascade.studies.radio.networks.views import Views
from cascade.studies.radio.settings.networks import ClassifierSettings

KERNEL = 5


def unit(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Return convolution, normalisation and ReLU: (B, inputs, t) → (B, outputs, t / stride)."""
    return nn.Sequential(
        Conv1d(inputs, outputs, KERNEL, stride, KERNEL // 2, bias=False),
        BatchNorm1d(outputs),
        nn.ReLU(),
    )


class Detection(nn.Module):
    """Logit of a pulse from features over time, and numbers of the whole trace.

    Shapes
    ------
    (B, features, times), (B, numbers) or none → (B,)
    """

    def __init__(self, features: int, settings: ClassifierSettings, numbers: int = 0):
        super().__init__()
        self.evidence = Conv1d(features, settings.evidence, 1)
        known = features + settings.evidence + numbers
        self.normalisation = nn.BatchNorm1d(known)
        self.answer = perceptron(known, settings.hidden, 1)

    def forward(self, features: Tensor, numbers: Tensor | None = None) -> Tensor:
        """Return the logits."""
        sums = torch.logsumexp(self.evidence(features), dim=2)
        # a mean would write its gradient out for every time; that of a sum is the same at all times
        means = features.sum(dim=2) / features.shape[2]
        known = [sums, means, *([] if numbers is None else [numbers])]
        return self.answer(self.normalisation(torch.cat(known, dim=1))).squeeze(1)


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
        self.detection = Detection(self.views.channels + width, settings, numbers=1)

    def forward(self, trace: Tensor) -> dict[str, Tensor]:
        """Return the logit of a pulse."""
        view = self.views(trace)
        features = cat([view.features, self.body(view.features)])
        return {"logit": self.detection(features, torch.log(view.unit))}
