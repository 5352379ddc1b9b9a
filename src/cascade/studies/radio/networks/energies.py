"""How much energy a pulse may have, by a trace and what a network made of it.

Three measurements err in different ways. The denoised trace is quiet but too faint where noise is
strong; the trace about the denoised pulse holds all of the pulse, and noise and interference too;
between them lies what both have in common.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from cascade.studies.radio.networks.views import View, Views

TINY = 1e-6
"""Energies are at least about so large, in the trace's own unit."""
WINDOW = 0.1
"""Half the length of the window about a pulse [µs] (as in arXiv:1508.04267)."""
AMPLITUDES = (0.1, 10.0)
"""A denoised pulse is never made fainter or stronger by more than this."""


class Energies(NamedTuple):
    """Logarithms of energies, in the trace's own unit, and strength of a pulse, each (B,).

    Attributes
    ----------
    denoised
        Of the denoised trace.
    common
        The product of trace and denoised trace in place of a square.
    matched
        Of the denoised trace with the amplitude that it has in the trace, by least squares.
    window
        Of the trace about the maximum of the denoised one, the noise elsewhere taken off.
    strength
        Answer of a matched filter with the denoised trace as template.
    """

    denoised: Tensor
    common: Tensor
    matched: Tensor
    window: Tensor
    strength: Tensor


NUMBERS = len(Energies._fields)
MEASURED = NUMBERS - 1


def energies(views: Views, view: View, trace: Tensor, denoised: Tensor, place: Tensor) -> Energies:
    """Measure the energies of pulses.

    Trace and template are compared at the frequencies that the gate leaves.

    Parameters
    ----------
    trace, denoised
        Field strengths (B, samples).
    place
        Sample of the denoised pulse's maximum (B,).
    """
    trace, denoised = trace / view.unit, denoised / view.unit
    template = views.spectrum(denoised)
    gate = view.weight.square()
    product = (gate * (view.spectrum * template.conj()).real).sum(dim=1)
    square = (gate * template.abs().square()).sum(dim=1) + TINY
    amplitude = torch.log((product / square).clamp(*AMPLITUDES))
    energy = torch.log(denoised.square().sum(dim=1) + TINY)
    return Energies(
        energy,
        energy + amplitude,
        energy + 2 * amplitude,
        torch.log(_about(trace, place, round(WINDOW * views.band.rate)).clamp(min=TINY)),
        product / square.sqrt(),
    )


def _about(trace: Tensor, place: Tensor, reach: int) -> Tensor:
    """Return the energy within ``reach`` samples of a place above that of the noise elsewhere."""
    samples = trace.shape[1]
    away = (torch.arange(samples, device=trace.device) - place[:, None]).abs()
    window = (away <= reach).to(trace.dtype)
    square = trace.square()
    within, number = (square * window).sum(dim=1), window.sum(dim=1)
    return within - number * (square.sum(dim=1) - within) / (samples - number)
