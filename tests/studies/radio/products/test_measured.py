"""Products about fluence, noise, time and latent space: cases worked out by hand."""

import numpy as np
import pytest
from scipy.stats import beta

from cascade.errors import CascadeError
from cascade.plotting.product import Inputs
from cascade.studies.radio import metrics
from cascade.studies.radio.settings.products import (
    CompressionSettings,
    InventedPulsesSettings,
    LatentSettings,
    SnrSettings,
)
from products import products_of
from studies.radio.products.predicted import make_traces, predict, truth, write

products = products_of("radio")

SETTINGS = SnrSettings(edges=[1.0, 4.0, 20.0], replicas=20)


@pytest.fixture(scope="module")
def traces():
    return make_traces(800)


def of(tmp_path, columns, name="net"):
    write(tmp_path / f"{name}.h5", columns)
    return Inputs({(name, "default"): tmp_path / f"{name}.h5"})


def perfect(traces, **columns):
    """Return truth with a score that detects every pulse, and other columns."""
    return truth(traces) | {"score": traces["label"].astype(float)} | columns


def test_a_known_ratio_is_a_known_bias(tmp_path, traces):
    columns = perfect(traces, predicted_fluence=1.1 * traces["fluence"])
    result = products.fluence_ratio(of(tmp_path, columns), SETTINGS)
    np.testing.assert_allclose(result.table["bias"], 0.1, atol=1e-6)
    np.testing.assert_allclose(result.table["half_width"], 0, atol=1e-6)
    assert result.metrics["net/fluence_largest_bias"].value == pytest.approx(0.1, abs=1e-6)
    strong = int(np.sum(traces["snr"] > 3))
    assert f"net {strong} (100 %)" in result.caption


def test_the_share_measured_well_is_of_detected_pulses(tmp_path, traces):
    # exact in the upper bin, half of the pulses 30 % up and half of them 30 % down in the lower
    sign = np.where(np.arange(800) % 2 == 0, 1.0, -1.0)
    edges = [3.0, 6.0, 20.0]
    ratio = np.where(traces["snr"] < 6, 1 + 0.3 * sign, 1.0)
    columns = perfect(traces, predicted_fluence=ratio * traces["fluence"])
    # a cut that no weak pulse passes
    columns["score"] = np.where(traces["snr"] > 4.5, 1.0, 0.0)
    settings = SETTINGS.model_copy(update={"edges": edges, "min_events": 2})
    result = products.fluence_ratio(of(tmp_path, columns), settings)
    assert result.table["half_width"] == pytest.approx([0.3, 0.0], abs=1e-6)
    above = [int(np.sum((traces["snr"] > low) & (traces["snr"] <= 20))) for low in (4.5, 6)]
    assert result.table["pulses"] == [above[0] - above[1], above[1]]
    share = result.metrics["net/fluence_share_within_20"]
    assert share.value == pytest.approx(above[1] / above[0])
    assert share.events == above[0]
    # 80 % of the detected are less than those of the upper bin, or some more
    judged = np.sort(traces["snr"][traces["snr"] > 4.5])[-round(0.8 * above[0]) :]
    below = np.mean(judged < 6)
    whole = result.metrics["net/fluence_half_width_80"]
    assert whole.value == pytest.approx(0.3 if below > 0.32 else 0.0, abs=1e-6)
    assert whole.events == pytest.approx(len(judged), abs=1)


def test_the_gain_is_of_the_noise_that_is_left(tmp_path, traces):
    noise = traces["trace"] - traces["signal"]
    columns = perfect(traces, denoised=traces["signal"] + 0.25 * noise)
    result = products.snr_gain(of(tmp_path, columns), SETTINGS)
    for name in ("gain", "percentile_16", "percentile_84"):
        np.testing.assert_allclose(result.table[name], 4, rtol=1e-4)
    number = result.metrics["net/snr_gain"]
    assert number.value == pytest.approx(float(metrics.snr_gain(columns)))
    assert number.events == np.sum(traces["snr"] > 3)


def test_times_are_contained_or_mislocated(tmp_path, traces):
    error = np.where(np.arange(800) % 5 == 0, -100.0, 10.0)
    columns = perfect(traces, predicted_time=traces["peak_time"] + error)
    result = products.peak_time_error(of(tmp_path, columns), SETTINGS)
    np.testing.assert_allclose(result.table["containment_ns"], 10, rtol=1e-3)
    strong = np.abs(error[traces["snr"] > 3])
    assert result.metrics["net/mislocated_snr_3"].value == pytest.approx(np.mean(strong > 50))
    assert result.metrics["net/time_error_snr_3"].unit == "ns"


def test_bins_with_few_pulses_are_empty(tmp_path, traces):
    columns = perfect(traces, predicted_time=traces["peak_time"])
    settings = SnrSettings(edges=[1.0, 4.0, 19.9, 20.0], replicas=10)
    result = products.peak_time_error(of(tmp_path, columns), settings)
    assert np.isnan(result.table["mislocated"][-1])
    assert np.isfinite(result.table["mislocated"][:-1]).all()


def claims(traces, snr):
    """Return predictions whose denoised traces claim some signal-to-noise ratios."""
    denoised = np.zeros_like(traces["signal"])
    denoised[:, 7] = -np.asarray(snr) * traces["noise_rms"]
    return truth(traces) | {"score": np.zeros(len(denoised)), "denoised": denoised}


