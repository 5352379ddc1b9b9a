"""What the fits expect is what the simulation draws; derivatives against finite differences."""

import numpy as np
import pytest

from cascade.events.seeding import Block, sequence
from cascade.studies.showers.baselines.expectation import expectation
from cascade.studies.showers.baselines.observables import stations
from cascade.studies.showers.constants import SPEED_OF_LIGHT
from cascade.studies.showers.settings import LikelihoodSettings, ShowerSettings
from cascade.studies.showers.simulation.simulate import simulate

SETTINGS = LikelihoodSettings()
CUTS = (4, 12, 80)


def true_parameters(events):
    core, axis = (np.asarray(events[name], np.float64) for name in ("core", "axis"))
    time = np.sum(core * axis[:, :2], axis=1) / SPEED_OF_LIGHT
    columns = [*axis[:, :2].T, time, *core.T, events["lg_energy"], events["x_max"]]
    return np.stack([*columns, np.log(events["mass_number"])], axis=1).astype(np.float64)


@pytest.fixture(scope="module")
def events():
    return simulate(Block(0, 1500, sequence(5)), ShowerSettings())


def test_signals_scatter_about_their_expectation(events):
    found = stations(events, SETTINGS.detector)
    expected = expectation(found.position, found.event, true_parameters(events), CUTS, SETTINGS)
    signal = np.add.reduceat(found.trace, [0, *CUTS[:-1]], axis=1)
    # stations that trigger whatever they draw, off the kink at 150 m
    total = expected.signal.sum(axis=1)
    loud = (total > 60) & (total < 3000)
    width = np.diff(CUTS, prepend=0) * 0.36
    noise = width + 0.05**2 * np.add.reduceat(found.trace**2, [0, *CUTS[:-1]], axis=1)
    pulls = ((signal - expected.signal) / np.sqrt(expected.signal + noise))[loud]
    assert len(pulls) > 3000
    np.testing.assert_allclose(pulls.mean(axis=0), 0, atol=0.06)
    np.testing.assert_allclose(pulls.std(axis=0), 1, atol=0.05)


def test_times_are_those_of_the_front(events):
    quiet = ShowerSettings(detector={"jitter": 0.0, "event_offset": 0.0})
    events = simulate(Block(0, 100, sequence(6)), quiet)
    found = stations(events, SETTINGS.detector)
    expected = expectation(found.position, found.event, true_parameters(events), CUTS, SETTINGS)
    np.testing.assert_allclose(expected.time, found.time, atol=0.05)


def test_derivatives_are_those_of_finite_differences(events):
    few = {name: values[:200] for name, values in events.items()}
    found = stations(few, SETTINGS.detector)
    where = found.position + np.array([0, 0, 50.0])
    parameters = true_parameters(few)
    at = expectation(where, found.event, parameters, CUTS, SETTINGS)
    steps = np.array([1e-5, 1e-5, 1e-2, 1e-2, 1e-2, 1e-5, 1e-2, 1e-4])
    core = parameters[found.event, 3:5]
    smooth = np.linalg.norm(found.position[:, :2] - core, axis=1) > 400
    for column, step in enumerate(steps):
        shift = np.zeros(8)
        shift[column] = step
        up, down = (
            expectation(where, found.event, parameters + sign * shift, CUTS, SETTINGS)
            for sign in (1, -1)
        )
        slope = (up.signal - down.signal) / (2 * step)
        error = np.abs(at.signal_slope[:, :, column] - slope)[smooth]
        # derivatives may pass through zero: compare with their usual size as well
        scale = np.maximum(np.abs(slope), 0.1 * np.median(np.abs(slope), axis=0))[smooth]
        # but where a layer of the atmosphere ends within a step
        assert np.mean(error > 0.02 * scale + 1e-9) < 0.01, column
        time = (up.time - down.time) / (2 * step)
        np.testing.assert_allclose(at.time_slope[:, column], time, rtol=1e-4, atol=1e-3)
