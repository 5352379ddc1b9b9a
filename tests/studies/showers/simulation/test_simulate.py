"""Simulated showers: geometry, check values of the original toy, reproducibility."""

import awkward as ak
import numpy as np
import pytest
from scipy.stats import kstest

from cascade.errors import CascadeError
from cascade.events.seeding import Block, sequence
from cascade.studies.showers.array import positions
from cascade.studies.showers.constants import SPEED_OF_LIGHT
from cascade.studies.showers.settings import ArraySettings, DetectorSettings, ShowerSettings
from cascade.studies.showers.simulation import atmosphere
from cascade.studies.showers.simulation.simulate import (
    Showers,
    draw_showers,
    front_times,
    geometry,
    simulate,
)

QUIET = DetectorSettings(jitter=0.0, event_offset=0.0)


def drawn(events, seed=1, **settings):
    return simulate(Block(0, events, sequence(seed)), ShowerSettings(**settings))


@pytest.fixture(scope="module")
def protons():
    return drawn(12_000, primaries=(1,))


def test_triggered_stations_per_energy_bin(protons):
    """The original makes 5 to 6 events a second: its means are taken to come from 1000 a bin."""
    number = ak.to_numpy(ak.num(protons["station"]))
    index = ((protons["lg_energy"] - 18.5) / 0.25).astype(int)
    for bin_, expected in enumerate((5.60, 6.88, 8.52, 10.41, 13.03, 15.87)):
        chosen = number[index == bin_]
        error = chosen.std() * np.sqrt(1 / len(chosen) + 1 / 1000)
        assert abs(chosen.mean() - expected) < 3 * error + 0.005


def test_zenith_angles(protons):
    zenith = np.arccos(protons["axis"][:, 2].astype(float))
    mean = np.pi / 9 + np.sqrt(3) / 6  # of a density ∝ sin θ cos θ up to 60°, in rad
    assert abs(zenith.mean() - mean) < 3 * zenith.std() / np.sqrt(len(zenith))
    assert zenith.max() < np.radians(60.001)
    # published to a tenth of a degree, from a run of the original
    assert np.degrees(zenith.mean()) == pytest.approx(36.7, abs=0.6)


def test_cores_fill_the_disc(protons):
    radius2 = (protons["core"].astype(float) ** 2).sum(axis=1) / 750**2
    assert radius2.max() <= 1
    assert abs(radius2.mean() - 0.5) < 3 / np.sqrt(12 * len(radius2))


def test_the_maximum_lies_above_the_ground(protons):
    cosine = protons["axis"][:, 2]
    height = atmosphere.height(protons["x_max"] * cosine) - 1400
    assert (height / cosine > 199).all()


def test_stations_stand_where_the_array_says(protons):
    where = positions(ArraySettings())[ak.to_numpy(ak.flatten(protons["station"]))]
    assert np.allclose(ak.to_numpy(ak.flatten(protons["position"])), where)
    for sites in protons["station"][:200]:
        assert (np.diff(ak.to_numpy(sites)) > 0).all()


def test_traces_reach_the_threshold(protons):
    traces = ak.to_numpy(ak.flatten(protons["trace"]))
    assert traces.shape[1] == 80
    assert (traces >= 0).all()
    assert traces.sum(axis=1).min() >= 80 * 1.2 * 1.2 - 0.05


@pytest.mark.parametrize("front", ["planar", "spherical"])
def test_times_without_jitter_are_those_of_the_front(front):
    events = drawn(40, front=front, detector=QUIET)
    for time, where, axis, core, x_max in zip(
        events["time"],
        events["position"],
        events["axis"].astype(float),
        events["core"],
        events["x_max"],
        strict=True,
    ):
        apart = ak.to_numpy(where).astype(float) - [*core, 0]
        if front == "planar":
            expected = -apart @ axis / SPEED_OF_LIGHT
        else:
            height = atmosphere.height(0.5 * x_max * axis[2]) - 1400
            source = axis * height / axis[2]
            reach = np.linalg.norm(apart - source, axis=1) - np.linalg.norm(source)
            expected = reach / SPEED_OF_LIGHT
        assert np.allclose(time, expected, atol=0.1)


