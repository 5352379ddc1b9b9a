"""All baselines: known pulses recovered, symmetries kept, none above the limit."""

import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.settings import validate
from cascade.studies.radio import metrics
from cascade.studies.radio import settings as radio
from cascade.studies.radio.baselines import envelope, limit, matched_filter, wiener
from cascade.studies.radio.baselines.spectra import Noise
from cascade.training.estimators import load_estimator, save_estimator

METHODS = {
    "envelope": (envelope, radio.EnvelopeSettings),
    "matched_filter": (matched_filter, radio.MatchedFilterSettings),
    "wiener": (wiener, radio.WienerSettings),
    "limit": (limit, radio.LimitSettings),
}
RIVALS = ("envelope", "matched_filter", "wiener")
FIELDS = ("trace", "signal", "interference", "label", "snr", "fluence")
MAPPED = ("trace", "signal", "interference")


def fitted(name, train, validation, **settings):
    module, kind = METHODS[name]
    splits = ({"train": {key: split[key] for key in FIELDS}} for split in (train, validation))
    return getattr(module, f"fit_{name}")(*splits, kind(**settings), 1)


def predicted(name, model, events):
    module, kind = METHODS[name]
    inputs = MAPPED if name == "limit" else ("trace",)
    predict = getattr(module, f"predict_{name}")
    return predict(model, {key: events[key] for key in inputs}, kind())


def rows(events, which):
    return {key: values[which] for key, values in events.items()}


@pytest.fixture(scope="module")
def train(drawn):
    return drawn(4000, 1)


@pytest.fixture(scope="module")
def validation(drawn):
    return drawn(2000, 2)


@pytest.fixture(scope="module")
def test(drawn):
    return drawn(8000, 3)


@pytest.fixture(scope="module")
def models(train, validation):
    return {name: fitted(name, train, validation) for name in METHODS}


@pytest.fixture(scope="module")
def predictions(models, test):
    return {name: test | predicted(name, models[name][0], test) for name in METHODS}


@pytest.mark.parametrize("name", METHODS)
def test_columns_and_history(models, predictions, test, name):
    model, history = models[name]
    columns = predicted(name, model, rows(test, slice(300)))
    kinds = {"score": (np.float64, (300,))}
    if name != "limit":
        kinds |= {f"predicted_{key}": (np.float32, (300,)) for key in ("fluence", "time")}
    if name in ("matched_filter", "wiener"):
        kinds["denoised"] = (np.float32, (300, 500))
    assert {key: (values.dtype, values.shape) for key, values in columns.items()} == kinds
    # traces have no part in each other's predictions, nor does their number; of the limit, traces
    # without a pulse draw their pulse by turn
    whole = rows(predictions[name], slice(300))
    for key, values in columns.items():
        np.testing.assert_allclose(values, whole[key], rtol=1e-4, atol=1e-4)
    assert list(history[0]) == ["step", "validation_loss"]
    assert history[0]["validation_loss"] == pytest.approx(1 - metrics.auc(predictions[name]),
                                                          abs=0.03)  # fmt: skip
    empty = predicted(name, model, rows(test, slice(0)))
    assert {key: values.shape[1:] for key, values in empty.items()} == {
        key: shape[1:] for key, (_, shape) in kinds.items()
    }


@pytest.mark.parametrize("name", METHODS)
def test_models_are_stored_without_pickle(models, test, tmp_path, name):
    some = rows(test, slice(200))
    save_estimator(tmp_path / "model.ckpt", {}, models[name][0])
    _, model = load_estimator(tmp_path / "model.ckpt")
    for key, values in predicted(name, model, some).items():
        np.testing.assert_array_equal(values, predicted(name, models[name][0], some)[key])


def test_no_method_comes_near_the_limit(predictions):
    tpr = {name: metrics.tpr_fpr_2e_3_snr_3(columns) for name, columns in predictions.items()}
    assert tpr["limit"] == pytest.approx(0.974, abs=0.015)
    assert max(tpr[name] for name in RIVALS) < tpr["limit"] - 0.03
    # carriers cost plain thresholds a third of the pulses, the matched filter a tenth
    assert tpr["matched_filter"] == pytest.approx(0.88, abs=0.05)
    assert 0.55 < tpr["envelope"] < 0.75
    assert 0.55 < tpr["wiener"] < 0.75


