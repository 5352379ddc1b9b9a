import numpy as np
import pytest
import torch

from cascade.layers.ragged import Ragged
from cascade.studies.showers.networks.stations import (
    QUANTILES,
    SHAPES,
    StationEncoder,
    TraceEncoder,
    read_stations,
)
from cascade.studies.showers.settings import (
    DetectorSettings,
    ShowerNetworkSettings,
    TraceEncoderSettings,
)

KINDS = ("dense", "convolution", "lstm")
STATIONS = ("position", "time", "trace")


def read(batch):
    return read_stations(*(batch[name] for name in STATIONS), DetectorSettings())


def test_signals_lose_their_pedestal(batch):
    stations = read(batch)
    signal = batch["trace"].values.sum(dim=1) - 1.2 * 80
    torch.testing.assert_close(stations.signal, signal.clamp(min=1), rtol=1e-4, atol=1e-2)
    torch.testing.assert_close(stations.timing_error, 480 / (1 + torch.log10(1 + stations.signal)))


def test_a_trace_is_seen_as_logarithm_and_as_share(batch):
    stations = read(batch)
    assert stations.trace.shape == (len(stations.signal), 2, 80)
    torch.testing.assert_close(stations.trace[:, 0], torch.log10(1 + batch["trace"].values))
    whole = stations.signal > 1
    last = stations.trace[whole, 1, -1]
    torch.testing.assert_close(last, torch.ones_like(last), atol=1e-4, rtol=0)


@pytest.mark.parametrize(("first", "bins"), [(0, 80), (10, 20), (30, 1), (79, 1)])
def test_shapes_are_those_of_a_flat_pulse(first, bins):
    trace = torch.full((1, 80), 1.2)
    trace[0, first : first + bins] += 1e4
    one = torch.tensor([1])
    stations = read(
        {
            "position": Ragged(torch.zeros(1, 3), one),
            "time": Ragged(torch.zeros(1), one),
            "trace": Ragged(trace, one),
        }
    )
    mean, width, *quantiles = (stations.shape[0].double().exp() * 10).tolist()
    assert mean == pytest.approx(first + bins / 2, rel=1e-3)
    # at least half a bin wide
    assert width == pytest.approx(max(np.sqrt((bins**2 - 1) / 12), 0.5), rel=1e-3)
    for share, place in zip(QUANTILES, quantiles, strict=True):
        assert abs(place - (first + share * bins)) <= 1 + 1e-5


def test_sums_and_maxima_are_those_of_each_event(batch):
    stations = read(batch)
    values = torch.randn(len(stations.signal), 3)
    for event, (total, largest) in enumerate(
        zip(stations.sum(values), stations.max(values), strict=True)
    ):
        mine = values[stations.event == event]
        torch.testing.assert_close(total, mine.sum(dim=0))
        torch.testing.assert_close(largest, mine.max(dim=0).values if len(mine) else total)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bins", [80, 37, 3])
def test_every_kind_encodes_traces_of_any_length(kind, bins):
    torch.manual_seed(0)
    encoder = TraceEncoder(TraceEncoderSettings(kind=kind, hidden=18, width=5), bins)
    trace = torch.rand(7, 2, bins)
    encoded = encoder(trace)
    assert encoded.shape == (7, 5)
    # each trace by itself
    torch.testing.assert_close(encoder(trace[3:5]), encoded[3:5])
    assert encoder(trace[:0]).shape == (0, 5)


@pytest.mark.parametrize("kind", KINDS)
def test_every_weight_of_an_encoder_is_used(kind, batch):
    torch.manual_seed(0)
    settings = ShowerNetworkSettings(encoder=TraceEncoderSettings(kind=kind))
    encoder = StationEncoder(settings)
    stations = read(batch)
    encoded = encoder(stations)
    assert encoded.shape == (len(stations.signal), encoder.width)
    assert encoder.width == settings.encoder.width + SHAPES + 1
    encoded.square().sum().backward()
    for name, weight in encoder.named_parameters():
        assert weight.grad.abs().sum() > 0, name
