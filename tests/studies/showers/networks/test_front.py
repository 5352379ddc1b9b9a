import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cascade.layers.ragged import Ragged
from cascade.studies.showers.constants import SPEED_OF_LIGHT
from cascade.studies.showers.networks.front import RIDGE, SPACING, STEEPEST, Frame, plane_front
from cascade.studies.showers.networks.stations import read_stations
from cascade.studies.showers.settings import DetectorSettings

zeniths = st.floats(0, 85)
azimuths = st.floats(-180, 180)


def direction(zenith, azimuth):
    zenith, azimuth = np.radians(zenith), np.radians(azimuth)
    flat = np.sin(zenith) * np.array([np.cos(azimuth), np.sin(azimuth)])
    return torch.tensor([[*flat, np.cos(zenith)]])


def stations(position, time, signal):
    """Events of as many stations each: positions (B, N, 3), times (B, N), signals (B, N)."""
    counts = torch.full((len(position),), position.shape[1])
    trace = torch.full((signal.numel(), 80), 1.2)
    trace[:, 20] += signal.flatten()
    rows = (position.flatten(0, 1), time.flatten(), trace)
    return read_stations(*(Ragged(row, counts) for row in rows), DetectorSettings())


def draw(events=20, number=12, noise=0.0, steepest=70):
    """Fronts of all directions at stations here and there."""
    torch.manual_seed(2)
    turned = torch.rand(events) * 360
    tilted = torch.rand(events) * steepest
    angles = zip(tilted.tolist(), turned.tolist(), strict=True)
    axis = torch.cat([direction(*pair) for pair in angles]).float()
    position = 3000 * torch.randn(events, number, 3)
    position[..., 2] = 0
    time = -(position @ axis[:, :, None])[..., 0] / SPEED_OF_LIGHT
    time = time + 40 + noise * torch.randn(events, number)
    signal = 10 ** (1 + 3 * torch.rand(events, number))
    return axis, position, time, signal


def test_a_front_without_errors_is_found():
    axis, *rows = draw()
    found, _ = plane_front(stations(*rows))
    # but for the ridge, which is there for stations in a line
    torch.testing.assert_close(found, axis, atol=4 * RIDGE, rtol=0)


def test_the_fit_is_numpys_least_squares():
    _, position, time, signal = draw(noise=300)
    made = stations(position, time, signal)
    axes, covariances = plane_front(made)
    error = made.timing_error.reshape(signal.shape).numpy()
    for event, (axis, covariance) in enumerate(zip(axes, covariances, strict=True)):
        weight = 100 / error[event]
        where = position[event, :, :2].numpy() / SPACING
        when = time[event].numpy() * SPEED_OF_LIGHT / SPACING
        where = where - np.average(where, axis=0, weights=weight**2)
        when = when - np.average(when, weights=weight**2)
        # the ridge is two more rows
        square = np.sum((weight[:, np.newaxis] * where) ** 2)
        ridge = np.sqrt(RIDGE * (square / 2 + 1e-6)) * np.eye(2)
        rows = np.concatenate([-weight[:, np.newaxis] * where, ridge])
        slope = np.linalg.lstsq(rows, np.concatenate([weight * when, [0, 0]]), rcond=None)[0]
        np.testing.assert_allclose(axis[:2], slope, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(covariance, np.linalg.inv(rows.T @ rows), rtol=1e-4)


def test_its_covariance_is_that_of_its_errors():
    axis, position, time, signal = draw(steepest=30)
    made = stations(position, time, signal)
    pulls = []
    for _ in range(60):
        late = time + made.timing_error.reshape(time.shape) * torch.randn(time.shape)
        found, covariance = plane_front(stations(position, late, signal))
        # errors of 100 ns are the scale
        scale = 100 * SPEED_OF_LIGHT / SPACING
        error = scale * covariance.diagonal(dim1=1, dim2=2).sqrt()
        pulls.append((found - axis)[:, :2] / error)
    assert torch.cat(pulls).std().item() == pytest.approx(1, abs=0.06)


def test_no_front_is_steeper_than_light_allows():
    _, position, time, signal = draw()
    axis, _ = plane_front(stations(position, 5 * time, signal))
    torch.testing.assert_close(axis.norm(dim=1), torch.ones(len(axis), dtype=axis.dtype))
    assert axis[:, :2].norm(dim=1).max() <= STEEPEST + 1e-6


@given(zeniths, azimuths)
def test_the_frame_is_orthonormal(zenith, azimuth):
    axis = direction(zenith, azimuth)
    frame = Frame.of(axis)
    if zenith < 0.1:
        return  # without an azimuth there is no frame to speak of
    falling = torch.cat([frame.heading * frame.cosine[:, None], -frame.sine[:, None]], dim=1)
    around = torch.cat([frame.across, torch.zeros(1, 1)], dim=1)
    directions = torch.stack([axis, falling, around], dim=1)[0]
    torch.testing.assert_close(
        directions @ directions.T, torch.eye(3, dtype=axis.dtype), atol=1e-9, rtol=0
    )


@given(zeniths, azimuths, st.floats(-0.02, 0.02), st.floats(-0.02, 0.02))
def test_an_axis_is_tilted_away_from_the_zenith_and_around_it(zenith, azimuth, outward, sideward):
    axis = direction(zenith, azimuth)
    frame = Frame.of(axis)
    tilted = frame.tilted(torch.tensor([outward]), torch.tensor([sideward]))
    assert tilted.norm().item() == pytest.approx(1)
    if zenith < 5:
        return
    angles = torch.rad2deg(torch.tensor([torch.acos(tilted[0, 2]), 0]))
    expected = zenith + np.degrees(outward)
    # to first order in the angles
    assert angles[0].item() == pytest.approx(expected, abs=0.3)
    turned = torch.atan2(tilted[0, 1], tilted[0, 0]).item() - np.radians(azimuth)
    turned = (turned + np.pi) % (2 * np.pi) - np.pi
    assert turned * np.sin(np.radians(zenith)) == pytest.approx(sideward, abs=5e-3)


def test_components_and_variances_are_those_along_and_across():
    axis = direction(40, 30)
    frame = Frame.of(axis)
    heading = np.array([np.cos(np.pi / 6), np.sin(np.pi / 6)])
    moved = frame.in_plane(torch.tensor([3.0]), torch.tensor([-2.0]))
    np.testing.assert_allclose(moved[0], 3 * heading - 2 * np.array([-heading[1], heading[0]]))
    covariance = torch.tensor([[[2.0, 0.7], [0.7, 5.0]]], dtype=torch.float64)
    found = frame.variances(covariance)[0]
    assert found[0].item() == pytest.approx(heading @ covariance[0].numpy() @ heading)
    assert found.sum().item() == pytest.approx(7)
