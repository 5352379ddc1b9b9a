"""What a network says of a trace, and how wrong it is.

A network returns some of these: the ``denoised`` trace, the ``logit`` of a pulse, and the
``log_fluence`` of the pulse with its ``log_deviation``. Each has its term in the loss.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from cascade.studies.radio.calibration import calibrated
from cascade.studies.radio.simulation.pulses import peak_time

TINY = 1e-12  # (µV/m)²
FAINT = 0.04
"""Noise that counts beside the energy of a pulse in the relative error of a denoised trace, as a
share of the energy of the trace's noise."""
LEAST_SNR = 1.5
"""Weaker pulses do not count in the cross entropy."""
DENOISED_WEIGHT = 1.0
FLUENCE_WEIGHT = 0.1
"""Weights of the relative squared error, and of the fluence's negative log-likelihood, beside the
cross entropy."""


class PulseSearch:
    """Relative squared error of the denoised trace, cross entropy, likelihood of the fluence."""

    label = "label"

    def loss(self, output: Mapping[str, Tensor], batch: Mapping) -> tuple[Tensor, Tensor]:
        """Return the summed loss and the number of traces."""
        label = batch["label"].float()
        total = torch.zeros((), device=label.device)
        if "denoised" in output:
            total = total + DENOISED_WEIGHT * relative_error(output["denoised"], batch).sum()
        if "logit" in output:
            # else pulses that nobody can find would choose the epoch by how sure a network dares be
            counts = ((label == 0) | (batch["snr"] >= LEAST_SNR)).float()
            total = total + F.binary_cross_entropy_with_logits(
                output["logit"], label, counts, reduction="sum"
            )
        if "log_deviation" in output:
            deviation = output["log_deviation"]
            away = output["log_fluence"] - torch.log(batch["fluence"].clamp(min=1e-12))
            likelihood = deviation + 0.5 * (away * torch.exp(-deviation)).square().clamp(max=100)
            total = total + FLUENCE_WEIGHT * (label * likelihood).sum()
        return total, torch.tensor(float(len(label)), device=label.device)

    def predict(self, output: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return ``score`` and, of a denoised trace, what it says of the pulse."""
        if "denoised" not in output:
            return {"score": torch.sigmoid(output["logit"].double())}
        score = torch.sigmoid(output["logit"].double()) if "logit" in output else output["score"]
        raw = torch.exp(output["log_fluence"]).double().cpu().numpy()
        when = peak_time(output["envelope"].cpu().numpy(), float(output["rate"]))
        fluence = calibrated(raw, output["calibration"].cpu().numpy())
        return {
            "score": score.double(),
            "denoised": output["denoised"],
            "predicted_fluence": torch.from_numpy(fluence).float(),
            "predicted_time": torch.from_numpy(when).float(),
            "latent": output["latent"],
        }

    def scores(self, output: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the ``logit`` of a pulse, and ``log_fluence`` of a network that denoises.

        A network that only denoises has its score in place of a logit.
        """
        found = {"logit": output["logit"] if "logit" in output else output["score"]}
        if "log_fluence" in output:
            found["log_fluence"] = output["log_fluence"]
        return found

    def monitor(self, predicted: Mapping[str, np.ndarray], truth: Mapping) -> dict[str, float]:
        """Return how many pulses are found in the validation split, and how well measured."""
        from cascade.studies.radio import metrics

        known = {name: truth[name].numpy() for name in ("label", "snr", "fluence")}
        columns = {**predicted, **known}
        numbers = {
            "validation_auc": metrics.auc(columns),
            "validation_tpr": metrics.tpr_fpr_2e_3_snr_3(columns),
        }
        if "predicted_fluence" in predicted:
            numbers["validation_fluence_resolution"] = metrics.fluence_resolution(columns)
        return numbers


def relative_error(denoised: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
    """Return the squared error of denoised traces over the energy of pulse and some noise, (B,)."""
    signal = batch["signal"]
    error = (denoised - signal).square().sum(dim=1)
    noise = batch["noise_rms"].square() * signal.shape[1]
    # a dead trace has neither
    return error / (signal.square().sum(dim=1) + FAINT * noise).clamp(min=TINY)
