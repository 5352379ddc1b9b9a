"""How networks see the trace of a station: at each time, up to each time, and as a whole."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def check_bins(trace: Tensor, bins: int) -> None:
    """Check that traces have as many bins as the settings of a network say.

    Raises
    ------
    ValueError
        They have not.
    """
    if trace.shape[1] != bins:
        raise ValueError(f"a trace has {trace.shape[1]} bins, settings.bins is {bins}")


def views(trace: Tensor, typical_signal: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return logarithms of a trace that are all of order 1.

    Parameters
    ----------
    trace
        Particles in time bins (B, bins), not negative.
    typical_signal
        Of a whole trace [particles].

    Returns
    -------
    tuple
        lg(1 + particles) at each time (B, bins); lg of the share of the signal that has come up to
        each time (B, bins); lg of the whole signal over the typical one (B, 1).
    """
    now = torch.log10(1 + trace)
    come = torch.log10(1 + trace.cumsum(dim=1))
    whole = come[:, -1:]
    return now, come - whole, whole - math.log10(1 + typical_signal)
