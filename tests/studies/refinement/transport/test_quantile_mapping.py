"""Quantile mapping finds what was planted, leaves equal samples, and keeps the order of signals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from cascade.errors import CascadeError
from cascade.settings import validate
from cascade.studies.refinement.settings import QuantileMappingSettings
from cascade.studies.refinement.transport.quantile_mapping import (
    fit_quantile_mapping,
    lg_signal,
    mapped,
    transform_quantile_mapping,
    trend,
)
from cascade.training.estimators import load_estimator, save_estimator

from ..simulation.drawn import drawn

BLIND = ("trace", "distance", "zenith")


def fitted(train, validation=None, **changes):
    roles = ("simulation", "data")
    splits = [
        {role: {name: split[role][name] for name in BLIND} for role in roles}
        for split in (train, validation or train)
    ]
    return fit_quantile_mapping(*splits, validate(QuantileMappingSettings, changes), 1)


def transformed(model, events):
    return transform_quantile_mapping(
        model, events, QuantileMappingSettings(), np.random.default_rng(1)
    )


def scaled(events, factor):
    return events | {"trace": (events["trace"] * factor[:, None]).astype("f4")}


def planted(events, name):
    """Return a factor that depends on one variable, and on the signal itself."""
    low, high = {"distance": (500, 1500), "zenith": (0, 60)}[name]
    return 1.0 + 0.6 * (events[name] - low) / (high - low)


@pytest.mark.parametrize("name", ["distance", "zenith"])
def test_a_planted_scale_is_found(splits, name):
    simulation = splits[0]["simulation"]
    data = scaled(simulation, planted(simulation, name))
    train, test = {"simulation": simulation, "data": data}, splits[1]["simulation"]

    model, _ = fitted(train)
    ratio = transformed(model, test)["trace"].sum(axis=1) / test["trace"].sum(axis=1)
    # the scale's own deviation in lg is 0.06
    assert np.sqrt(np.mean(np.log10(ratio / planted(test, name)) ** 2)) < 0.015


def test_bins_follow_what_changes_with_the_distance_beside_the_trend(splits):
    """Here the width of lg S: near stations get a larger one, far ones a smaller one."""
    simulation, test = (split["simulation"] for split in splits)

    def power(events):
        lg = lg_signal(events["trace"])
        far = (events["distance"] - 1000) / 500
        return 10 ** (-0.2 * far * (lg - np.polyval(line, events["distance"])))

    line = np.polyfit(simulation["distance"], lg_signal(simulation["trace"]), 3)
    train = {"simulation": simulation, "data": scaled(simulation, power(simulation))}

    def off(**bins):
        model, _ = fitted(train, **bins)
        gain = mapped(model, test) - lg_signal(test["trace"])
        return np.sqrt(np.mean((gain - np.log10(power(test))) ** 2))

    assert off(distance_bins=5) < 0.7 * off(distance_bins=1)


def test_a_scale_that_depends_on_the_signal_is_found(splits):
    simulation = splits[0]["simulation"]
    power = 10 ** (0.1 * (lg_signal(simulation["trace"]) - 2))
    model, _ = fitted({"simulation": simulation, "data": scaled(simulation, power)})
    test = splits[1]["simulation"]
    lg = lg_signal(test["trace"])
    off = mapped(model, test) - (lg + 0.1 * (lg - 2))
    inner = (lg > 2.2) & (lg < 4)
    assert np.abs(off[inner]).max() < 0.03


def test_trends_are_the_means_over_distance_and_zenith(splits):
    model, _ = fitted(splits[0])
    for role, events in splits[1].items():
        off = lg_signal(events["trace"]) - trend(model, role, events)
        for name in ("distance", "zenith"):
            for part in np.array_split(np.argsort(events[name]), 5):
                assert abs(off[part].mean()) < 4 * off[part].std() / np.sqrt(len(part)), name


def test_the_same_stations_stay_as_they_are(splits):
    events = splits[0]["simulation"]
    model, history = fitted({"simulation": events, "data": events})
    np.testing.assert_allclose(transformed(model, events)["trace"], events["trace"], rtol=1e-6)
    assert history == [{"step": 1, "train_loss": 0, "validation_loss": 0}]


def test_equal_samples_stay_within_errors(splits):
    """Quantiles of 800 stations of a bin are uncertain by some 5 % of the width of their lg S."""
    simulation = splits[0]["simulation"]
    model, _ = fitted({"simulation": simulation, "data": drawn(12_000, seed=31)})
    test = splits[1]["simulation"]
    gain = mapped(model, test) - lg_signal(test["trace"])
    assert np.std(lg_signal(test["trace"])) > 0.5
    assert np.sqrt(np.mean(gain**2)) < 0.05
    assert abs(gain.mean()) < 0.03


def test_simulation_comes_closer_to_data(splits):
    model, history = fitted(*splits)
    same = {"data": model["simulation"], "data_trend": model["simulation_trend"]}
    identity = model | same
    simulation, data = (splits[1][role] for role in ("simulation", "data"))
    signal = lg_signal(data["trace"])
    before = wasserstein_distance(mapped(identity, simulation), signal)
    after = wasserstein_distance(mapped(model, simulation), signal)
    np.testing.assert_allclose(mapped(identity, simulation), lg_signal(simulation["trace"]))
    assert after < 0.4 * before
    assert history[0]["train_loss"] < history[0]["validation_loss"] < before


def test_the_loss_is_the_distance_after_mapping(splits):
    model, history = fitted(*splits, distance_bins=1, zenith_bins=1)
    for split, name in zip(splits, ("train_loss", "validation_loss"), strict=True):
        expected = wasserstein_distance(
            mapped(model, split["simulation"]), lg_signal(split["data"]["trace"])
        )
        assert history[0][name] == pytest.approx(expected)


@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 20)),
    distance=st.floats(300, 1700),
    zenith=st.floats(0, 70),
)
def test_at_one_place_the_order_of_signals_stays(seed, shape, distance, zenith):
    rng = np.random.default_rng(seed)
    model = {
        "distance": np.sort(rng.uniform(500, 1500, shape[0])),
        "zenith": np.sort(rng.uniform(0, 60, shape[1])),
        **{role: np.sort(rng.normal(0, 0.5, shape), axis=2) for role in ("simulation", "data")},
        **{f"{role}_trend": rng.normal(0, 0.3, 10) for role in ("simulation", "data")},
    }
    sums = np.sort(10 ** rng.uniform(0.5, 5.5, 100))
    events = {
        "trace": sums[:, None], "distance": np.full(100, distance), "zenith": np.full(100, zenith),
    }  # fmt: skip
    assert (np.diff(mapped(model, events)) > -1e-9).all()


def test_all_but_the_trace_stays_and_shapes_too(splits, tmp_path):
    model, _ = fitted(*splits)
    save_estimator(tmp_path / "map.ckpt", {"study": "refinement"}, model)
    loaded = load_estimator(tmp_path / "map.ckpt")[1]
    events = {name: values[:40] for name, values in splits[1]["simulation"].items()}
    before = {name: values.copy() for name, values in events.items()}
    found = transformed(loaded, events)
    assert list(found) == list(events)
    assert found["trace"].dtype == np.float32
    for name, values in before.items():
        assert np.array_equal(events[name], values)
        assert np.array_equal(found[name], values) == (name != "trace")
    shapes = [x / x.sum(axis=1, keepdims=True) for x in (found["trace"], events["trace"])]
    np.testing.assert_allclose(*shapes, rtol=1e-4, atol=1e-7)


def test_empty_traces_do_no_harm(splits):
    model, _ = fitted(*splits)
    events = {name: values[:3].copy() for name, values in splits[1]["simulation"].items()}
    events["trace"][1] = 0
    found = transformed(model, events)["trace"]
    assert np.isfinite(found).all()
    assert not found[1].any()


def test_bins_without_stations_are_named(splits):
    few = {role: {k: v[:200] for k, v in events.items()} for role, events in splits[0].items()}
    message = (
        r"^quantile_mapping: the training split of role '\w+' has \d stations at distance .* m and "
        r"zenith .* deg, of 10 needed; ask for fewer 'distance_bins' or 'zenith_bins'"
    )
    with pytest.raises(CascadeError, match=message) as caught:
        fitted(few, distance_bins=20, zenith_bins=3)
    assert "\n" not in str(caught.value)
    far = {**few, "data": few["data"] | {"distance": few["data"]["distance"] + 5000}}
    with pytest.raises(CascadeError, match="role 'simulation' has 0 stations"):
        fitted(far, distance_bins=2)
    fitted(few, distance_bins=2, zenith_bins=2)
