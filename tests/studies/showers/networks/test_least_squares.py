import numpy as np
import pytest
import torch

from cascade.layers.ragged import Ragged
from cascade.studies.showers.constants import SPEED_OF_LIGHT
from cascade.studies.showers.networks.front import SPACING, Frame, plane_front
from cascade.studies.showers.networks.least_squares import (
    UNKNOWNS,
    SignalUpdate,
    gradients,
    prior,
    solve,
)
from cascade.studies.showers.networks.stations import read_stations
from cascade.studies.showers.networks.views import (
    AXIS_STEP,
    CORE_STEP,
    NEAR,
    Estimate,
    look,
)
from cascade.studies.showers.settings import DetectorSettings

SLOPE = 5.0


def read(batch):
    rows = (batch[name] for name in ("position", "time", "trace"))
    return read_stations(*rows, DetectorSettings())


def estimate(axis, core):
    nothing = torch.zeros(len(axis))
    return Estimate(axis, core, nothing, nothing, nothing[:, None])


def log_distance(stations, axis, core):
    """Return ln r, softened, for axes (B, 3) and cores (B, 2)."""
    apart = stations.plane - core[stations.event]
    apart = torch.cat([apart, torch.zeros_like(apart[:, :1])], dim=1)
    ahead = (apart * axis[stations.event]).sum(dim=1)
    return torch.log(apart.square().sum(dim=1) - ahead**2 + NEAR**2) / 2


def test_it_is_numpys_least_squares(batch):
    torch.manual_seed(1)
    stations = read(batch)
    number = len(stations.signal)
    rows, values = torch.randn(number, 3), torch.randn(number)
    weight = torch.rand(number) * 5
    errors = torch.tensor([0.5, 1.0, 3.0])
    known = torch.diag(errors**-2).repeat(len(stations.number), 1, 1)
    found, variances = solve(stations, rows, values, weight, known)
    for event, (solution, variance) in enumerate(zip(found, variances, strict=True)):
        mine = stations.event == event
        root = weight[mine].sqrt()
        # what was known is three more rows
        matrix = np.concatenate([root[:, None] * rows[mine], np.diag(1 / errors)])
        right = np.concatenate([root * values[mine], np.zeros(3)])
        expected = np.linalg.lstsq(matrix, right, rcond=None)[0]
        np.testing.assert_allclose(solution, expected, rtol=1e-3, atol=1e-4)
        covariance = np.linalg.inv(matrix.T @ matrix)
        np.testing.assert_allclose(variance.exp(), np.diag(covariance), rtol=1e-3)


@pytest.mark.parametrize("unknown", range(UNKNOWNS - 1))
def test_gradients_are_those_of_the_distance(batch, unknown):
    stations = read(batch)
    axis, core = batch["axis"], batch["core"]
    frame = Frame.of(axis)
    _, weights, distance = look(stations, estimate(axis, core), frame)
    found = gradients(stations, frame, weights, distance)[:, unknown]
    small = 0.02

    def moved(sign):
        change = torch.zeros(UNKNOWNS - 1, len(axis))
        change[unknown] = sign * small
        return log_distance(
            stations,
            frame.tilted(AXIS_STEP * change[0], AXIS_STEP * change[1]),
            core + frame.in_plane(CORE_STEP * change[2], CORE_STEP * change[3]),
        )

    expected = -(moved(1) - moved(-1)) / (2 * small)
    torch.testing.assert_close(found, expected, rtol=0.01, atol=2e-3)


def test_the_prior_of_the_axis_is_the_plane_front(batch):
    """Its inverse is the covariance of tilts, if the front has plenty of stations."""
    stations = read(batch)
    axis, covariance = plane_front(stations)
    frame = Frame.of(axis)
    known = prior(frame, covariance)
    scale = 100 * SPEED_OF_LIGHT / SPACING / AXIS_STEP
    tilts = torch.linalg.inv(known)[:, :2, :2]
    # tilts of one step as changes of (a_x, a_y), and back
    turn = torch.stack([frame.cosine[:, None] * frame.heading, frame.across], dim=2)
    expected = torch.linalg.inv(turn) @ covariance @ torch.linalg.inv(turn).mT * scale**2
    good = (stations.number > 8) & (frame.cosine > 0.5)
    assert good.sum() > 10
    torch.testing.assert_close(tilts[good], expected[good], rtol=0.15, atol=1e-3)


def test_an_update_finds_axis_and_core_from_the_signals():
    """Signals that follow a power law to the letter, seen from an estimate that is a bit off."""
    torch.manual_seed(3)
    events, each = 30, 20
    counts = torch.full((events,), each)
    plane = 2000 * torch.randn(events * each, 2)
    axis = torch.nn.functional.normalize(torch.randn(events, 3).abs() + 0.3, dim=1)
    core = 50 * torch.randn(events, 2)
    stations = read(
        {
            "position": Ragged(torch.cat([plane, torch.zeros(len(plane), 1)], dim=1), counts),
            "time": Ragged(torch.zeros(len(plane)), counts),
            "trace": Ragged(torch.full((len(plane), 80), 10.0), counts),
        }
    )
    signal = -SLOPE * log_distance(stations, axis, core)
    frame = Frame.of(axis)
    off = 0.2 * torch.randn(2, events)
    start = estimate(frame.tilted(*(0.1 * AXIS_STEP * off)), core + 10 * torch.randn(events, 2))
    frame = Frame.of(start.axis)
    _, weights, distance = look(stations, start, frame)
    # the surplus over what is expected of a shower of another size
    surplus = signal + SLOPE * torch.log(distance) + 0.3
    update = SignalUpdate(2)
    with torch.no_grad():
        update.station.weight.copy_(torch.tensor([[1.0, 0], [0, 0], [0, 0]]))
        update.station.bias.copy_(torch.tensor([0, 6.0, SLOPE - np.exp(-SLOPE)]))
    said = torch.stack([surplus, torch.zeros_like(surplus)], dim=1)
    # the plane front knows nothing here
    blind = prior(frame, 1e6 * torch.eye(2).repeat(events, 1, 1))
    step, _ = update(stations, said, gradients(stations, frame, weights, distance), blind)
    found = frame.tilted(*(AXIS_STEP * step[:, :2].T))
    before, after = (start.axis - axis).norm(dim=1), (found - axis).norm(dim=1)
    assert after.median() < 0.25 * before.median()
    moved = start.core + frame.in_plane(*(CORE_STEP * step[:, 2:4].T))
    before, after = (start.core - core).norm(dim=1), (moved - core).norm(dim=1)
    assert after.median() < 0.15 * before.median()
    np.testing.assert_allclose(step[:, 4].detach(), 0.3, atol=0.1)
