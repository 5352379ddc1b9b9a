"""How networks see the trace of a station: at each time, up to each time, and as a whole."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from cascade.studies.refinement.settings.networks import TraceNetworkSettings


def check_bins(trace: Tensor, bins: int) -> None:
    """Check that traces have as many bins as the settings of a network say.

    Raises
    ------
    ValueError
        They have not.
    """
    if trace.shape[1] != bins:
        raise ValueError(f"a trace has {trace.shape[1]} bins, settings.bins is {bins}")


def views(trace: Tensor, settings: TraceNetworkSettings) -> tuple[Tensor, Tensor, Tensor]:
    """Return logarithms of a trace that are all of order 1.

    Parameters
    ----------
    trace
        Particles in time bins (B, bins), not negative.
    settings
        Mean noise of a bin, typical and faint signal.

    Returns
    -------
    tuple
        lg(1 + particles) at each time (B, bins); lg of the share of all particles that has come up
        to each time (B, bins); lg of the signal without the mean noise, over the typical one
        (B, 1), which goes over to a linear scale where it is faint.
    """
    now = torch.log10(1 + trace)
    come = torch.log10(1 + trace.cumsum(dim=1))
    signal = trace.sum(dim=1, keepdim=True) - trace.shape[1] * settings.pedestal
    half = 2 * settings.faint_signal
    lg_signal = torch.asinh(signal / half) - math.asinh(settings.typical_signal / half)
    return now, come - come[:, -1:], lg_signal / math.log(10)
