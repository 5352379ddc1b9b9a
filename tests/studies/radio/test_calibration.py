"""The calibration of fluences: known responses are recovered and leave no bias."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.studies.radio.calibration import (
    IDENTITY,
    LEAST_SNR,
    calibrate,
    calibrated,
    fit_calibration,
)

SIGNALS = 4000


@pytest.fixture
def true():
    return np.exp(np.random.default_rng(1).uniform(np.log(0.02), np.log(200), SIGNALS))


@pytest.fixture
def snr():
    return np.full(SIGNALS, 5.0)


def response(true, a, b, c):
    return np.exp(a + b * np.log(true) + c * np.log(true) ** 2)


@given(
    a=st.floats(-2, 2), b=st.floats(0.7, 1.3), c=st.floats(-0.03, 0.03),
    true=st.floats(0.02, 200),
)  # fmt: skip
def test_a_response_is_undone(a, b, c, true):
    raw = response(np.array([true]), a, b, c)
    assert calibrated(raw, np.array([a, b, c, 1.0])) == pytest.approx(true, rel=1e-6)


@given(st.floats(-0.05, 0.05), st.integers(0, 2**32 - 1))
def test_larger_raw_fluences_stand_for_larger_ones(c, seed):
    raw = np.sort(np.exp(np.random.default_rng(seed).normal(0, 5, 100)))
    found = calibrated(raw, np.array([0.3, 1.1, c, 2.0]))
    assert np.isfinite(found).all()
    assert (np.diff(found) >= 0).all()


@pytest.mark.parametrize("curve", [(0.5, 0.9, 0.0), (-0.3, 1.1, 0.02), (1.0, 1, -0.01)])
def test_the_curve_is_recovered(true, snr, curve):
    *found, typical = fit_calibration(response(true, *curve), true, snr)
    expected = response(true, *curve)
    assert response(true / typical, *found) == pytest.approx(expected, rel=1e-6)
    assert found[2] == pytest.approx(curve[2], abs=1e-6)


def test_scattered_fluences_have_no_bias_at_any_true_one(true, snr):
    scatter = np.random.default_rng(2).gamma(4.0, 1 / 4.0, SIGNALS)
    raw = response(true, -0.4, 0.95, 0.01) * scatter
    found = calibrated(raw, fit_calibration(raw, true, snr)) / true
    for part in np.array_split(np.argsort(true), 5):
        error = found[part].std() / np.sqrt(len(part))
        assert abs(found[part].mean() - 1) < 4 * error
    # errors of the curve itself: five parameters' worth of all signals
    assert found.mean() == pytest.approx(1, abs=3 * found.std() / np.sqrt(SIGNALS))


def test_weak_signals_and_pure_noise_do_not_take_part(true, snr):
    raw = response(true, 0.2, 1.0, 0.0)
    expected = fit_calibration(raw, true, snr)
    weak = np.append(snr, [LEAST_SNR, 0.0, 0.0])
    found = fit_calibration(np.append(raw, [99, 5, 5]), np.append(true, [0.1, 0.0, 1.0]), weak)
    assert np.array_equal(found, expected)


def test_of_few_signals_nothing_is_learned(true, snr):
    raw = response(true, 1.0, 0.9, 0.0)
    assert fit_calibration(raw[:29], true[:29], snr[:29]).tolist() == list(IDENTITY)
    assert fit_calibration(raw[:30], true[:30], snr[:30])[1] == pytest.approx(0.9)


def test_the_pulses_that_are_found_are_calibrated(true, snr):
    """Those of the larger half of the noise, say: without bias, unlike all of them."""
    raw, noise = response(true, 0.3, 1.1, 0.0), np.random.default_rng(3).normal(1, 0.2, SIGNALS)
    score = np.append(noise, np.linspace(0, 1, 1000))
    predicted = {"score": score, "predicted_fluence": np.append(raw * noise, np.ones(1000))}
    label = np.repeat([1, 0], [SIGNALS, 1000])
    truth = {"label": label, "snr": np.append(snr, np.zeros(1000))}
    truth["fluence"] = np.append(true, np.zeros(1000))
    ratio = calibrated(raw * noise, calibrate(predicted, truth)) / true
    assert ratio[noise > 1].mean() == pytest.approx(1, abs=0.02)
    assert ratio.mean() < 0.9
    # where nothing says what noise looks like, all of them
    pulses = label == 1
    predicted, truth = ({key: one[pulses] for key, one in x.items()} for x in (predicted, truth))
    expected = fit_calibration(raw * noise, true, snr)
    assert np.array_equal(calibrate(predicted, truth), expected)


@pytest.mark.parametrize("power", [0.0, -0.7, 0.1])
def test_fluences_that_do_not_rise_with_the_true_ones_stay(true, snr, power):
    scatter = np.random.default_rng(4).gamma(2.0, 0.5, SIGNALS)
    assert fit_calibration(true**power * scatter, true, snr).tolist() == list(IDENTITY)


def test_a_curve_that_turns_is_replaced_by_a_straight_line(true, snr):
    _, b, c, _ = fit_calibration(response(true, 0.1, 1.0, -0.2), true, snr)
    assert c == 0
    assert 0.2 < b < 1.2


@given(st.integers(0, 2**32 - 1), st.integers(30, 60))
def test_whatever_a_bad_network_says_calibrated_fluences_are_numbers(seed, number):
    rng = np.random.default_rng(seed)
    raw = np.exp(rng.normal(rng.normal(0, 20), rng.uniform(0, 20), number))
    true = np.exp(rng.normal(0, 1.5, number))
    found = calibrated(np.append(raw, [0, np.inf]), fit_calibration(raw, true, np.full(number, 5)))
    assert np.isfinite(found.astype(np.float32)).all()
    assert (found > 0).all()


def test_a_raw_fluence_of_0_stays_a_number():
    assert 0 <= calibrated(np.zeros(1), np.array([0.1, 1.0, 0.02, 1.0]))[0] < 1e-6
