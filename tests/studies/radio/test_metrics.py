"""Metrics on cases made by hand."""

import numpy as np
import pytest
from scipy.stats import norm

from cascade.evaluation.bootstrap import bootstrap
from cascade.studies.radio import metrics

NAMES = ("auc", "tpr_fpr_2e_3_snr_3", "fluence_bias", "fluence_resolution", "snr_gain")


def toy(seed=1, traces=20000, samples=16):
    """Scores are normal about the SNR; fluences 10 % too large, 20 % wide; a third of the noise."""
    rng = np.random.default_rng(seed)
    label = (np.arange(traces) % 2).astype(np.int8)
    snr = np.where(label, rng.uniform(1, 6, traces), 0).astype(np.float32)
    signal = (snr[:, None] * rng.normal(size=(traces, samples))).astype(np.float32)
    residual = rng.choice([-1, 1], (traces, samples))
    fluence = np.where(label, rng.uniform(1, 100, traces), 0)
    return {
        "score": rng.normal(snr),
        "denoised": (signal + residual).astype(np.float32),
        "predicted_fluence": fluence * rng.normal(1.1, 0.2, traces),
        "label": label,
        "snr": snr,
        "fluence": fluence,
        "signal": signal,
        "noise_rms": np.full(traces, 3, np.float32),
    }


@pytest.fixture(scope="module")
def predictions():
    return toy()


def test_known_qualities_are_found(predictions):
    cut = norm.isf(2e-3)
    expected = norm.cdf(np.linspace(3, 6, 1001) - cut).mean()
    assert metrics.tpr_fpr_2e_3_snr_3(predictions) == pytest.approx(expected, abs=0.02)
    assert metrics.auc(predictions) == pytest.approx(
        norm.cdf(np.linspace(1, 6, 1001) / np.sqrt(2)).mean(), abs=0.01
    )
    assert metrics.fluence_bias(predictions) == pytest.approx(0.1, abs=0.01)
    # 68 % of a normal distribution lie within 0.9945 standard deviations
    assert metrics.fluence_resolution(predictions) == pytest.approx(0.2, abs=0.01)
    assert metrics.snr_gain(predictions) == pytest.approx(3, rel=1e-6)


def test_a_case_by_hand():
    columns = {
        #                  noise . . . . . . . . .  pulses: weak, strong found, strong lost, found
        "score": np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.9, 0.8, 0.5, 0.6]),
        "label": np.array([0, 0, 0, 0, 0, 1, 1, 1, 1]),
        "snr": np.array([0, 0, 0, 0, 0, 2.0, 4.0, 5.0, 6.0]),
        "fluence": np.array([0, 0, 0, 0, 0, 1.0, 2.0, 1.0, 4.0]),
        "predicted_fluence": np.array([9, 9, 9, 9, 9, 9, 3.0, 9, 4.0]),
        "signal": np.zeros((9, 4)),
        "denoised": np.outer([9, 9, 9, 9, 9, 9, 1, 9, 2], np.ones(4)),
        "noise_rms": np.full(9, 8.0),
    }
    assert metrics.detected(columns).tolist() == [False] * 5 + [True, True, False, True]
    assert metrics.tpr_fpr_2e_3_snr_3(columns) == pytest.approx(2 / 3)
    assert metrics.fluence_bias(columns) == pytest.approx(0.25)
    assert metrics.fluence_resolution(columns) == pytest.approx(0.34 * 0.5)
    assert metrics.noise_reduction(columns)[[6, 8]].tolist() == [8, 4]
    assert metrics.snr_gain(columns) == pytest.approx(6)
    assert metrics.detected(columns, fpr=0.4).sum() == 6


@pytest.mark.parametrize(
    ("fpr", "cut"), [(0, 99), (0.0019, 99), (0.01, 98), (0.29, 70), (0.295, 70), (1, 0)]
)
def test_cuts_let_no_more_noise_pass_than_allowed(fpr, cut):
    noise = np.random.default_rng(1).permutation(np.arange(100.0))
    assert metrics.cut_at(noise, fpr) == cut
    assert np.mean(noise > metrics.cut_at(noise, fpr)) <= fpr


def test_tied_scores_do_not_pass_together():
    noise = np.repeat([0.0, 1.0], 500)
    assert metrics.cut_at(noise, 2e-3) == 1
    assert not (noise > metrics.cut_at(noise)).any()
    assert np.isnan(metrics.cut_at(np.empty(0)))


def test_half_widths_of_many_rows_at_once():
    values = np.random.default_rng(2).normal(size=(3, 5000))
    widths = metrics.half_width(values)
    assert widths.shape == (3,)
    assert widths[1] == metrics.half_width(values[1])
    np.testing.assert_allclose(widths, 0.9945, atol=0.06)
    assert np.isnan(metrics.half_width(np.ones(1)))
    assert np.isnan(metrics.half_width(np.ones((2, 1)))).all()


def test_weak_and_lost_pulses_do_not_count(predictions):
    spoilt = {name: values.copy() for name, values in predictions.items()}
    other = (predictions["snr"] <= 3) | ~metrics.detected(predictions)
    for name in ("denoised", "predicted_fluence"):
        spoilt[name][other] = 77
    for name in ("fluence_bias", "fluence_resolution", "snr_gain"):
        assert getattr(metrics, name)(spoilt) == getattr(metrics, name)(predictions)


@pytest.mark.parametrize("name", NAMES)
def test_intervals_hold_the_value(predictions, name):
    some = {key: values[:3000] for key, values in predictions.items()}
    value, low, high = bootstrap(getattr(metrics, name), some, np.random.default_rng(3), 40)
    assert value == getattr(metrics, name)(some)
    assert low <= value <= high
    assert high - low < 0.15


@pytest.mark.parametrize("name", NAMES)
def test_what_is_missing_is_not_a_number(predictions, name):
    metric = getattr(metrics, name)
    used = {"score", "label"}
    if name != "auc":
        used |= {"snr"}
    if name.startswith("fluence"):
        used |= {"fluence", "predicted_fluence"}
    if name == "snr_gain":
        used |= {"denoised", "signal", "noise_rms"}
    for column in predictions:
        columns = {key: values for key, values in predictions.items() if key != column}
        assert np.isnan(bootstrap(metric, columns, np.random.default_rng(4), 10)[0]) == (
            column in used
        )
    for which in (predictions["label"] == 0, predictions["label"] == 1, np.zeros(20000, bool)):
        some = {key: values[which] for key, values in predictions.items()}
        assert np.isnan(bootstrap(metric, some, np.random.default_rng(5), 10)).all()
    weak = {key: values[predictions["snr"] < 3] for key, values in predictions.items()}
    assert np.isnan(metric(weak)) == (name != "auc")


def test_nothing_left_of_the_noise_is_an_infinite_gain(predictions):
    perfect = predictions | {"denoised": predictions["signal"]}
    assert metrics.snr_gain(perfect) == np.inf
