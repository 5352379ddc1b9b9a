"""The oracle's traces have the law of data with the same truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp

from cascade.errors import CascadeError
from cascade.settings import validate
from cascade.studies.refinement.settings import OracleSettings
from cascade.studies.refinement.simulation.simulate import draw_stations
from cascade.studies.refinement.transport import oracle
from cascade.studies.refinement.transport.oracle import (
    expected_sum,
    fit_oracle,
    mean_noise,
    transform_oracle,
)
from cascade.training.estimators import load_estimator, save_estimator

from ..simulation.drawn import DATA, total

SETTINGS = validate(OracleSettings, DATA)
UNLIKELY = 1e-3
FIELDS = ("trace", "distance", "zenith", "lg_energy", "delta_x")


def known(events, seed=1, settings=SETTINGS):
    return transform_oracle({}, events, settings, np.random.default_rng(seed))


def rise_time(events):
    """Return the bins between 10 and 50 % of the sum of a trace."""
    share = np.cumsum(events["trace"], axis=1, dtype=float) / total(events)[:, None]
    return (share < 0.5).sum(axis=1) - (share < 0.1).sum(axis=1)


def late_noise(events):
    return events["trace"][:, -10:].std(axis=1)


@pytest.mark.parametrize("seen", [total, rise_time, late_noise])
@pytest.mark.parametrize("start", ["data", "simulation"])
def test_the_law_is_that_of_data(splits, seen, start):
    """From data all of the truth is the same; from simulation where every station triggers."""
    data, events = splits[1]["data"], splits[1][start]
    found, expected = seen(known(events)), seen(data)
    for far in (False, True):
        for low, high in ((18.5, 19.0), (19.0, 19.4), (19.4, 20.0)):
            if start == "simulation" and low < 19.4:
                continue
            here, there = (
                ((x["distance"] > 1000) == far) & (x["lg_energy"] >= low) & (x["lg_energy"] < high)
                for x in (events, data)
            )
            assert here.sum() > 300
            assert ks_2samp(found[here], expected[there]).pvalue > UNLIKELY, (far, low)
    # such a test does tell simulation from data
    assert ks_2samp(seen(splits[1]["simulation"]), expected).pvalue < UNLIKELY / 100


def test_faint_stations_have_the_law_of_those_that_trigger():
    one = {"distance": 1400.0, "delta_x": 500.0, "lg_energy": 17.6}
    events = {name: np.full(1500, value) for name, value in one.items()}
    events["trace"] = np.ones((1500, 80), "f4")
    many = [np.full(20_000, value) for value in one.values()]
    traces, loud = draw_stations(np.random.default_rng(2), *many, 1, SETTINGS)
    assert 0.1 < loud.mean() < 0.4
    found = known(events)["trace"]
    assert found.sum(axis=1).min() > 115.1
    for place in (slice(0, 20), slice(20, 40), slice(60, 80)):
        expected = traces[loud][:, place].sum(axis=1)
        assert ks_2samp(found[:, place].sum(axis=1), expected).pvalue > UNLIKELY


def test_all_but_the_trace_stays(splits):
    events = {name: values[:50] for name, values in splits[1]["simulation"].items()}
    before = {name: values.copy() for name, values in events.items()}
    found, again, other = known(events), known(events), known(events, seed=2)
    assert list(found) == list(events)
    assert found["trace"].dtype == np.float32
    assert np.array_equal(found["trace"], again["trace"])
    assert not np.array_equal(found["trace"], other["trace"])
    for name in FIELDS:
        assert np.array_equal(events[name], before[name])
        assert np.array_equal(found[name], before[name]) == (name != "trace")


def test_the_fit_learns_nothing_and_is_kept_without_a_pickle(splits, tmp_path):
    train, validation = ({"simulation": split["simulation"]} for split in splits)
    model, history = fit_oracle(train, validation, SETTINGS, 1)
    assert model == {}
    assert list(history[0]) == ["step", "validation_loss"]
    assert history[0]["validation_loss"] == pytest.approx(1, abs=0.12)
    assert len(history) == 1
    save_estimator(tmp_path / "oracle.ckpt", {"study": "refinement"}, model)
    assert load_estimator(tmp_path / "oracle.ckpt")[1] == {}


def test_expected_sums_are_those_that_are_drawn():
    number = 3000
    for distance, lg_energy in ((600.0, 19.0), (1000.0, 19.5), (1400.0, 19.5)):
        events = {
            "distance": np.full(number, distance), "delta_x": np.full(number, 400.0),
            "lg_energy": np.full(number, lg_energy), "trace": np.ones((number, 80), "f4"),
        }  # fmt: skip
        mean, spread = (values[0] for values in expected_sum(events, SETTINGS))
        sums = total(known(events))
        # what is cut off in the settings' noise is not part of the formula in faint bins
        assert sums.mean() == pytest.approx(mean, abs=4 * spread / np.sqrt(number) + 8)
        assert sums.std() == pytest.approx(spread, rel=0.05)


@pytest.mark.parametrize("spread", [0.0, 0.5, 1.0])
def test_the_mean_of_noise_that_is_cut_off(spread):
    detector = SETTINGS.detector.model_copy(update={"pedestal_spread": spread})
    draws = 1.2 * (1 + spread * np.random.default_rng(3).standard_normal(200_000))
    assert mean_noise(detector) == pytest.approx(np.maximum(draws, 0).mean(), abs=0.01)


def test_mistakes_are_said_in_a_line(splits, monkeypatch):
    events = {name: values[:20] for name, values in splits[1]["simulation"].items()}

    def fails(message, events=events, **changes):
        with pytest.raises(CascadeError, match=message) as caught:
            known(events, settings=validate(OracleSettings, DATA | changes))
        assert "\n" not in str(caught.value)

    fails("traces have 80 bins, but 'traces.bins' is 60", traces={"bins": 60})
    unknown = events | {"delta_x": np.full(20, np.nan)}
    fails("'delta_x' is not known of all stations", unknown)
    fails("events do not tell their masses, so the oracle wants one", primaries=[1, 56])
    monkeypatch.setattr(oracle, "PATIENCE", 3)
    fails(r"a station \(distance .*\) hardly ever triggers", detector={"threshold": 1e4})


def test_other_primaries_have_their_signals(splits):
    """Iron has more muons than protons: less signal near the axis, more far away."""
    events = {name: values[:3000] for name, values in splits[1]["simulation"].items()}
    far = events["distance"] > 1350
    drawn, expected = {}, {}
    for mass in (1, 56):
        settings = validate(OracleSettings, {"primaries": [mass]})
        drawn[mass] = total(known(events, settings=settings))
        expected[mass] = expected_sum(events, settings)[0]
    for some in (far, ~far):
        ratio = expected[56][some].sum() / expected[1][some].sum()
        assert drawn[56][some].sum() / drawn[1][some].sum() == pytest.approx(ratio, rel=0.02)
        assert (ratio > 1.03) == some[far].all()
