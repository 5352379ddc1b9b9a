"""Simulated stations against formulas, geometry, and the simulation of whole footprints."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest
from scipy.stats import ks_2samp, kstest, norm

from cascade.errors import CascadeError
from cascade.studies.refinement import SCHEMA
from cascade.studies.refinement.simulation.simulate import draw_stations
from cascade.studies.showers.array import positions
from cascade.studies.showers.simulation import atmosphere
from cascade.studies.showers.simulation.simulate import detect, draw_showers

from .drawn import (
    DATA,
    DOMAINS,
    NO_TRIGGER,
    SIMULATION,
    drawn,
    expected_bins,
    read_out_mean,
    settings,
    total,
)

EVENTS = 12_000
UNLIKELY = 1e-3
"""Chance of a comparison to fail, if draws were not fixed by their seeds."""
every_domain = pytest.mark.parametrize("domain", DOMAINS.values(), ids=DOMAINS)


@pytest.fixture(scope="module")
def samples():
    """Both domains without a trigger, at energies where most stations see many particles."""
    return {
        name: drawn(EVENTS, domain, lg_energy=[19.2, 20], detector=NO_TRIGGER)
        for name, domain in DOMAINS.items()
    }


@every_domain
def test_stations_are_as_the_schema_and_the_settings_say(domain):
    events = drawn(2000, domain)
    assert set(events) == {field.name for field in SCHEMA}
    for field in SCHEMA:
        assert events[field.name].dtype == field.dtype
        assert events[field.name].shape == (2000, *[80] * len(field.dims))
        assert np.isfinite(events[field.name]).all()
    for name, (low, high) in {
        "distance": (500, 1500), "zenith": (0, 60.001), "lg_energy": (18.5, 20),
        "delta_x": (0, 2000), "trace": (0, 1e6),
    }.items():  # fmt: skip
        assert low <= events[name].min() < events[name].max() <= high, name
    # rounding moves a bin by 1 part in 4096
    assert total(events).min() >= 80 * 1.2 * 1.2 * (1 - 1 / 4096)


def test_each_shower_has_one_station():
    energies = drawn(3000)["lg_energy"].astype("f4")
    # 3000 of the 780,000 floats between 18.5 and 20: some 6 pairs are equal by chance
    assert len(np.unique(energies)) > 2980
    lines = drawn(3000)
    pairs = np.stack([lines["lg_energy"], lines["zenith"]], axis=1)
    assert len(np.unique(pairs, axis=0)) == 3000


def test_geometry_is_that_of_any_station_in_range():
    """Without a trigger each shower gives one of its stations in range, whatever its energy."""
    chosen = settings(detector=NO_TRIGGER)
    rng = np.random.default_rng(2)
    showers, where = draw_showers(rng, 3000, chosen), positions(chosen.array)
    expected = {"distance": [], "zenith": [], "delta_x": []}
    for axis, core, x_max, height in zip(
        showers.axis, showers.core, showers.x_max, showers.maximum_height, strict=True
    ):
        apart = where - [*core, 0]
        distances = np.linalg.norm(np.cross(apart, axis), axis=1)
        near = np.flatnonzero((distances >= 500) & (distances <= 1500))
        if len(near):
            one = rng.choice(near)
            line = axis * height / axis[2] - apart[one]
            depth = atmosphere.vertical_depth(1400.0) - x_max * axis[2]
            expected["distance"].append(distances[one])
            expected["zenith"].append(np.degrees(np.arccos(axis[2])))
            expected["delta_x"].append(depth * np.linalg.norm(line) / line[2])
    events = drawn(EVENTS, detector=NO_TRIGGER)
    for name, values in expected.items():
        assert ks_2samp(events[name], values).pvalue > UNLIKELY, name


@every_domain
def test_stations_are_those_of_whole_footprints(domain):
    """One of each shower's triggered stations in range, where many stay silent."""
    low = {"lg_energy": [18.5, 19]}
    chosen, rng = settings(domain, **low), np.random.default_rng(3)
    showers = draw_showers(rng, 1500, chosen)
    seen = detect(rng, showers, chosen)
    rows = []
    for event, (stations, traces) in enumerate(zip(seen["station"], seen["trace"], strict=True)):
        apart = positions(chosen.array)[ak.to_numpy(stations)] - [*showers.core[event], 0]
        distances = np.linalg.norm(np.cross(apart, showers.axis[event]), axis=1)
        near = np.flatnonzero((distances >= 500) & (distances <= 1500))
        if len(near):
            one = rng.choice(near)
            zenith = np.degrees(np.arccos(showers.axis[event, 2]))
            signal = float(ak.sum(traces[one]))
            rows.append((distances[one], zenith, showers.lg_energy[event], signal))
    events = drawn(EVENTS, domain, **low)
    events["total"] = total(events)
    for name, values in zip(
        ("distance", "zenith", "lg_energy", "total"), np.transpose(rows), strict=True
    ):
        assert ks_2samp(events[name], values).pvalue > UNLIKELY, name