def test_the_limit_is_a_known_number(models, drawn):
    """A maximum over times of correlations of standard deviation 1, whatever the interference."""
    pure = drawn(4000, 4, pulses=0.0)
    score = predicted("limit", models["limit"][0], pure)["score"]
    assert score.mean() == pytest.approx(3.0, abs=0.1)
    other = pure | {"trace": pure["trace"] + 50, "interference": pure["interference"] + 50}
    again = predicted("limit", models["limit"][0], other)["score"]
    np.testing.assert_allclose(again, score, rtol=1e-3)
    # a pulse alone stands √(4 Σ |s|² / P / 2) standard deviations high
    lit = drawn(500, 5, pulses=1.0)
    bare = lit | {"trace": lit["signal"], "interference": np.zeros_like(lit["trace"])}
    score = predicted("limit", models["limit"][0], bare)["score"]
    noise = Noise.recorded(models["limit"][0])
    expected = np.sqrt(2 * np.sum(np.abs(noise.band.spectrum(lit["signal"])) ** 2 / noise.power,
                                  axis=1))  # fmt: skip
    np.testing.assert_allclose(score, expected, rtol=1e-4)


# the window cuts off tails; templates differ from the pulses in delay and slope
@pytest.mark.parametrize(
    ("name", "off", "beside"),
    [("envelope", 0.05, 0.05), ("wiener", 1.0, None), ("matched_filter", 4.0, 0.15)],
)
def test_pulses_without_noise_are_recovered(models, drawn, name, off, beside):
    lit = drawn(500, 5, pulses=1.0, pulse={"snr": [5.0, 20.0]})
    module, _ = METHODS[name]
    raw = module._raw(models[name][0], lit | {"trace": lit["signal"]})
    assert np.median(np.abs(raw["predicted_time"] - lit["peak_time"])) < off  # of 5.6 ns a sample
    share = raw["predicted_fluence"] / lit["fluence"]
    if name == "wiener":  # takes its share of the pulse, too
        assert (share < 1).all()
    else:
        assert np.median(share) == pytest.approx(1, abs=beside)
    # the fluence goes with the square of the amplitude
    twice = module._raw(models[name][0], lit | {"trace": 2 * lit["signal"]})
    np.testing.assert_allclose(twice["predicted_fluence"], 4 * raw["predicted_fluence"], rtol=0.05)


@pytest.mark.parametrize("name", RIVALS)
def test_the_unit_of_the_traces_does_not_matter(train, validation, test, predictions, name):
    def scaled(split):
        mapped = {key: np.float32(30) * split[key] for key in MAPPED}
        return split | mapped | {"fluence": np.float32(900) * split["fluence"]}

    model, _ = fitted(name, scaled(train), scaled(validation))
    some = slice(500)
    columns = predicted(name, model, scaled(rows(test, some)))
    factors = {"predicted_fluence": 900, "denoised": 30}
    for key, values in columns.items():
        expected = predictions[name][key][some] * factors.get(key, 1)
        close = np.isclose(values, expected, rtol=2e-3, atol=1e-3 * np.abs(expected).max())
        # rarely do roundings decide between two maxima
        assert close.reshape(500, -1).all(axis=1).mean() > 0.99, key


@pytest.mark.parametrize("name", ["envelope", "wiener"])
@pytest.mark.parametrize("factor", [0.01, 300.0])
def test_scores_are_relative_to_the_trace(models, test, predictions, name, factor):
    some = rows(test, slice(500))
    louder = some | {"trace": np.float32(factor) * some["trace"]}
    score = predicted(name, models[name][0], louder)["score"]
    np.testing.assert_allclose(score, predictions[name]["score"][:500], rtol=1e-4)


@pytest.mark.parametrize("name", RIVALS)
@pytest.mark.parametrize("shift", [1, 133])
def test_turning_the_trace_turns_the_answer(models, test, predictions, name, shift):
    some = rows(test, slice(500))
    turned = some | {"trace": np.roll(some["trace"], shift, axis=1)}
    columns = predicted(name, models[name][0], turned)
    before = rows(predictions[name], slice(500))
    np.testing.assert_allclose(columns["score"], before["score"], rtol=2e-3)
    length = 500 / 0.18
    off = (columns["predicted_time"] - before["predicted_time"] - shift / 0.18) % length
    assert (np.minimum(off, length - off) < 0.2).mean() > 0.99
    if "denoised" in columns:
        expected = np.roll(before["denoised"], shift, axis=1)
        close = np.isclose(columns["denoised"], expected, atol=0.1).all(axis=1)
        assert close.mean() > 0.99


