"""True positive rates, their intervals and differences against slow computations."""

import numpy as np
import pytest
from scipy.stats import norm

from cascade.errors import CascadeError
from cascade.evaluation import roc as evaluation
from cascade.plotting.product import Inputs
from cascade.plotting.reading import Applied
from cascade.studies.radio.metrics import cut_at
from cascade.studies.radio.products import rates
from cascade.studies.radio.products.binning import bin_of
from cascade.studies.radio.settings.products import DetectionSettings, RocSettings
from products import products_of
from studies.radio.products.predicted import make_traces, predict, truth, write

products = products_of("radio")

METHODS = {"limit": 1.6, "filter": 0.7, "net": 1.2}
EDGES = [1.0, 2.0, 4.0, 20.0]


@pytest.fixture(scope="module")
def columns():
    traces = make_traces(2500)
    return {
        name: truth(traces) | {"score": predict(traces, quality, place)["score"]}
        for place, (name, quality) in enumerate(METHODS.items())
    }


@pytest.fixture(scope="module")
def inputs(tmp_path_factory, columns):
    folder = tmp_path_factory.mktemp("rates")
    for name, values in columns.items():
        write(folder / f"{name}.h5", values)
    return Inputs({(name, "default"): folder / f"{name}.h5" for name in METHODS})


def applied(score, label, snr):
    values = {"score": score, "label": label, "snr": snr}
    return Applied("net", "default", "net", "net", None, values)


def test_a_rate_is_that_of_the_cut():
    noise, pulses = np.arange(1000.0), np.array([0.0, 997.0, 997.5, 998.5, 2000.0])
    found = rates.rate(noise, pulses)  # two of a thousand may pass: those above 997
    assert found.value == 3 / 5
    assert (found.pulses, found.noise) == (5, 1000)
    assert found.low < 2 / 5  # the stricter cut, 998 or 999, and the counting
    assert found.high > 4 / 5
    assert np.isnan(rates.rate(noise, np.empty(0)).value)


def test_intervals_cover_the_true_rate():
    rng = np.random.default_rng(1)
    true = norm.sf(norm.isf(2e-3) - 3)
    inside = 0
    for _ in range(300):
        found = rates.rate(rng.normal(size=5000), rng.normal(3, size=300))
        inside += found.low <= true <= found.high
    assert 0.66 < inside / 300 < 0.88  # of Clopper and Pearson: at least 68 %


def test_replicas_are_cut_like_the_traces_themselves(columns):
    one = applied(**{key: columns["net"][key] for key in ("score", "label", "snr")})
    bins = bin_of(one.columns["snr"], EDGES)
    [[found]] = rates.replicas_of_rates([one], bins, 3, 1, seed=3)
    # the same draws, repeated trace by trace
    label, score = one.columns["label"], one.columns["score"]
    noise, pulse = np.flatnonzero(label == 0), np.flatnonzero((label != 0) & (bins >= 0))
    rng = np.random.default_rng(3)
    noise = noise[rng.integers(len(noise), size=len(noise))]
    pulse = pulse[rng.integers(len(pulse), size=len(pulse))]
    cut = cut_at(score[noise])
    slow = [np.mean(score[pulse[bins[pulse] == place]] > cut) for place in range(3)]
    np.testing.assert_allclose(found, slow)


def test_what_methods_share_cancels_in_a_difference(columns):
    one = applied(**{key: columns["net"][key] for key in ("score", "label", "snr")})
    bins = bin_of(one.columns["snr"], EDGES)
    first, second = rates.replicas_of_rates([one, one], bins, 3, 20, seed=1)
    assert first.std(axis=0).max() > 0.005
    pulses = np.bincount(bins[one.columns["label"] != 0] + 1)[1:]
    np.testing.assert_allclose(rates.paired_errors(first, second, pulses), 1 / pulses)