@every_domain
def test_totals_follow_the_formulas(domain, samples):
    chosen = settings(domain, detector=NO_TRIGGER)
    events = samples["data" if domain is DATA else "simulation"]
    bins = sum(expected_bins(events, chosen))
    detector = chosen.detector
    noise = detector.relative_noise**2 * (bins**2 + bins).sum(axis=1)
    spread = np.sqrt(bins.sum(axis=1) + noise + 80 * (1.2 * detector.pedestal_spread) ** 2)
    pull = (total(events) - read_out_mean(bins, detector).sum(axis=1)) / spread
    assert np.std(pull) == pytest.approx(1, abs=0.02)
    for name in ("lg_energy", "distance", "delta_x"):
        edges = np.quantile(events[name], np.linspace(0, 1, 7))[1:-1]
        place = np.digitize(events[name], edges)
        for number in range(6):
            some = pull[place == number]
            assert abs(some.mean()) < 3.5 / np.sqrt(len(some)), (name, number)


@every_domain
def test_the_share_of_muons_is_that_of_the_domain(domain, samples):
    """Muons come earlier, so that the mean trace tells how many there are."""
    chosen = settings(domain, detector=NO_TRIGGER)
    events = samples["data" if domain is DATA else "simulation"]
    muons, others = (part.mean(axis=0) for part in expected_bins(events, chosen))
    noise = (read_out_mean(muons + others, chosen.detector) - muons - others).mean()
    mean = events["trace"].mean(axis=0, dtype=float) - noise
    found = np.linalg.lstsq(np.stack([muons, others], axis=1), mean, rcond=None)[0]
    assert found == pytest.approx([1, 1], abs=0.03)
    # at the maximum, 1000 m from the axis, the shares are those of the settings
    share = found[0] * chosen.signal.muonic / (found @ [chosen.signal.muonic,
                                                        chosen.signal.electromagnetic])  # fmt: skip
    assert share == pytest.approx(0.7 if domain is DATA else 0.3, abs=0.02)


def test_data_have_twice_the_noise_in_late_bins():
    upper = {}
    for name, domain in DOMAINS.items():
        long = {"lg_energy": [18.5, 19], "traces": {"bins": 160}, "detector": NO_TRIGGER}
        chosen, events = settings(domain, **long), drawn(4000, domain, **long)
        noise = events["trace"][sum(expected_bins(events, chosen)) < 3e-3]
        assert len(noise) > 10_000
        assert np.mean(noise == 0) == pytest.approx(
            norm.cdf(-1 / chosen.detector.pedestal_spread), abs=0.01
        )
        upper[name] = np.quantile(noise, norm.cdf(1)) - np.median(noise)
        assert np.median(noise) == pytest.approx(1.2, abs=0.05)
    assert upper["data"] / upper["simulation"] == pytest.approx(2, abs=0.1)


