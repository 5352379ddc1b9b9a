"""A step of least squares inside a network: it says what the signals mean, the sums are exact.

How far a station is from the axis decides how much signal it has. To first order in the changes of
axis and core, with the slope β = −d ln S / d ln r and the gradient of −ln r,

    surplus of ln S over the expectation = β · gradient · changes + size ± error.

A network says surplus, slope and error of each station; the step solves for changes and size. What
was known before, the plane front with the covariance of its times and the barycentre, goes in as a
prior: it is a Kalman update (Kalman, J. Basic Eng. 82 (1960) 35) with a learned measurement.
Signals tell far more of the core than of the axis, so that they improve the axis only where both
are solved for together. Dense layers learn that late or never.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cascade.studies.showers.constants import SPEED_OF_LIGHT
from cascade.studies.showers.networks.front import SPACING, Frame
from cascade.studies.showers.networks.stations import Stations
from cascade.studies.showers.networks.views import AXIS_STEP, CORE_STEP

UNKNOWNS = 5
"""Axis away from the zenith and around it, core along and across, size; in steps."""
AXIS_ERROR, CORE_ERROR, SIZE_ERROR = 0.1, 100.0, 1.0  # rad, m, ln S: before anything is measured
TIME = 100 * SPEED_OF_LIGHT / SPACING
"""Scale of the plane front's covariance: its weights are relative to errors of 100 ns."""
LIMIT = 6.0
"""Largest size of the logarithm of a station's weight."""
START = (0.0, 2.0, 5.0)
"""First surplus, logarithm of its weight 1/error², slope."""


class SignalUpdate(nn.Module):
    """Correct axis and core by the signals.

    Shapes
    ------
    said ``(K, width)`` ``-> (B, 5), (B, 5)``: changes of the unknowns, logarithms of their
    variances.
    """

    def __init__(self, width: int):
        super().__init__()
        self.station = nn.Linear(width, len(START))
        with torch.no_grad():
            self.station.weight.mul_(0.3)
            self.station.bias.copy_(torch.tensor(START))

    def forward(
        self, stations: Stations, said: Tensor, gradients: Tensor, prior: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Solve for the unknowns.

        Parameters
        ----------
        gradients
            Of −ln r with respect to the unknowns but the size (``gradients``), (K, 4).
        prior
            What is known of the unknowns without the signals (``prior``), (B, 5, 5).
        """
        surplus, logarithm, slope = self.station(said).T
        weight = torch.exp(logarithm.clamp(-LIMIT, LIMIT))
        size = torch.ones_like(surplus)[:, None]
        rows = torch.cat([F.softplus(slope)[:, None] * gradients, size], dim=1)
        return solve(stations, rows, surplus, weight, prior)


def solve(
    stations: Stations, rows: Tensor, values: Tensor, weight: Tensor, prior: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the solution of weighted least squares, and the logarithms of its variances.

    Parameters
    ----------
    rows, values, weight
        Of each station: (K, U), (K,), (K,).
    prior
        Inverse covariance of the unknowns about 0, (B, U, U).
    """
    weighted = weight[:, None] * rows
    normal = prior + stations.sum(weighted[:, :, None] * rows[:, None, :])
    covariance = torch.linalg.inv(normal)
    solution = covariance @ stations.sum(weighted * values[:, None])[:, :, None]
    return solution[:, :, 0], covariance.diagonal(dim1=1, dim2=2).log()


def gradients(stations: Stations, frame: Frame, weights: Tensor, distance: Tensor) -> Tensor:
    """Return the gradients of −ln r: axis outward, sideward, core along, across; (K, 4).

    Parameters
    ----------
    weights, distance
        As from ``views.look``.
    """
    x, y, _, _, outward, sideward = weights.T
    core = CORE_STEP / distance
    cosine = frame.cosine[stations.event]
    return torch.stack(
        [AXIS_STEP * outward, AXIS_STEP * sideward, core * cosine * x, core * y], dim=1
    )


def prior(frame: Frame, covariance: Tensor) -> Tensor:
    """Return the inverse covariance of the unknowns before the signals are looked at: (B, 5, 5).

    Parameters
    ----------
    covariance
        Of the plane front, (B, 2, 2).
    """
    errors = (
        AXIS_ERROR / AXIS_STEP,
        AXIS_ERROR / AXIS_STEP,
        CORE_ERROR / CORE_STEP,
        CORE_ERROR / CORE_STEP,
        SIZE_ERROR,
    )
    known = torch.diag(covariance.new_tensor(errors) ** -2).repeat(len(covariance), 1, 1)
    # how (a_x, a_y) move with the axis
    turn = torch.stack([frame.cosine[:, None] * frame.heading, frame.across], dim=2)
    information = turn.mT @ torch.linalg.inv(covariance) @ turn
    return known + F.pad((AXIS_STEP / TIME) ** 2 * information, (0, 3, 0, 3))
