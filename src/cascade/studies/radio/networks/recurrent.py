"""Bidirectional LSTM layers over the samples of a trace, each time's answer in one sum.

With the default widths this is the network of the textbook on this task (Erdmann et al., Deep
Learning for Physics Research, 2021, chapter 9) with its 95,873 parameters: PyTorch's second bias of
each gate, which does nothing that the first does not, is held at 0.
"""

from __future__ import annotations

from torch import Tensor, nn

from cascade.studies.radio.settings.networks import RecurrentSettings


class Recurrent(nn.Module):
    """Layers in both directions of time, then one weight for each number at each time.

    Shapes
    ------
    trace (B, samples) → ``logit`` (B,)
    """

    def __init__(self, settings: RecurrentSettings):
        super().__init__()
        inputs = [1, *(2 * width for width in settings.widths)]
        self.layers = nn.ModuleList(
            nn.LSTM(before, width, batch_first=True, bidirectional=True)
            for before, width in zip(inputs, settings.widths, strict=False)
        )
        for name, values in self.layers.named_parameters():
            if "bias_hh" in name:
                nn.init.zeros_(values).requires_grad_(False)
        self.dropout = nn.Dropout(settings.dropout)
        self.answer = nn.Linear(inputs[-1] * settings.sampling.samples, 1)

    def forward(self, trace: Tensor) -> dict[str, Tensor]:
        """Return the logit of a pulse."""
        rms = trace.square().mean(dim=1, keepdim=True).sqrt().clamp(min=1e-12)
        sequence = (trace / rms)[:, :, None]
        for layer in self.layers:
            sequence, _ = layer(sequence)
        return {"logit": self.answer(self.dropout(sequence.flatten(1))).squeeze(1)}
