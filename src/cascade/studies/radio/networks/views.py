"""What networks see of a trace: its complex envelope behind a learned gate and learned filters.

A trace is tapered, so that a carrier stays within a few frequencies, and brought to its spectrum.
A gate, found from the neighbourhood of each frequency, takes down what stands out there. A bank of
complex filters, at first those of pulses with different delays, answers in time. In place of 500
real samples there are 160 complex ones: no more fit into the band (complex baseband; Richards,
Fundamentals of Radar Signal Processing, chapter 3).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cascade.layers.convolution1d import BatchNorm1d, Conv1d
from cascade.studies.radio.settings.networks import ViewSettings
from cascade.studies.radio.simulation.band import Band

SPARE = 1.1
"""Times in the envelope per frequency in the band."""
MULTIPLE = 16
"""Number of times is a multiple of this, so that it can be halved."""
KERNEL = 9
"""Frequencies that the layers of a gate look at."""
KNEE = 2.0
"""Amplitudes above so many medians are taken down, before anything is learned."""
DELAYS = (0.04, 0.11)
"""Delays of the filters at the start [µs]."""
FAINT = 0.05
"""Added to relative amplitudes before their logarithm."""


class View(NamedTuple):
    """A trace as networks see it.

    Attributes
    ----------
    features
        Real part, imaginary part and modulus of the envelopes (B, 3 filters, times).
    unit
        Median amplitude in frequency (B, 1), the unit of everything else.
    spectrum, weight
        Of the tapered trace and of the gate (B, bins).
    """

    features: Tensor
    unit: Tensor
    spectrum: Tensor
    weight: Tensor


class Views(nn.Module):
    """Trace to gated and filtered complex envelopes.

    Attributes
    ----------
    times
        Number of times of an envelope.

    Shapes
    ------
    (B, samples) → a view
    """

    def __init__(self, settings: ViewSettings):
        super().__init__()
        self.band = Band.of(settings.sampling)
        bins = len(self.band.frequency)
        self.times = MULTIPLE * math.ceil(SPARE * bins / MULTIPLE)
        self.channels = 3 * settings.filters
        width = settings.gate
        self.gate = nn.Sequential(
            Conv1d(1, width, KERNEL, padding=KERNEL // 2),
            nn.ReLU(),
            Conv1d(width, width, KERNEL, padding=KERNEL // 2),
            nn.ReLU(),
            Conv1d(width, 1, KERNEL, padding=KERNEL // 2),
        )
        above = torch.from_numpy(self.band.high - self.band.frequency).float()
        delays = torch.linspace(*DELAYS, settings.filters)[:, None]
        breadth = self.band.high - self.band.low
        self.phase = nn.Parameter(-math.pi * delays / breadth * above**2)
        self.amplitude = nn.Parameter(torch.zeros(settings.filters, bins))
        self.normalisation = BatchNorm1d(self.channels)
        taper = _taper(self.band.samples, settings.taper)
        self.register_buffer("taper", taper, persistent=False)
        self.register_buffer("untaper", 1 / _taper(self.times, settings.taper), persistent=False)

    def forward(self, trace: Tensor) -> View:
        """Return what networks see of traces."""
        spectrum = self.spectrum(trace)
        height = spectrum.abs()
        unit = height.median(dim=1, keepdim=True).values.clamp(min=1e-12)
        level = torch.log(height / unit + FAINT)
        learned = self.gate(level[:, None]).squeeze(1)
        weight = torch.exp(-F.softplus(2 * (level - math.log(KNEE)) + learned))
        filters = torch.polar(torch.exp(self.amplitude), self.phase)
        spectrum = spectrum / unit
        gated = (spectrum * weight)[:, None] * filters
        scale = self.times / math.sqrt(gated.shape[-1])
        envelope = torch.fft.ifft(gated, n=self.times) * (scale * self.untaper)
        parts = torch.cat([envelope.real, envelope.imag, envelope.abs()], dim=1)
        return View(self.normalisation(parts), unit, spectrum, weight)

    def spectrum(self, trace: Tensor) -> Tensor:
        """Return the spectrum of tapered traces within the band, (B, samples) → (B, bins)."""
        return torch.fft.rfft(trace * self.taper)[:, self.band.inside]

    def to_trace(self, envelope: Tensor, unit: Tensor) -> tuple[Tensor, Tensor]:
        """Return the trace (B, samples) and the Hilbert envelope (B, samples) of an answer.

        Parameters
        ----------
        envelope
            Real and imaginary part of a complex envelope (B, 2, times).
        """
        bins = self.phase.shape[1]
        # there are no complex numbers in half precision
        real, imaginary = envelope.float().unbind(dim=1)
        baseband = torch.complex(real, imaginary)
        spectrum = torch.fft.fft(baseband)[:, :bins] * (unit / math.sqrt(self.times))
        whole = F.pad(2 * spectrum, (self.band.inside.start, 0))
        analytic = torch.fft.ifft(whole, n=self.band.samples)
        return analytic.real, analytic.abs()


def _taper(points: int, lowest: float) -> Tensor:
    """Return a window of Hann's shape that falls to ``lowest`` at both ends of the trace."""
    hann = torch.sin(math.pi * torch.arange(points) / points) ** 2
    return lowest + (1 - lowest) * hann
