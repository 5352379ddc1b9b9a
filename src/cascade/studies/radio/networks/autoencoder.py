"""Denoising autoencoders: through a bottleneck only what describes a pulse gets to the other side.

The supervised denoising autoencoder for radio signals of air showers is that of arXiv:1901.04079.
The bottleneck holds ``latent`` numbers at each of a few times. Without shortcuts everything that
the decoder knows went through it; with them (as in arXiv:1505.04597) it need not.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from cascade.layers.convolution1d import Conv1d, cat, interpolate
from cascade.layers.perceptron import perceptron
from cascade.studies.radio.calibration import IDENTITY, calibrate
from cascade.studies.radio.fluence import PER_SQUARE
from cascade.studies.radio.networks.detection import Detection, unit
from cascade.studies.radio.networks.energies import MEASURED, NUMBERS, Energies, energies
from cascade.studies.radio.networks.views import Views
from cascade.studies.radio.settings.networks import DenoiserSettings, JointSettings


class Autoencoder(nn.Module):
    """Encoder, bottleneck and decoder over time.

    Shapes
    ------
    features (B, channels, times) → complex envelope (B, 2, times), bottleneck
    (B, latent, times / 2^widths) and the decoder's last features (B, channels, times)
    """

    def __init__(self, settings: DenoiserSettings):
        super().__init__()
        widths = [settings.channels, *settings.widths]
        self.encoder = nn.ModuleList(unit(*pair, stride=2) for pair in pairwise(widths))
        self.compress = Conv1d(widths[-1], settings.latent, 1)
        self.expand = nn.Sequential(Conv1d(settings.latent, widths[-1], 1), nn.ReLU())
        self.decoder = nn.ModuleList(unit(*pair) for pair in pairwise(widths[::-1]))
        self.answer = Conv1d(widths[0], 2, 5, padding=2)
        self.shortcuts = settings.shortcuts

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return envelope, bottleneck and last features."""
        passed = [features]
        for layer in self.encoder:
            passed.append(layer(passed[-1]))
        latent = self.compress(passed.pop())
        decoded = self.expand(latent)
        for layer in self.decoder:
            beside = passed.pop()
            decoded = layer(interpolate(decoded, beside.shape[-1]))
            if self.shortcuts:
                decoded = decoded + beside
        return self.answer(decoded), latent, decoded


class Denoiser(nn.Module):
    """The autoencoder alone: its score is the energy of the denoised trace.

    Shapes
    ------
    trace (B, samples) → ``denoised``, ``envelope`` (B, samples), ``latent`` (B, features),
    ``score`` and ``log_fluence`` (B,)
    """

    def __init__(self, settings: DenoiserSettings):
        super().__init__()
        self.views = Views(settings)
        self.stem = unit(self.views.channels, settings.channels)
        self.autoencoder = Autoencoder(settings)
        self.register_buffer("calibration", torch.tensor(IDENTITY, dtype=torch.float64))

    def forward(self, trace: Tensor) -> dict[str, Tensor]:
        """Return what the trace holds besides noise."""
        output, _, _ = self.describe(trace)
        return output

    def describe(self, trace: Tensor) -> tuple[dict[str, Tensor], tuple[Tensor, ...], Energies]:
        """Return the output, features over time, and energies that the pulse may have.

        Features are those of the views, the first and the last layer, (B, channels, times) each.
        Measuring does not act back on the denoised trace.
        """
        view = self.views(trace)
        first = self.stem(view.features)
        answer, latent, last = self.autoencoder(first)
        denoised, envelope = self.views.to_trace(answer, view.unit)
        place = envelope.detach().argmax(dim=1)
        found = energies(self.views, view, trace, denoised.detach(), place)
        # from the trace's own unit to eV/m²
        fluence = torch.log(view.unit.square().squeeze(1) * (PER_SQUARE / self.views.band.rate))
        output = {
            "denoised": denoised,
            "envelope": envelope,
            "latent": latent.flatten(1),
            "score": found.denoised,
            "log_unit": fluence,
            "log_fluence": fluence + found.common,
            "calibration": self.calibration,
            "rate": self.views.band.rate,
        }
        return output, (view.features, first, last), found

    def calibrate(self, predicted: dict, truth: dict) -> None:
        """Fix the calibration of the fluence on the validation split."""
        self.calibration.copy_(torch.from_numpy(calibrate(predicted, truth)))


class Joint(Denoiser):
    """Autoencoder, classifier and a measurement of the fluence on common layers.

    The measurement is a mean of the energies that a pulse may have, with learned weights and a
    correction, and says how well it knows.

    Shapes
    ------
    As for the denoiser, and ``logit``, ``log_deviation`` (B,)
    """

    def __init__(self, settings: JointSettings):
        super().__init__(settings)
        width = settings.channels
        features = self.views.channels + 3 * width
        self.second = unit(width, width)
        self.detection = Detection(features, settings, NUMBERS + 1)
        self.place = Conv1d(features, settings.evidence, 1)
        known = features + settings.evidence + NUMBERS
        self.normalisation = nn.BatchNorm1d(known)
        self.measure = perceptron(known, settings.hidden, MEASURED + 2)

    def forward(self, trace: Tensor) -> dict[str, Tensor]:
        """Return what the trace holds besides noise, and whether that is a pulse."""
        output, (views, first, last), found = self.describe(trace)
        features = cat([views, first, self.second(first), last])
        numbers, level = torch.stack(found, dim=1), output["log_unit"]
        # features where the pulse is: a mean over time with learned weights
        places = self.place(features)
        weight = torch.softmax(places[:, :1], dim=2)
        there = (weight * features).sum(dim=2)
        known = torch.cat([there, torch.logsumexp(places, dim=2), numbers], dim=1)
        measured = self.measure(self.normalisation(known))
        shares = torch.softmax(measured[:, :MEASURED], dim=1)
        energy = (shares * numbers[:, :MEASURED]).sum(dim=1) + measured[:, -2]
        return output | {
            "logit": self.detection(features, torch.cat([numbers, level[:, None]], dim=1)),
            "log_fluence": output["log_unit"] + energy,
            "log_deviation": measured[:, -1],
        }
