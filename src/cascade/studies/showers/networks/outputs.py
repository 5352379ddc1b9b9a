"""What a shower network says, and how wrong it is.

A network returns 12 numbers an event: axis, core, lg E and X_max in the files' units, the logarithm
of the uncertainty of each of these four, and the logit of iron against protons. Its loss is the
negative logarithm of the likelihood of the truth: normal distributions about the prediction, with
the uncertainties that the network states for this very event, and the binary cross entropy. So all
parts are in nats and none needs a weight: a quantity that is measured badly, or an event that is,
counts as little as its own uncertainty says (Nix, Weigend 1994; Kendall et al., arXiv:1705.07115).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from cascade.studies.showers.constants import IRON, PROTON

AXIS, CORE, LG_ENERGY, X_MAX = slice(0, 3), slice(3, 5), 5, 6
UNCERTAINTIES, LOGIT = slice(7, 11), 11
OUTPUTS = 12
SPREADS = (0.5, 1.5, 1.0, 0.5, 0.0)
"""What ``assemble`` takes last, four log-uncertainties and the logit, as they may be at first."""

UNITS = (0.025, 20.0, 0.025, 35.0)
"""Uncertainties of axis [rad], core [m], lg E and X_max [g/cm²] whose logarithm is 0."""
LIMIT = 6.0
"""Largest size of the logarithm of an uncertainty."""
TYPICAL = {"lg_energy": (19.25, 0.5), "x_max": (750.0, 60.0)}
"""Centre and width of the truth, so that a network's raw outputs are about 0 and 1."""


def assemble(axis: Tensor, core: Tensor, lg_energy: Tensor, x_max: Tensor, rest: Tensor) -> Tensor:
    """Put the outputs together.

    Parameters
    ----------
    axis, core
        Unit vectors (B, 3) and positions [m] (B, 2).
    lg_energy, x_max
        In units of ``TYPICAL``, (B,).
    rest
        Four log-uncertainties and the logit, (B, 5).
    """
    (energy, energy_width), (depth, depth_width) = TYPICAL.values()
    columns = [energy + energy_width * lg_energy, depth + depth_width * x_max]
    return torch.cat([axis, core, torch.stack(columns, dim=1), rest], dim=1)


class Reconstruction:
    """Likelihood of axis, core, lg E and X_max, and of iron or proton, from 12 outputs (B, 12).

    Events of other primaries leave the classification alone.
    """

    def loss(self, output: Tensor, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the summed loss [nat] and the number of events."""
        axis, core, lg_energy, x_max = self.log_likelihoods(output, batch)
        mass = batch["mass_number"]
        known = (mass == PROTON) | (mass == IRON)
        entropy = F.binary_cross_entropy_with_logits(
            output[known, LOGIT], (mass[known] == IRON).float(), reduction="sum"
        )
        losses = entropy - (axis + core + lg_energy + x_max).sum()
        return losses, torch.tensor(float(len(output)), device=output.device)

    def log_likelihoods(self, output: Tensor, batch: Mapping[str, Tensor]) -> list[Tensor]:
        """Return the log-likelihoods of axis, core, lg E and X_max, (B,), but for constants."""
        squares = (
            ((output[:, AXIS] - batch["axis"]) ** 2).sum(dim=1),
            ((output[:, CORE] - batch["core"]) ** 2).sum(dim=1),
            (output[:, LG_ENERGY] - batch["lg_energy"]) ** 2,
            (output[:, X_MAX] - batch["x_max"]) ** 2,
        )
        logarithms = output[:, UNCERTAINTIES].clamp(-LIMIT, LIMIT).unbind(dim=1)
        # axis and core deviate in two directions each
        directions = (2, 2, 1, 1)
        return [
            -square / (2 * unit**2) * torch.exp(-2 * logarithm) - number * logarithm
            for square, unit, logarithm, number in zip(
                squares, UNITS, logarithms, directions, strict=True
            )
        ]

    def predict(self, output: Tensor) -> dict[str, Tensor]:
        """Return all columns of predictions."""
        axis, core, lg_energy, x_max = (
            torch.exp(logarithm) * unit
            for logarithm, unit in zip(
                output[:, UNCERTAINTIES].clamp(-LIMIT, LIMIT).unbind(dim=1), UNITS, strict=True
            )
        )
        return {
            "predicted_axis": F.normalize(output[:, AXIS], dim=1),
            "predicted_core": output[:, CORE],
            "predicted_lg_energy": output[:, LG_ENERGY],
            "predicted_x_max": output[:, X_MAX],
            "axis_uncertainty": axis,
            "core_uncertainty": core,
            "lg_energy_uncertainty": lg_energy,
            "x_max_uncertainty": x_max,
            "score": torch.sigmoid(output[:, LOGIT].double()),
        }

    def scores(self, output: Tensor) -> dict[str, Tensor]:
        """Return ``lg_energy``, ``x_max`` and the ``logit`` of iron.

        The first two are less their typical values, in units of their widths.
        """
        found = {"lg_energy": output[:, LG_ENERGY], "x_max": output[:, X_MAX]}
        found = {name: (x - TYPICAL[name][0]) / TYPICAL[name][1] for name, x in found.items()}
        return {**found, "logit": output[:, LOGIT]}

    def monitor(self, predicted: Mapping[str, np.ndarray], truth: Mapping) -> dict[str, float]:
        """Return the resolutions on the validation split."""
        from cascade.studies.showers import metrics

        columns = {**{name: values.numpy() for name, values in truth.items()}, **predicted}
        names = ("angular_resolution", "core_resolution", "energy_resolution", "x_max_resolution")
        return {f"validation_{name}": getattr(metrics, name)(columns) for name in names}