def test_the_table_holds_rates_and_distances(inputs, columns):
    settings = DetectionSettings(edges=EDGES, replicas=50, method="net", rivals=["filter"])
    result = products.tpr_over_snr(inputs, settings)
    table = {name: np.array(values) for name, values in result.table.items()}
    assert list(table["method"]) == [name for name in METHODS for _ in range(3)]

    def slow(name, low, high):
        own = columns[name]
        cut = cut_at(own["score"][own["label"] == 0])
        chosen = (own["label"] == 1) & (own["snr"] >= low) & (own["snr"] < high)
        return np.mean(own["score"][chosen] > cut)

    values = {name: table["tpr"][table["method"] == name] for name in METHODS}
    for name in METHODS:
        expected = [slow(name, *EDGES[place : place + 2]) for place in range(3)]
        np.testing.assert_allclose(values[name], expected)
        mine = table["method"] == name
        np.testing.assert_allclose(table["below_limit"][mine], values["limit"] - values[name])
        np.testing.assert_allclose(table["behind"][mine], values["net"] - values[name])
    assert (table["behind_error"] > 0).all()
    assert result.metrics["net/tpr_fpr_2e-3_snr_3"].value == slow("net", 3, 99)
    assert result.metrics["net/tpr_fpr_2e-3_snr_3_4"].value == slow("net", 3, 4)
    ahead = result.metrics["net/ahead_snr_2_4"]
    assert ahead.value == pytest.approx(values["net"][1] - values["filter"][1])
    assert ahead.low > 0  # so much better than the filter
    assert "net finds more pulses" in result.caption
    assert "2–4" in result.caption.split("and fewer")[0]
    assert "2 500 traces" in result.caption.replace("\u2009", " ")


def test_without_a_limit_and_alone(inputs):
    alone = Inputs({("net", "default"): inputs.predictions["net", "default"]})
    result = products.tpr_over_snr(alone, DetectionSettings(replicas=10))
    assert np.isnan(result.table["below_limit"]).all()
    assert len(result.figure.axes) == 1
    assert "Black" not in result.caption
    assert not [name for name in result.metrics if "ahead" in name]


def test_other_traces_cannot_be_compared(inputs, tmp_path):
    other = make_traces(2500, seed=2)
    write(tmp_path / "other.h5", truth(other) | {"score": predict(other)["score"]})
    mixed = dict(inputs.predictions) | {("other", "default"): tmp_path / "other.h5"}
    with pytest.raises(CascadeError, match="is of other traces than"):
        products.tpr_over_snr(Inputs(mixed), DetectionSettings())


def test_unknown_names_are_complained_about(inputs):
    with pytest.raises(CascadeError, match=r"method: no predictions of 'nt' .*'net'\?"):
        products.tpr_over_snr(inputs, DetectionSettings(method="nt", replicas=10))
    with pytest.raises(CascadeError, match=r"rivals: no predictions of 'filtr' .*'filter'\?"):
        products.tpr_over_snr(inputs, DetectionSettings(rivals=["filtr"], replicas=10))


def test_noise_is_needed(tmp_path):
    pulses = make_traces(40, pulses=1.0)
    write(tmp_path / "p.h5", truth(pulses) | {"score": pulses["snr"].astype(float)})
    inputs = Inputs({("net", "default"): tmp_path / "p.h5"})
    for product, settings in ((products.tpr_over_snr, DetectionSettings()),
                              (products.roc, RocSettings())):  # fmt: skip
        with pytest.raises(CascadeError, match="without a pulse"):
            product(inputs, settings)


def test_roc_curves_are_of_single_bins(inputs, columns):
    settings = RocSettings(edges=[1.0, 2.0, 4.0], points=20, replicas=10)
    result = products.roc(inputs, settings)
    own = columns["net"]
    chosen = (own["label"] == 0) | ((own["snr"] >= 2) & (own["snr"] <= 4))
    area = evaluation.auc(own["score"][chosen], own["label"][chosen])
    assert result.metrics["net/auc_snr_2_4"].value == pytest.approx(area)
    assert result.metrics["net/auc_snr_2_4"].events == chosen.sum()
    assert len(result.table["method"]) == 3 * 2 * 20
    table = {name: np.array(values) for name, values in result.table.items()}
    rates_ = table["true_positive_rate"]
    assert (table["low"] <= rates_).all()
    assert (rates_ <= table["high"]).all()
    row = (table["method"] == "net") & (table["snr_low"] == 2)
    place = np.flatnonzero(row)[10]
    cut = np.quantile(own["score"][own["label"] == 0], 1 - table["false_positive_rate"][place])
    slow = np.mean(own["score"][chosen & (own["label"] == 1)] > cut)
    assert rates_[place] == pytest.approx(slow, abs=0.01)


def test_a_bin_without_pulses_stays_empty(inputs):
    result = products.roc(inputs, RocSettings(edges=[2.0, 30.0, 40.0], points=10, replicas=10))
    assert "net/auc_snr_30_40" not in result.metrics
    rows = np.array(result.table["snr_low"]) == 30
    assert np.isnan(np.array(result.table["true_positive_rate"])[rows]).all()