@every_domain
@pytest.mark.parametrize("signal", [0.0, 10.0, 20.0, 40.0])
def test_faint_stations_trigger_as_often_as_their_law_says(domain, signal):
    chosen = settings(domain)
    one = {"distance": np.full(4000, 1000.0), "delta_x": np.full(4000, 100.0)}
    # at 1000 m and 100 g/cm² the signal is that scale
    lg_energy = np.full(4000, 19 + np.log10(max(signal, 1e-9) / 900))
    traces, loud = draw_stations(
        np.random.default_rng(4), *one.values(), lg_energy, 1, chosen
    )  # fmt: skip
    bins = (
        sum(expected_bins({**one, "lg_energy": lg_energy}, chosen))[0] if signal else np.zeros(80)
    )
    spread = np.sqrt(bins.sum() + traces[:, -1].var() * 80)
    mean = read_out_mean(bins, chosen.detector).sum()
    expected = norm.sf((80 * 1.2 * 1.2 - mean) / spread)
    assert loud.mean() == pytest.approx(expected, abs=0.04)
    assert ((traces.sum(axis=1) >= 115.2) == loud).mean() > 0.99


def test_without_a_trigger_every_station_is_read_out():
    assert settings({}).detector.threshold == 0
    one = [np.full(1000, value) for value in (1500.0, 800.0, 17.0)]
    traces, loud = draw_stations(np.random.default_rng(6), *one, 1, settings({}))
    assert loud.all()
    assert traces.sum(axis=1).mean() == pytest.approx(80 * 1.2, rel=0.05)


@pytest.mark.parametrize(("key", "value"), [("front", "spherical"), ("min_stations", 2)])
def test_what_says_nothing_of_single_stations_is_refused(key, value):
    with pytest.raises(CascadeError, match=f"{key} says nothing about single stations"):
        settings({key: value})


def test_a_changed_array_or_detector_keeps_its_other_defaults():
    chosen = settings({"array": {"altitude": 500.0}, "detector": {"relative_noise": 0.2}})
    assert (chosen.array.rows, chosen.array.columns) == (5, 5)
    assert chosen.detector.threshold == 0


@pytest.mark.parametrize("index", [-1.0, 0.0, 2.0])
def test_energies_follow_their_spectrum(index):
    low, high = 18.7, 19.9
    events = drawn(
        4000, lg_energy=[low, high], spectral_index=index, detector=NO_TRIGGER
    )  # fmt: skip

    def law(lg):
        if index == 0:
            return (lg - low) / (high - low)
        # of ∫ 10^(−index lg E) d lg E
        return (10 ** (-index * low) - 10 ** (-index * lg)) / (
            10 ** (-index * low) - 10 ** (-index * high)
        )

    assert kstest(events["lg_energy"], law).pvalue > UNLIKELY


def test_one_seed_gives_the_same_stations():
    first, again, other = drawn(30, seed=5), drawn(30, seed=5), drawn(30, seed=6)
    for name in first:
        assert np.array_equal(first[name], again[name])
        assert not np.array_equal(first[name], other[name])


def test_a_smaller_block_is_the_start_of_a_larger_one():
    large = drawn(2200)
    for events in (1, 999, 1051, 2199):
        small = drawn(events)
        for name, values in small.items():
            assert len(values) == events
            assert np.array_equal(values, large[name][:events]), name


@pytest.mark.parametrize("bins", [1, 40])
def test_traces_have_the_bins_of_the_settings(bins):
    assert drawn(10, traces={"bins": bins})["trace"].shape == (10, bins)


def test_a_range_without_stations_is_said():
    message = r"^distance: 0 of 10500 showers trigger a station between 20000 and 21000 m; widen"
    with pytest.raises(CascadeError, match=message):
        drawn(1, distance=[20_000, 21_000])
    with pytest.raises(CascadeError, match=r"^distance: \d+ of 10500 showers trigger a station"):
        drawn(100, DATA, detector={"threshold": 1e4})


@pytest.mark.parametrize("distance", [[1500, 500], [-1, 500], [500, 500]])
def test_a_range_must_rise(distance):
    with pytest.raises(CascadeError, match="distance must rise from at least 0 m"):
        settings(SIMULATION, distance=distance)