@pytest.mark.parametrize("name", RIVALS)
def test_polarity_does_not_matter(models, test, predictions, name):
    some = rows(test, slice(500))
    columns = predicted(name, models[name][0], some | {"trace": -some["trace"]})
    for key, values in columns.items():
        sign = -1 if key == "denoised" else 1
        np.testing.assert_allclose(sign * values, predictions[name][key][:500], rtol=1e-3, atol=0.1)


@pytest.mark.parametrize("name", RIVALS)
def test_calibrated_fluences_are_unbiased(predictions, name):
    columns = predictions[name]
    snr = columns["snr"]
    for low, high in ((6, 8), (8, 12), (12, 21)):
        chosen = (snr > low) & (snr < high)
        ratio = columns["predicted_fluence"][chosen] / columns["fluence"][chosen]
        error = ratio.std() / np.sqrt(chosen.sum())
        assert abs(ratio.mean() - 1) < 0.05 + 3 * error
        assert metrics.half_width(ratio) < 0.35


@pytest.mark.parametrize("name", ["matched_filter", "wiener"])
def test_denoised_traces_have_less_noise(predictions, name):
    assert metrics.snr_gain(predictions[name]) > {"matched_filter": 5, "wiener": 1.3}[name]


def test_the_wiener_filter_leaves_the_least_noise(test, predictions, models):
    """Among filters of the same shape, made for pulses of other heights."""
    noise = Noise.recorded(models["wiener"][0])
    chosen = (test["snr"] > 5.5) & (test["snr"] < 6.5)
    signal, quiet = test["signal"][chosen], (test["trace"] - test["interference"])[chosen]
    power = wiener.mean_signal_power(signal, noise) * (6 * noise.rms) ** 2
    left = []
    for factor in (0.2, 1.0, 5.0):
        share = factor * power / (factor * power + noise.power)
        denoised = noise.band.traces(noise.band.spectrum(quiet) * share)
        left.append(np.mean((denoised - signal) ** 2))
    assert left[1] < min(left[0], left[2])


@pytest.mark.parametrize("name", METHODS)
def test_splits_that_lack_a_class_are_refused(train, validation, name):
    dark, lit = ({**rows(validation, validation["label"] == label)} for label in (0, 1))
    with pytest.raises(CascadeError, match=r"train split holds 0 traces without a pulse \(label 0"):
        fitted(name, lit, validation)
    for split in (dark, lit):
        with pytest.raises(CascadeError, match=r"validation split holds traces of only one label"):
            fitted(name, train, split)
    if name in ("wiener", "limit"):
        with pytest.raises(CascadeError, match=r"train split holds no pulse \(label 1"):
            fitted(name, dark, validation)


@pytest.mark.parametrize("name", METHODS)
def test_traces_of_another_length_are_refused(models, test, name):
    short = {key: values[:9, :400] for key, values in test.items() if key in MAPPED}
    with pytest.raises(CascadeError, match="these have 400 samples"):
        predicted(name, models[name][0], short)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("envelope", {"band": [80, 30]}, "settings: band 80 to 30 MHz must rise"),
        ("wiener", {"band": [30, 95]}, "at most half the sampling rate, 90 MHz"),
        ("limit", {"rate": 0}, "rate: 0 is wrong: must be greater than 0"),
        ("matched_filter", {"delays": []}, "delays: [] is wrong"),
        ("matched_filter", {"delays": [-0.1]}, "delays.0: -0.1 is wrong: must be greater"),
        ("matched_filter", {"clips": 2}, "clips: unknown key; did you mean 'clip'?"),
    ],
)
def test_settings_that_cannot_be(name, given, said):
    with pytest.raises(CascadeError) as caught:
        validate(METHODS[name][1], given, "settings")
    assert said in str(caught.value)


def test_a_window_that_does_not_fit_is_refused(train, validation):
    with pytest.raises(CascadeError, match="window: 800 ns"):
        fitted("envelope", train, validation, window=800.0)