def test_spherical_fronts_are_late_off_the_axis():
    settings = ShowerSettings()
    rng = np.random.default_rng(1)
    showers = draw_showers(rng, 50, settings)
    where = positions(settings.array)
    event = np.repeat(np.arange(50), len(where))
    tiled = np.tile(where, (50, 1))
    spherical = ShowerSettings(front="spherical")
    late = front_times(tiled, showers, event, spherical) - front_times(
        tiled, showers, event, settings
    )
    assert (late > -1e-6).all()
    assert late.max() > 100


def test_depth_between_station_and_maximum():
    """A vertical shower: the station below the maximum sees the whole vertical difference."""
    settings = ShowerSettings()
    x_max = np.array([700.0])
    height = atmosphere.height(x_max) - 1400
    showers = Showers(
        np.array([[0.0, 0.0, 1.0]]),
        np.zeros((1, 2)),
        np.array([19.0]),
        np.array([1]),
        x_max,
        height,
    )
    where = np.array([[0.0, 0.0, 0.0], [float(height[0]), 0.0, 0.0]])
    distance, delta_x = geometry(where, showers, settings)
    assert distance[0] == pytest.approx([0, height[0]])
    whole = atmosphere.vertical_depth(1400.0) - 700
    assert delta_x[0] == pytest.approx([whole, whole * np.sqrt(2)])


def test_geometry_against_the_definition():
    settings = ShowerSettings()
    showers = draw_showers(np.random.default_rng(4), 20, settings)
    where = positions(settings.array)
    distance, delta_x = geometry(where, showers, settings)
    for i in range(20):
        axis, core = showers.axis[i], np.array([*showers.core[i], 0])
        apart = where - core
        assert np.allclose(distance[i], np.linalg.norm(np.cross(apart, axis), axis=1))
        line = core + axis * showers.maximum_height[i] / axis[2] - where
        cosine = line[:, 2] / np.linalg.norm(line, axis=1)
        depth = atmosphere.vertical_depth(1400.0) - showers.x_max[i] * axis[2]
        assert np.allclose(delta_x[i], depth / cosine)


def test_one_seed_gives_the_same_events():
    first, again, other = drawn(30, seed=5), drawn(30, seed=5), drawn(30, seed=6)
    for name in first:
        assert ak.array_equal(first[name], again[name])
    assert not np.array_equal(first["core"], other["core"])


def test_primaries_come_in_equal_parts():
    mass = drawn(2000)["mass_number"]
    assert set(np.unique(mass)) == {1, 4, 14, 56}
    assert np.bincount(mass)[[1, 4, 14, 56]] == pytest.approx([500] * 4, abs=80)


def test_at_least_so_many_stations():
    events = drawn(300, min_stations=8, lg_energy=(18.5, 18.6))
    assert len(events["core"]) == 300
    assert ak.num(events["station"]).to_numpy().min() >= 8


def test_a_hopeless_minimum_is_said():
    with pytest.raises(CascadeError, match=r"min_stations: 0 of \d+ events have 20 triggered"):
        drawn(300, min_stations=20, lg_energy=(18.5, 18.5), detector=DetectorSettings(threshold=50))


@pytest.mark.parametrize("index", [-1.0, 0.0, 2.0, 10.0])
def test_energies_follow_their_spectrum(index):
    low, high = 18.5, 20.0
    settings = ShowerSettings(spectral_index=index)
    energies = draw_showers(np.random.default_rng(7), 5000, settings).lg_energy
    assert low <= energies.min() < energies.max() <= high

    def law(lg):
        """The integral of 10^(−index · lg E), or of 1."""
        grown = lg - low if index == 0 else 1 - 10 ** (-index * (lg - low))
        whole = high - low if index == 0 else 1 - 10 ** (-index * (high - low))
        return grown / whole

    assert kstest(energies, law).pvalue > 1e-3


def test_one_energy_has_no_spectrum():
    settings = ShowerSettings(spectral_index=2.0, lg_energy=(19.0, 19.0))
    assert (draw_showers(np.random.default_rng(7), 50, settings).lg_energy == 19).all()