def test_invented_pulses_are_counted(tmp_path, traces):
    noise = make_traces(300, 3, pulses=0.0)
    write(tmp_path / "a_noise.h5", claims(noise, [4.0] * 3 + [1.0] * 297), "noise")
    write(tmp_path / "b_noise.h5", claims(noise, np.full(300, 0.5)), "noise")
    # noise among the pulses does not count where there is pure noise
    own = np.where(traces["label"] == 0, 7.0, np.where(traces["snr"] > 3, 5.0, 0.1))
    for name in ("a", "b"):
        write(tmp_path / f"{name}_default.h5", claims(traces, own))
    files = {
        (name, sample): tmp_path / f"{name}_{sample}.h5"
        for name in ("a", "b")
        for sample in ("noise", "default")
    }
    result = products.invented_pulses(Inputs(files), InventedPulsesSettings())
    rate = result.metrics["a/invented"]
    assert (rate.value, rate.events) == (0.01, 300)
    upper = result.metrics["a/invented_upper_95"].value
    assert upper == pytest.approx(beta.ppf(0.975, 4, 297))
    assert result.metrics["a/invented_lower_95"].value == pytest.approx(beta.ppf(0.025, 3, 298))
    assert result.metrics["b/invented"].value == 0
    none = 1 - 0.025 ** (1 / 300)
    assert result.metrics["b/invented_upper_95"].value == pytest.approx(none)
    assert result.metrics["a/kept_snr_3"].value == 1
    assert "a: 3, a rate of 0.01" in result.caption
    assert f"b: none, the rate is below {none:.2g}" in result.caption
    table = {name: np.array(values) for name, values in result.table.items()}
    at = (table["method"] == "a") & (table["claimed_snr"] == 3)
    assert table["noise_above"][at].item() == 3
    assert table["noise_upper_95"][at].item() == pytest.approx(upper)
    # of one sample alone its own noise counts
    alone = Inputs({("a", "default"): files["a", "default"]})
    alone = products.invented_pulses(alone, InventedPulsesSettings())
    assert alone.metrics["a/invented"].value == 1


def test_invented_pulses_need_noise_and_signals(tmp_path):
    noise = make_traces(50, pulses=0.0)
    inputs = of(tmp_path, claims(noise, np.zeros(50)))
    with pytest.raises(CascadeError, match="'net' hold no traces of SNR > 3"):
        products.invented_pulses(inputs, InventedPulsesSettings())
    with pytest.raises(CascadeError, match="no methods are named"):
        products.invented_pulses(Inputs(), InventedPulsesSettings())


def space(traces, informed):
    rng = np.random.default_rng(5)
    blind = rng.normal(size=(len(traces["label"]), 3))
    known = np.stack([traces["label"] * 10.0, np.log1p(traces["snr"]) * 30, 0 * traces["snr"]], 1)
    return truth(traces) | {
        "score": np.zeros(len(blind)),
        "latent": blind + (known if informed else 0),
    }


def test_neighbours_tell_what_a_latent_space_knows(tmp_path):
    traces = make_traces(400)
    settings = LatentSettings(traces=300, neighbours=5, perplexity=10.0)
    files = {}
    for name in ("knows", "blind"):
        write(tmp_path / f"{name}.h5", space(traces, name == "knows"))
        files[name, "default"] = tmp_path / f"{name}.h5"
    result = products.latent(Inputs(files), settings)
    found = {name: number.value for name, number in result.metrics.items()}
    assert found["knows/neighbours_alike"] > 0.97
    assert found["knows/neighbours_snr"] > 0.9
    assert found["blind/neighbours_alike"] == pytest.approx(0.5, abs=0.05)
    assert abs(found["blind/neighbours_snr"]) < 0.2
    assert len(result.table["x"]) == 600
    few = of(tmp_path, space(make_traces(60), True), "few")
    with pytest.raises(CascadeError, match=r"holds 60 traces; .* needs more than 90"):
        products.latent(few, LatentSettings())


def test_compression_is_samples_over_latent_numbers(tmp_path, traces):
    files = {}
    for name, quality, width in (("a8", 0.8, 8), ("a40", 1.2, 40), ("skip", 1.3, 0)):
        write(tmp_path / f"{name}.h5", predict(traces, quality, width=width))
        files[name, "default"] = tmp_path / f"{name}.h5"
    groups = {"plain": ["a8", "a40"], "shortcut": ["skip"]}
    settings = CompressionSettings(groups=groups, widths={"skip": 10}, replicas=10)
    result = products.compression(Inputs(files), settings)
    rows = zip(result.table["method"], result.table["compression"], strict=True)
    assert set(rows) == {("a8", 62.5), ("a40", 12.5), ("skip", 50.0)}
    columns = predict(traces, 1.2, width=40)
    for name, function in (
        ("auc", metrics.auc),
        ("tpr_fpr_2e-3_snr_3", metrics.tpr_fpr_2e_3_snr_3),
        ("fluence_resolution", metrics.fluence_resolution),
        ("snr_gain", metrics.snr_gain),
    ):
        found = result.metrics[f"a40/{name}"]
        assert found.value == pytest.approx(float(function(columns)), rel=1e-5)
        assert found.low <= found.value <= found.high
    with pytest.raises(CascadeError, match=r"'skip' hold no column 'latent'; .*\{skip: 32\}"):
        products.compression(Inputs(files), CompressionSettings())
    with pytest.raises(CascadeError, match=r"groups.plain: no predictions of 'a9'"):
        products.compression(Inputs(files), CompressionSettings(groups={"plain": ["a9"]}))


def test_no_number_without_pulses(tmp_path):
    faint = make_traces(200, pulse={"snr": [0.5, 2.5]})
    noise = faint["trace"] - faint["signal"]
    columns = perfect(faint, denoised=noise, predicted_time=faint["peak_time"])
    inputs = of(tmp_path, columns)
    assert products.snr_gain(inputs, SETTINGS).metrics == {}
    assert products.peak_time_error(inputs, SETTINGS).metrics == {}
