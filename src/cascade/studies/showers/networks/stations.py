"""What all shower networks see of a station: its place, time, signal, and the shape of its trace.

A trace enters as two channels: the logarithm of the signal of each bin, which tells of the tail,
and the share of the signal that came before the end of each bin, which does not depend on the
signal's size. The depth of the maximum shows in the second one.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cascade.layers.convolution1d import Conv1d
from cascade.layers.ragged import Ragged
from cascade.studies.showers.settings.networks import ShowerNetworkSettings, TraceEncoderSettings
from cascade.studies.showers.settings.sources import DetectorSettings

QUANTILES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Shares of the signal whose arrival times describe the shape of a trace."""
SHAPES = 2 + len(QUANTILES)
"""Numbers that describe the shape of a trace."""


@dataclass(frozen=True, eq=False)
class Stations:
    """Triggered stations of B events, K in all.

    Attributes
    ----------
    events
        The stations' positions in the plane [m], (K, 2), with the number of stations an event.
    time
        Start of the trace [ns], (K,).
    timing_error
        Standard deviation of the time [ns], (K,).
    signal
        Sum of the trace above the pedestal [particles], at least 1, (K,).
    trace
        Logarithm and cumulative share of the signal over time, (K, 2, T).
    shape
        Logarithms of mean, width and quantiles of the arrival times, (K, 7), about 0.
    """

    events: Ragged
    time: Tensor
    timing_error: Tensor
    signal: Tensor
    trace: Tensor
    shape: Tensor

    @property
    def plane(self) -> Tensor:
        """Positions in the plane [m], (K, 2)."""
        return self.events.values

    @property
    def event(self) -> Tensor:
        """The event of each station, (K,)."""
        return self.events.index()

    @property
    def number(self) -> Tensor:
        """Stations in each event, at least 1 so that one can divide by it: (B,)."""
        return self.events.counts.clamp(min=1)

    @property
    def log_signal(self) -> Tensor:
        """Logarithm lg of the signal, (K,)."""
        return torch.log10(self.signal)

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum over the stations of each event: (K, …) → (B, …)."""
        return self.events.with_values(values).sum()

    def max(self, values: Tensor) -> Tensor:
        """Return the largest over the stations of each event: (K, …) → (B, …)."""
        return self.events.with_values(values).max()


def read_stations(
    position: Ragged, time: Ragged, trace: Ragged, detector: DetectorSettings
) -> Stations:
    """Make the views of the stations from the fields of the events, in their units."""
    signal = trace.values - detector.pedestal
    total = signal.sum(dim=1).clamp(min=1)
    share = signal.cumsum(dim=1) / total[:, None]
    return Stations(
        events=Ragged(position.values[:, :2], position.counts),
        time=time.values,
        timing_error=detector.jitter / (1 + torch.log10(1 + total)),
        signal=total,
        trace=torch.stack([torch.log10(1 + trace.values), share], dim=1),
        shape=_shape(signal, share, total),
    )


def _shape(signal: Tensor, share: Tensor, total: Tensor) -> Tensor:
    """Return the logarithms of mean, width and quantiles of arrival times [bins], about 0."""
    bins = signal.shape[1]
    place = torch.arange(bins, dtype=signal.dtype, device=signal.device) + 0.5
    mean = (signal @ place / total).clamp(0.5, bins)
    width2 = (signal * (place - mean[:, None]) ** 2).sum(dim=1) / total
    quantiles = [(share < quantile).sum(dim=1) + 1 for quantile in QUANTILES]
    times = torch.stack([mean, width2.clamp(0.25, bins**2).sqrt(), *quantiles], dim=1)
    # from bins to units of an eighth of the trace
    return torch.log(times * (8 / bins))


class TraceEncoder(nn.Module):
    """Few numbers that stand for a trace, by the same weights at every station.

    Shapes
    ------
    ``(K, 2, T) -> (K, width)``
    """

    def __init__(self, settings: TraceEncoderSettings, bins: int):
        super().__init__()
        self.kind = settings.kind
        hidden, width = settings.hidden, settings.width
        match settings.kind:
            case "dense":
                self.layers = nn.Sequential(nn.Flatten(), nn.Linear(2 * bins, hidden), nn.ReLU())
                last = hidden
            case "convolution":
                layers, channels, length = [], 2, bins
                for outputs in (hidden // 4, hidden // 2, hidden // 2):
                    layers += [Conv1d(channels, outputs, 5, stride=2, padding=2), nn.ReLU()]
                    channels, length = outputs, -(-length // 2)
                self.layers = nn.Sequential(*layers, nn.Flatten())
                last = channels * length
            case "lstm":
                self.pool = nn.AvgPool1d(settings.rebin, ceil_mode=True)
                self.layers = nn.LSTM(2, hidden // 2, batch_first=True, bidirectional=True)
                last = 2 * (hidden // 2)
        self.out = nn.Sequential(nn.Linear(last, width), nn.ReLU())

    def forward(self, trace: Tensor) -> Tensor:
        """Encode traces."""
        if self.kind != "lstm":
            return self.out(self.layers(trace))
        if not len(trace):  # a recurrent layer takes no empty batch
            return trace.new_zeros(0, self.out[0].out_features)
        _, (last, _) = self.layers(self.pool(trace).transpose(1, 2))
        # the last state of either direction
        return self.out(last.transpose(0, 1).flatten(1))


class StationEncoder(nn.Module):
    """What a station's trace says, for any network: encoded trace, shape, signal.

    Shapes
    ------
    ``Stations -> (K, width)`` with ``width`` the attribute of this name.
    """

    def __init__(self, settings: ShowerNetworkSettings):
        super().__init__()
        self.trace = TraceEncoder(settings.encoder, settings.bins)
        self.width = settings.encoder.width + SHAPES + 1

    def forward(self, stations: Stations) -> Tensor:
        """Encode the stations."""
        signal = stations.log_signal[:, None] - 2  # about 0
        return torch.cat([self.trace(stations.trace), stations.shape, signal], dim=1)
